package rss

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"earshot/listeners"
)

// The second request is conditional, and what has not changed is not heard twice.
func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	s := newSession(t, map[string]page{feedURL: {
		header: map[string]string{"ETag": `W/"1"`, "Last-Modified": "Tue, 17 Nov 2026 09:30:00 GMT"},
		body:   channel(item("1", "one")),
	}})
	s.hears("new one")
	s.hears()
	last := s.web.requests[1]
	if got := last.Header.Get("If-None-Match"); got != `W/"1"` {
		t.Errorf("If-None-Match is %q", got)
	}
	if got := last.Header.Get("If-Modified-Since"); got != "Tue, 17 Nov 2026 09:30:00 GMT" {
		t.Errorf("If-Modified-Since is %q", got)
	}
	s.web.pages[feedURL] = page{header: map[string]string{"ETag": `"2"`}, body: channel(item("2", "two"), item("1", "one"))}
	s.hears("new two")
}

// Validators are of the batch they came with: when Emit fails, the old ones stay.
func TestValidatorsCommitWithTheirItems(t *testing.T) {
	t.Parallel()
	s := newSession(t, map[string]page{feedURL: {header: map[string]string{"ETag": `"1"`}, body: channel(item("1", "one"))}})
	s.refuse = errors.New("the bus is away")
	_ = s.fails("the bus is away")
	s.refuse = nil
	s.hears("new one")
	if got := s.web.requests[1].Header.Get("If-None-Match"); got != "" {
		t.Errorf("the second request named %s, whose items were never heard", got)
	}
}

// Validators are not shown to another resource than the one they are of.
func TestValidatorsBelongToOneAddress(t *testing.T) {
	t.Parallel()
	const there = "https://other.example/feed"
	s := newSession(t, map[string]page{
		feedURL: {status: http.StatusFound, header: map[string]string{"Location": there}},
		there:   {header: map[string]string{"ETag": `"1"`}, body: channel(item("1", "one"))},
	})
	s.hears("new one")
	s.web.pages[feedURL] = page{header: map[string]string{"ETag": `"1"`}, body: channel(item("2", "two"))}
	s.hears("new two")
}

// Behind a redirect a request is conditional, too.
func TestConditionalBehindARedirect(t *testing.T) {
	t.Parallel()
	const there = "https://other.example/feed"
	s := newSession(t, map[string]page{
		feedURL: {status: http.StatusFound, header: map[string]string{"Location": there}},
		there:   {header: map[string]string{"ETag": `"1"`}, body: channel(item("1", "one"))},
	})
	s.hears("new one")
	s.hears()
	if hop, last := s.web.requests[2], s.web.requests[3]; hop.Header.Get("If-None-Match") != "" || last.Header.Get("If-None-Match") != `"1"` {
		t.Errorf("the headers are %v, then %v", hop.Header, last.Header)
	}
}

// A permanent redirect is remembered once it has been seen three times in a row,
// and forgotten when the feed is not there any more.
func TestPermanentRedirects(t *testing.T) {
	t.Parallel()
	for _, code := range []int{http.StatusMovedPermanently, http.StatusPermanentRedirect} {
		const there = "https://moved.example/feed"
		s := newSession(t, map[string]page{
			feedURL: {status: code, header: map[string]string{"Location": there}},
			there:   {body: channel(item("1", "one"))},
		})
		s.hears("new one")
		s.hears()
		s.hears()
		s.web.asked()
		s.hears()
		if got := s.web.asked(); !slices.Equal(got, []string{there}) {
			t.Errorf("%d: the fourth time it asked %q", code, got)
		}
		delete(s.web.pages, there)
		s.web.pages[feedURL] = page{body: channel(item("2", "two"))}
		_ = s.fails("going back to the configured address")
		s.hears("new two")
	}
}

// Temporary redirects, and those that give up encryption, are followed and not remembered.
func TestRedirectsThatAreNotRemembered(t *testing.T) {
	t.Parallel()
	for name, hop := range map[string]page{
		"temporary": {status: http.StatusFound, header: map[string]string{"Location": "https://there.example/feed"}},
		"downgrade": {status: http.StatusMovedPermanently, header: map[string]string{"Location": "http://there.example/feed"}},
	} {
		s := newSession(t, map[string]page{feedURL: hop, hop.header["Location"]: {body: channel(item("1", "one"))}})
		s.hears("new one")
		for range 4 {
			s.hears()
		}
		if st := s.state(); st.URL != "" {
			t.Errorf("%s: it remembers %s", name, st.URL)
		}
	}
}

// 410 ends the part, unless only a remembered address is gone.
func TestGone(t *testing.T) {
	t.Parallel()
	s := newSession(t, map[string]page{feedURL: {status: http.StatusGone}})
	if err := s.fails("gone"); !errors.Is(err, listeners.ErrGone) {
		t.Errorf("%v does not wrap ErrGone", err)
	}
	s.cursor = []byte(`{"v":1,"url":"https://moved.example/feed"}`)
	s.web.pages["https://moved.example/feed"] = page{status: http.StatusGone}
	if err := s.fails("going back"); errors.Is(err, listeners.ErrGone) {
		t.Errorf("%v ends the part, though the configured address was not asked", err)
	}
}

