package rss

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"earshot/listeners"
	"earshot/listeners/sourcetest"
)

// The rss source keeps the promises of every source.
func TestPromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: newNetwork})
}

// paper is a feed that keeps its last five hundred posts, newest first, and an
// ETag that changes with them.
type paper struct {
	mu      sync.Mutex
	posts   []string
	stalled chan struct{} // closed when a request hangs; nil while answers are given
	once    sync.Once
	release chan struct{}
}

func newNetwork(t *testing.T) sourcetest.Network {
	t.Helper()
	p := &paper{release: make(chan struct{})}
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		close(p.release)
		server.Close()
	})
	client := server.Client()
	t.Cleanup(client.CloseIdleConnections)
	return sourcetest.Network{
		Publish: p.publish,
		Open: func() listeners.Source {
			s := sourceAt(server.URL + "/feed.xml")
			s.client, s.bounds = client, bounds{least: 5 * time.Millisecond, most: 20 * time.Millisecond}
			return s
		},
		Stall: p.stall,
	}
}

func (p *paper) publish(texts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posts = append(p.posts, texts...)
}

func (p *paper) stall() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = make(chan struct{})
	return p.stalled
}

func (p *paper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	posts, stalled := p.posts, p.stalled
	p.mu.Unlock()
	if stalled != nil {
		p.once.Do(func() { close(stalled) })
		select {
		case <-r.Context().Done():
		case <-p.release:
		}
		return
	}
	etag := fmt.Sprintf(`"%d"`, len(posts))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write([]byte(rssOf(posts)))
}

// rssOf is a feed of the last five hundred posts.
func rssOf(posts []string) string {
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel><title>Paper</title>`)
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i := len(posts) - 1; i >= max(0, len(posts)-500); i-- {
		fmt.Fprintf(&b, "<item><guid>https://paper.example/%d</guid><description>%s</description><pubDate>%s</pubDate></item>",
			i, posts[i], start.Add(time.Duration(i)*time.Second).Format(time.RFC1123Z))
	}
	b.WriteString("</channel></rss>")
	return b.String()
}
