package poll_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/poll/polltest"
)

func numbered(from, to int) []string {
	var texts []string
	for i := from; i <= to; i++ {
		texts = append(texts, fmt.Sprintf("post %d", i))
	}
	return texts
}

func (b *bench) wantHeard(want ...string) {
	b.Helper()
	if diff := cmp.Diff(want, b.heard()); diff != "" {
		b.Error(diff)
	}
}

// A post becomes a mention with the ID of its network, whoever heard it.
func TestMention(t *testing.T) {
	s := network(t, polltest.Options{})
	posted := time.Now().Add(-time.Minute).Truncate(time.Second).UTC()
	s.Add(polltest.Post{ID: 77, Text: "broken", By: "ana", Created: posted.Unix()})
	b := try(t, section(t, s))
	b.mustListen(1)
	want := []earshot.Mention{{ID: "polled:77", Network: "polled", Text: "broken", Author: earshot.Author{Handle: "ana"}, Posted: posted}}
	if diff := cmp.Diff(want, b.mentions); diff != "" {
		t.Error(diff)
	}
}

// Edits and deletions are heard as changes of the same post, once.
func TestChanges(t *testing.T) {
	s := network(t, polltest.Options{})
	s.Publish("one", "two")
	b := try(t, section(t, s))
	b.mustListen(2)
	s.Change(1, func(p *polltest.Post) { p.Text = "one, corrected" })
	s.Change(2, func(p *polltest.Post) { p.Deleted = true })
	b.mustListen(2)
	b.mustListen(0)
	b.wantHeard("one", "two", "edited polled:1 one, corrected", "deleted polled:2")
}

// On first contact posts older than first are not heard, nor later.
func TestFirstContact(t *testing.T) {
	s := network(t, polltest.Options{})
	for i := range 30 {
		s.Add(polltest.Post{Text: fmt.Sprintf("%d hours ago", 30-i), Created: time.Now().Add(-time.Duration(30-i) * time.Hour).Unix()})
	}
	// This network does not know how to leave out what is older.
	b := try(t, section(t, s, "url: "+s.URL+"/posts?page={page}", "first: 150m"))
	b.mustListen(2)
	s.Publish("now")
	b.mustListen(1)
	b.wantHeard("2 hours ago", "1 hours ago", "now")
}

// A network that lists posts late, out of order or on two pages at once is heard
// in full, each post once and the oldest first.
func TestDisorder(t *testing.T) {
	for _, order := range []bool{false, true} {
		s := network(t, polltest.Options{PerPage: 3, Oldest: order})
		at := func(minutes int) int64 { return time.Now().Add(time.Duration(minutes) * time.Minute).Unix() }
		for i, id := range []int{5, 3, 9} {
			s.Add(polltest.Post{ID: id, Text: fmt.Sprintf("post %d", id), Created: at(i - 20)})
		}
		s.Add(polltest.Post{ID: 3, Text: "post 3", Created: at(-19)}) // again, on another page
		b := try(t, section(t, s))
		b.mustListen(3)
		s.Add(polltest.Post{ID: 4, Text: "listed late", Created: at(-25)})
		b.mustListen(1)
		b.wantHeard("post 5", "post 3", "post 9", "listed late")
	}
}

// A post from the future does not keep those of today from being heard.
func TestFuture(t *testing.T) {
	for _, order := range []bool{false, true} {
		s := network(t, polltest.Options{Oldest: order})
		s.Add(polltest.Post{Text: "from 2036", Created: time.Now().AddDate(10, 0, 0).Unix()})
		b := try(t, section(t, s, "overlap: 0s"))
		b.mustListen(1)
		s.Publish("from now")
		b.mustListen(1)
		b.wantHeard("from 2036", "from now")
	}
}

// However a network leads from page to page, all pages are heard.
func TestPaging(t *testing.T) {
	for name, changes := range map[string][]string{
		"page":   {"paging: {more: more}"},
		"empty":  {"paging: {}"},
		"link":   {"paging: {link: true}", "url: URL/posts?since={since:unix}"},
		"offset": {"paging: {more: more}", "url: URL/posts?page={page}&skip={offset}"},
	} {
		t.Run(name, func(t *testing.T) {
			s := network(t, polltest.Options{PerPage: 3})
			s.Publish(numbered(1, 10)...)
			for i := range changes {
				changes[i] = strings.ReplaceAll(changes[i], "URL", s.URL)
			}
			b := try(t, section(t, s, changes...))
			b.mustListen(10)
			b.wantHeard(numbered(1, 10)...)
		})
	}
}