// Retry-After reaches the runner in both forms.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	inAnHour := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		status     int
		after      string
		least, top time.Duration
	}{
		{http.StatusTooManyRequests, "120", 2 * time.Minute, 2 * time.Minute},
		{http.StatusServiceUnavailable, inAnHour, 58 * time.Minute, time.Hour},
	} {
		s := newSession(t, map[string]page{feedURL: {status: c.status, header: map[string]string{"Retry-After": c.after}}})
		var retry *listeners.RetryAfter
		if err := s.fails("answered"); !errors.As(err, &retry) || retry.Wait < c.least || retry.Wait > c.top {
			t.Errorf("%d %s: %v", c.status, c.after, err)
		}
	}
}

// What is not a feed is an error that says what it is instead.
func TestWhatIsNotAFeed(t *testing.T) {
	t.Parallel()
	for body, because := range map[string]string{
		"":                         "an empty answer",
		"Service is starting":      "neither XML nor JSON",
		`{"error":"no such feed"}`: "not a JSON Feed",
		`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>`: "its root element is <urlset>",
		`<Rss></Rss>`:                                  "no channel",
		`<?xml version="1.0"?><!-- nothing -->`:        "no element in it",
		`<html><head><title>502</title></head></html>`: "no feed was found from it",
	} {
		s := newSession(t, map[string]page{feedURL: {body: body}})
		if err := s.fails(because); !errors.Is(err, listeners.ErrMalformed) {
			t.Errorf("%q: %v does not wrap ErrMalformed", body, err)
		}
	}
}

// A feed without items is fine.
func TestEmptyFeeds(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		channel(), `<feed xmlns="http://www.w3.org/2005/Atom"/>`, `{"version":"https://jsonfeed.org/version/1","items":[]}`,
	} {
		newSession(t, map[string]page{feedURL: {body: body}}).hears()
	}
}

// A page that has been a feed is an error page, not a place to look for feeds.
func TestErrorPageAfterAFeed(t *testing.T) {
	t.Parallel()
	s := newSession(t, map[string]page{feedURL: {body: channel(item("1", "one"))}})
	s.hears("new one")
	s.web.asked()
	s.web.pages[feedURL] = page{body: "<!doctype html><html><body>Back soon</body></html>"}
	_ = s.fails("it is a web page")
	if got := s.web.asked(); len(got) != 1 {
		t.Errorf("it went looking for feeds: %q", got)
	}
}

// The feed of a web page is found and remembered; the page is asked again when
// it is not there any more.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	const named, usual = "https://feeds.example/blog/atom", "https://feeds.example/feed.xml"
	s := newSession(t, map[string]page{
		feedURL: {body: `<!DOCTYPE html><head><base href="/blog/"><link rel="stylesheet" href="a.css">
			<link rel="alternate" hreflang="de" href="/de"><link rel=alternate type="application/rss+xml" href="gone.xml">
			<LINK REL="alternate" TYPE="application/atom+xml; charset=utf-8" HREF="atom"></head>`},
		named: {body: `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:x:1</id><title>one</title></entry></feed>`},
	})
	s.hears("new one")
	s.web.asked()
	s.hears()
	if got := s.web.asked(); !slices.Equal(got, []string{named}) {
		t.Errorf("the second time it asked %q", got)
	}
	delete(s.web.pages, named)
	s.web.pages[usual] = page{body: channel(item("2", "two"))}
	_ = s.fails("going back to the configured address")
	s.hears("new two")
}

// What came of a feed whose connection broke is heard; its validators are not
// kept, so that the rest is heard next time.
func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	whole := channel(item("2", "two"), item("1", "one"))
	before, _, _ := strings.Cut(whole, "one")
	s := newSession(t, map[string]page{feedURL: {header: map[string]string{"ETag": `"1"`}, body: before, cut: io.ErrUnexpectedEOF}})
	said, err := s.round()
	if !errors.Is(err, io.ErrUnexpectedEOF) || !slices.Equal(said, []string{"new two"}) {
		t.Fatalf("heard %q, ended with %v", said, err)
	}
	if flags := s.last.Mentions[0].Flags; !slices.Contains(flags, flagTruncated) {
		t.Errorf("its flags are %q", flags)
	}
	s.web.pages[feedURL] = page{header: map[string]string{"ETag": `"1"`}, body: whole}
	s.hears("new one")
}

// An address never shows its query in an error: it may be a password.
func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	s := newSession(t, nil)
	s.source = sourceAt("https://feeds.example/private?token=hunter2")
	s.source.client = &http.Client{Transport: broken{}}
	if err := s.fails("fetching https://feeds.example/private"); strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error tells the secret: %v", err)
	}
}

type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe }
