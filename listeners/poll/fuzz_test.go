package poll_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"earshot/listeners/poll"
)

// Whatever an address is and whatever it is filled with, what is asked is an
// address at the same host.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"https://a.example/x?t={since}&q={term}", "http://a.example/{page}/{term}", "https://a.example?x={token}#{", "https://a.example/{since:unix}{{", "https://[::1]/?{term}"} {
		f.Add(seed, "te?rm&x=/../#\x00\xff", `{"a": {token:json}}`)
	}
	f.Fuzz(func(t *testing.T, address, term, body string) {
		got, _, problems := poll.Expand(address, body, time.Unix(0, 0), time.Unix(0, 0), term, 1, term, term)
		if len(problems) > 0 {
			return
		}
		base, _, _ := strings.Cut(address, "?")
		base, _, _ = strings.Cut(base, "#")
		u, err := url.Parse(got)
		if err != nil {
			return // what http.NewRequest refuses
		}
		if want, err := url.Parse(strings.NewReplacer("{", "x", "}", "x").Replace(base)); err == nil && want.Host != u.Host {
			t.Errorf("%q with %q asks %q", address, term, u.Host)
		}
	})
}

// Headers of strangers are read without harm.
func FuzzLink(f *testing.F) {
	for _, seed := range []string{`<https://a.example/?page=2>; rel="next"`, `</x>; rel=prev, <y>; title="a, b"; rel="last next"`, `<>;`, `<a>; rel*=next`, strings.Repeat("<;", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if next := poll.LinkNext(value); !strings.Contains(value, "<"+next+">") && next != "" {
			t.Errorf("%q is not in %q", next, value)
		}
	})
}

// A cursor is read back as it was written, or refused.
func FuzzCursor(f *testing.F) {
	f.Add([]byte(`{"v":1,"newest":"2026-11-22T01:02:03Z","after":"7","known":""}`))
	f.Add([]byte(`{"v":1,"known":"AAAAAAAAAAAAAAAA"}`))
	f.Fuzz(func(t *testing.T, cursor []byte) {
		once, err := poll.ReadCursor(cursor)
		if err != nil {
			return
		}
		if twice, err := poll.ReadCursor(once); err != nil || string(once) != string(twice) {
			t.Errorf("%s is read as %s, %v", once, twice, err)
		}
	})
}

// The next page is found among the links of a header.
func TestLinkNext(t *testing.T) {
	for value, want := range map[string]string{
		`<https://a.example/?page=2>; rel="next", <https://a.example/?page=9>; rel="last"`: "https://a.example/?page=2",
		`</p?a=1,2;3>; title="x, <y>; rel=next"; rel="prev next"`:                          "/p?a=1,2;3",
		`<a>; title="x; rel=next"`: "",
		`<a>; rel=next`:            "a", `<a>; REL=Next`: "a", `<a>; rel="last"`: "", "": "",
	} {
		if got := poll.LinkNext(value); got != want {
			t.Errorf("%s leads to %q, want %q", value, got, want)
		}
	}
}
