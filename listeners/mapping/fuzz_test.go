package mapping_test

import (
	"strings"
	"testing"

	"earshot/listeners/mapping"
)

// Whatever comes as JSON, a mapping makes mentions or says why not.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{everything, `[]`, `{"results": null}`, `{"results": {"id": "1", "at": "x"}}`, `[[[[`, `{"results":[{"id":1e999}]}`, "\ufeff{}", `{"results":["\ud800"]}`} {
		f.Add([]byte(seed))
	}
	m, problems := mapping.New(mapping.Config{
		Items: "default(results, [doc])", Skip: "ad", ID: "id", Change: "change", Title: `trim(headline) + ": " + kind`, Text: "html(body)",
		URL: "url(slug)", Posted: "unix(at)", Author: mapping.AuthorConfig{Handle: "by.nick", Created: "by.since", Followers: "by.fans"},
		Links: "links(body)", Media: "concat(images(body), map(pics, media(.src, .text)))", To: "filter(names, # startsWith \"@\")",
		Rating: "stars * 2", Place: "join(split(where.city, \",\"), \" \")", Channel: `afterLast(replace(kind, "a", "b"), "/")`,
	}, "forum")
	if problems.Fatal() {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := mapping.Parse(body, mapping.Request{})
		if err != nil {
			return
		}
		items, _, err := m.Read(d)
		if err != nil {
			return
		}
		for _, i := range items {
			if (i.Reason == "") != strings.HasPrefix(i.Mention.ID, "forum:") && i.Reason == "" {
				t.Errorf("neither a reason nor an ID: %+v", i)
			}
		}
	})
}

// Whatever stands in a configuration, it compiles or says where it is wrong, and
// what compiles ends.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`html(body)`, `map(pics, {url: .src})`, `a?.b[0] ?? "x"`, `not a and b`, `reduce(1..9, #acc + #)`, `"\x00" matches "("`, `let x = 1; x`, `{a: 1}`, `#`, `a | trim()`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		for _, kind := range []mapping.Kind{mapping.Text, mapping.List, mapping.Flag} {
			e, problems := mapping.Compile(source, kind)
			for _, p := range problems {
				if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > len(source) {
					t.Errorf("%q: a problem outside: %+v", source, p)
				}
			}
			if e == nil {
				if len(problems) == 0 {
					t.Errorf("%q: neither an expression nor a problem", source)
				}
				continue
			}
			d, err := mapping.Parse([]byte(everything), mapping.Request{})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = e.Text(d) // only that it ends
		}
	})
}
