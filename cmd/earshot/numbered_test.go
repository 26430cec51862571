package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// numberedFeed hands out numbered posts as RSS. It keeps the last 500 and rolls
// on by step only after a fetch, so that a reader that loses a fetch has a few
// more chances, and one that loses a batch it acknowledged is found out.
type numberedFeed struct {
	server *httptest.Server
	total  int
	step   int
	start  time.Time

	mu    sync.Mutex
	limit int // posts that may be handed out for now
	next  int // posts handed out so far
	calls int
}

const feedKeeps = 500

func newNumberedFeed(t testing.TB, total, step int) *numberedFeed {
	t.Helper()
	f := &numberedFeed{total: total, limit: total, step: step, start: time.Now().UTC().Truncate(time.Second)}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

func (f *numberedFeed) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	f.calls++
	f.next = min(f.next+f.step, f.limit)
	last := f.next
	f.mu.Unlock()

	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>numbered</title>`)
	for i := last; i > max(0, last-feedKeeps); i-- {
		fmt.Fprintf(&b, `<item><guid isPermaLink="true">%[1]s</guid><link>%[1]s</link><title>post %[2]d</title><description>%[3]s</description><pubDate>%[4]s</pubDate></item>`,
			f.link(i), i, f.text(i), f.start.Format(time.RFC1123Z))
	}
	b.WriteString(`</channel></rss>`)
	w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
	fmt.Fprint(w, b.String())
}

func (f *numberedFeed) link(i int) string { return fmt.Sprintf("https://numbers.example/%d", i) }

// text names the brand in every second post and angers its author in every
// tenth.
func (f *numberedFeed) text(i int) string {
	switch {
	case i%10 == 0:
		return fmt.Sprintf("acme post %d makes me furious", i)
	case i%2 == 0:
		return fmt.Sprintf("acme post %d", i)
	}
	return fmt.Sprintf("somebody else's post %d", i)
}

// upTo lets the feed hand out so many posts and no more for now.
func (f *numberedFeed) upTo(limit int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = limit
}

// told is how many posts have been handed out.
func (f *numberedFeed) told() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next
}

// done reports whether the last post has been handed out.
func (f *numberedFeed) done() bool { return f.told() >= f.total }

// wantMentions are the IDs of the posts that name the brand, wantAlerts of those
// that raise an alert.
func (f *numberedFeed) wantMentions() map[string]bool { return f.ids(2) }
func (f *numberedFeed) wantAlerts() map[string]bool   { return f.ids(10) }

func (f *numberedFeed) ids(every int) map[string]bool {
	ids := map[string]bool{}
	for i := every; i <= f.total; i += every {
		ids["rss:"+f.link(i)] = true
	}
	return ids
}
