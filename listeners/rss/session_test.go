package rss

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"earshot"
	"earshot/listeners"
)

// web answers requests by address, without a network.
type web struct {
	pages    map[string]page
	requests []*http.Request
}

type page struct {
	status int // 0 means 200
	header map[string]string
	body   string
	cut    error // what reading the body ends with
}

// RoundTrip answers with the page at the address, conditionally if it has an ETag.
func (w *web) RoundTrip(req *http.Request) (*http.Response, error) {
	w.requests = append(w.requests, req)
	p, found := w.pages[req.URL.String()]
	if !found {
		p = page{status: http.StatusNotFound, body: "nothing here"}
	}
	if p.status == 0 {
		p.status = http.StatusOK
	}
	if tag := p.header["ETag"]; tag != "" && req.Header.Get("If-None-Match") == tag {
		p.status, p.body = http.StatusNotModified, ""
	}
	header := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(p.header)) {
		header.Set(name, p.header[name])
	}
	var body io.Reader = strings.NewReader(p.body)
	if p.cut != nil {
		body = io.MultiReader(body, failing{p.cut})
	}
	return &http.Response{
		StatusCode: p.status, Status: http.StatusText(p.status), Header: header, Request: req,
		Body: io.NopCloser(body), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (w *web) asked() []string {
	var all []string
	for _, r := range w.requests {
		all = append(all, r.URL.String())
	}
	w.requests = nil
	return all
}

const feedURL = "https://feeds.example/news.xml"

// session fetches one feed, keeping nothing but the cursor between two rounds.
type session struct {
	*testing.T
	web    *web
	source *source
	cursor earshot.Cursor
	last   listeners.Batch
	refuse error  // what Emit fails with
	live   *state // of a Listen that goes on; nil when every round is a restart
}

func newSession(t *testing.T, pages map[string]page) *session {
	t.Helper()
	s := &session{T: t, web: &web{pages: pages}, source: sourceAt(feedURL)}
	s.source.client = &http.Client{Transport: s.web}
	return s
}

func (s *session) state() *state {
	s.Helper()
	if s.live != nil {
		return s.live
	}
	st, err := readState(s.cursor)
	if err != nil {
		s.Fatal(err)
	}
	return st
}

// round fetches once and returns what was heard, as "change title-or-text".
func (s *session) round() ([]string, error) {
	s.Helper()
	var said []string
	s.last = listeners.Batch{}
	err := s.source.round(context.Background(), s.state(), func(_ context.Context, b listeners.Batch) error {
		if s.refuse != nil {
			return s.refuse
		}
		for _, m := range b.Mentions {
			said = append(said, string(m.Change)+" "+m.Title+m.Text)
		}
		s.cursor, s.last = b.Next, b
		return nil
	})
	return said, err
}

// hears fetches once and checks what was heard.
func (s *session) hears(want ...string) {
	s.Helper()
	got, err := s.round()
	if err != nil {
		s.Fatalf("the fetch failed: %v", err)
	}
	if !slices.Equal(got, want) {
		s.Errorf("heard %q, want %q", got, want)
	}
}

// fails fetches once and checks that nothing was heard and why.
func (s *session) fails(because string) error {
	s.Helper()
	said, err := s.round()
	if err == nil || !strings.Contains(err.Error(), because) {
		s.Fatalf("the fetch ended with %v, want an error with %q", err, because)
	}
	if len(said) > 0 {
		s.Errorf("heard %q from a fetch that failed", said)
	}
	return err
}

// item is an RSS item of a few words.
func item(guid, title string) string {
	return "<item><guid>urn:x:" + guid + "</guid><title>" + title + "</title></item>"
}

func channel(items ...string) string {
	return `<rss version="2.0"><channel><title>News</title>` + strings.Join(items, "") + "</channel></rss>"
}

// interruptedRound fetches once; the process dies after the first batch.
func (s *session) interruptedRound() []earshot.Mention {
	s.Helper()
	var heard []earshot.Mention
	died := errors.New("killed")
	batches := 0
	err := s.source.round(context.Background(), s.state(), func(_ context.Context, b listeners.Batch) error {
		if batches++; batches > 1 {
			return died
		}
		s.cursor, heard = b.Next, b.Mentions
		return nil
	})
	if err != nil && !errors.Is(err, died) {
		s.Fatal(err)
	}
	return heard
}