// Addresses and tokens of the next page come from the answer, as often as there
// are any.
func TestNextFromAnswer(t *testing.T) {
	pages := []string{
		`{"posts": [{"id": 3, "text": "three", "created": %d}], "next": "/posts?cursor=b&key=leaked", "token": "b"}`,
		`{"posts": [{"id": 2, "text": "two", "created": %d}], "next": "?cursor=c", "token": "c"}`,
		`{"posts": [{"id": 1, "text": "one", "created": %d}], "next": null}`,
	}
	for name, changes := range map[string][]string{
		"next":  {"paging: {next: next}", "url: URL/posts"},
		"token": {"paging: {token: token}", "url: URL/posts?cursor={token}"},
		"body":  {"paging: {token: token}", `body: '{"after": {token:json}, "said": "{token}"}'`, "url: URL/posts"},
	} {
		t.Run(name, func(t *testing.T) {
			s := network(t, polltest.Options{})
			for i, page := range pages {
				s.Fail(polltest.Status(http.StatusOK, fmt.Sprintf(page, time.Now().Unix()-int64(i))))
			}
			for i := range changes {
				changes[i] = strings.ReplaceAll(changes[i], "URL", s.URL)
			}
			b := try(t, strings.Replace(section(t, s, changes...), `{header: Authorization, prefix: "Bearer "`, "{param: key", 1))
			b.mustListen(3)
			b.wantHeard("one", "two", "three")
			asked := s.Asked()[:3]
			want := []string{"/posts?key=" + polltest.Token, "/posts?cursor=b&key=" + polltest.Token, "/posts?cursor=c&key=" + polltest.Token}
			if name == "body" {
				want = []string{want[0], want[0], want[0]}
			}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// More than the pages of one go is heard all the same where the network lists the
// oldest first, or can be asked for what came before; elsewhere it is said that
// some may be missing.
func TestMoreThanPages(t *testing.T) {
	publish := func(s *polltest.Server, from, to int) {
		for i := from; i <= to; i++ {
			s.Add(polltest.Post{ID: i, Text: fmt.Sprintf("post %d", i), Created: time.Now().Unix() - 500 + int64(i)})
		}
	}
	for name, tt := range map[string]struct {
		options polltest.Options
		url     string
		gap     bool
	}{
		"oldest first": {polltest.Options{PerPage: 5, Oldest: true}, "/posts?since={since:unix}&page={page}", false},
		"until":        {polltest.Options{PerPage: 5, Pages: 2}, "/posts?since={since:unix}&until={until:unix}&page={page}", false},
		"newest first": {polltest.Options{PerPage: 5}, "/posts?since={since:unix}&page={page}", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := network(t, tt.options)
			publish(s, 1, 1)
			b := try(t, section(t, s, "url: "+s.URL+tt.url, "paging: {more: more, most: 2}"))
			b.mustListen(1)
			publish(s, 2, 60)
			if tt.gap {
				b.mustListen(10)
				b.wantHeard(append(numbered(1, 1), numbered(51, 60)...)...)
			} else {
				b.mustListen(59)
				b.wantHeard(numbered(1, 60)...)
			}
			if said := strings.Contains(b.said(), "more was posted"); said != tt.gap || (b.outlook.Note != "") != tt.gap {
				t.Errorf("it was said %q, %q", b.said(), b.outlook.Note)
			}
		})
	}
}

// A list without pages says when it has moved on by more than it shows.
func TestListThatMovedOn(t *testing.T) {
	s := network(t, polltest.Options{PerPage: 5})
	s.Publish(numbered(1, 5)...)
	b := try(t, section(t, s, "url: "+s.URL+"/posts"))
	b.mustListen(5)
	s.Publish(numbered(6, 8)...)
	b.mustListen(3)
	if b.said() != "" {
		t.Error(b.said())
	}
	s.Publish(numbered(9, 20)...)
	b.mustListen(5)
	if !strings.Contains(b.said(), "more was posted") {
		t.Error("nothing was said")
	}
}

// What has not changed is not sent again, and nothing is lost by that.
func TestUnchanged(t *testing.T) {
	s := network(t, polltest.Options{})
	s.Publish("one")
	b := try(t, section(t, s, "url: "+s.URL+"/posts"))
	var codes []int
	next := b.setup.Client.Transport
	b.setup.Client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil {
			codes = append(codes, resp.StatusCode)
		}
		return resp, err
	})
	b.mustListen(1)
	b.mustListen(0)
	s.Publish("two")
	b.mustListen(1)
	b.wantHeard("one", "two")
	if !slices.Contains(codes, http.StatusNotModified) || codes[0] != http.StatusOK {
		t.Errorf("the network answered %v", codes)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What cannot be a mention is a dead letter, once, and takes no other with it.
func TestDeadLetters(t *testing.T) {
	s := network(t, polltest.Options{})
	page := polltest.Status(http.StatusOK, `{"posts": [{"text": "nameless"}, {"id": 1, "text": "fine"}, {"id": 2, "text": {"a": 1}}]}`)
	s.Fail(page, page)
	b := try(t, section(t, s))
	b.mustListen(1)
	b.mustListen(0)
	b.wantHeard("fine")
	var reasons []string
	for _, d := range b.dead {
		reasons = append(reasons, d.Reason+" "+string(d.Body))
	}
	want := []string{`text: an object is no text {"id":2,"text":{"a":1}}`, `id: it has none {"text":"nameless"}`}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Error(diff)
	}
}

// Thousands of posts come in batches, and a restart in the middle repeats none.
func TestBatches(t *testing.T) {
	s := network(t, polltest.Options{PerPage: 500})
	for i := 1; i <= 1800; i++ {
		s.Add(polltest.Post{ID: i, Text: fmt.Sprintf("post %d", i), Created: time.Now().Unix() - 2000 + int64(i)})
	}
	b := try(t, section(t, s))
	two := 0
	err := b.parts[0].Source.Listen(t.Context(), nil, func(ctx context.Context, batch listeners.Batch) error {
		if two++; two > 2 {
			return errEnough
		}
		return b.save(ctx, batch)
	})
	if err == nil || len(b.mentions) != 1000 {
		t.Fatalf("%v after %d", err, len(b.mentions))
	}
	b.reopen()
	b.mustListen(800)
	b.wantHeard(numbered(1, 1800)...)
}
