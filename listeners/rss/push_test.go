package rss

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
)

// publisher is a feed with its hub, and an inbox that the hub can reach. Its feed
// says that it changes once a day, so that what is heard sooner was pushed.
type publisher struct {
	*testing.T
	server *httptest.Server
	inbox  *listeners.Inbox
	asked  chan url.Values // requests for subscriptions

	mu      sync.Mutex
	posts   []string
	fetches int
	refuse  bool
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{T: t, asked: make(chan url.Values, 10)}
	p.server = httptest.NewUnstartedServer(p)
	p.inbox = listeners.NewInbox("http://"+p.server.Listener.Addr().String(), func(name string) bool { return name == "news" })
	p.server.Start()
	t.Cleanup(p.server.Close)
	return p
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, listeners.InboxPath):
		p.inbox.ServeHTTP(w, r)
	case r.URL.Path == "/hub":
		_ = r.ParseForm()
		p.asked <- r.PostForm
		if p.refuse {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	default:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.fetches++
		w.Header().Set("Cache-Control", "max-age=86400")
		fmt.Fprintf(w, `<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel><title>News</title>
			<a:link rel="hub" href="/hub"/><a:link rel="self" href="%s/topic?x=1&amp;y=2"/>%s</channel></rss>`, p.server.URL, strings.Join(p.posts, ""))
	}
}

func (p *publisher) publish(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posts = append(p.posts, item(text, text))
}

// source is the feed's part, as after a restart of the process.
func (p *publisher) source() *source {
	p.Helper()
	s := sourceAt(p.server.URL + "/feed")
	s.bounds = bounds{least: time.Hour, most: 24 * time.Hour}
	transport := &http.Transport{}
	p.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{Transport: transport}
	s.pushes = newPushes(p.inbox, "news")
	s.pushes.since = time.Time{}
	return s
}

// ear listens in a goroutine until it is closed.
type ear struct {
	*testing.T
	said   chan string
	stop   context.CancelFunc
	ended  chan struct{}
	mu     sync.Mutex
	cursor earshot.Cursor
}

func listen(t *testing.T, s *source, from earshot.Cursor) *ear {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	e := &ear{T: t, said: make(chan string, 100), stop: cancel, ended: make(chan struct{}), cursor: from}
	go func() {
		defer close(e.ended)
		_ = s.Listen(ctx, from, func(_ context.Context, b listeners.Batch) error {
			e.mu.Lock()
			e.cursor = b.Next
			e.mu.Unlock()
			for _, m := range b.Mentions {
				e.said <- m.Title
			}
			return nil
		})
	}()
	t.Cleanup(e.close)
	return e
}

func (e *ear) close() {
	e.stop()
	<-e.ended
}

func (e *ear) hears(want string) {
	e.Helper()
	select {
	case got := <-e.said:
		if got != want {
			e.Fatalf("heard %q, want %q", got, want)
		}
	case <-time.After(2 * time.Minute):
		e.Fatalf("waited in vain for %q", want)
	}
}

func (e *ear) state() *state {
	e.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	st, err := readState(e.cursor)
	if err != nil {
		e.Fatal(err)
	}
	return st
}

// call asks the callback, again while nobody receives yet.
func (p *publisher) call(method, address, signature, body string) (int, string) {
	p.Helper()
	for {
		req, err := http.NewRequestWithContext(p.Context(), method, address, strings.NewReader(body))
		if err != nil {
			p.Fatal(err)
		}
		if signature != "" {
			req.Header.Set("X-Hub-Signature", signature)
		}
		resp, err := p.server.Client().Do(req)
		if err != nil {
			p.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			p.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			return resp.StatusCode, string(answer)
		}
	}
}

// verify asks the subscriber whether it meant it.
func (p *publisher) verify(form url.Values, changes ...string) (int, string) {
	p.Helper()
	query := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {form.Get("hub.topic")}, "hub.challenge": {"c4f3"}, "hub.lease_seconds": {"864000"}}
	for pair := range slices.Chunk(changes, 2) {
		query.Set(pair[0], pair[1])
	}
	return p.call(http.MethodGet, form.Get("hub.callback")+"?"+query.Encode(), "", "")
}

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(mac, body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// A feed that names a hub is subscribed to; what the hub announces is fetched at
// once, by a restarted process too, and polling goes on at leisure.
func TestPush(t *testing.T) {
	t.Parallel()
	p := newPublisher(t)
	p.publish("one")
	e := listen(t, p.source(), nil)
	e.hears("one")
	form := <-p.asked
	callback, secret := form.Get("hub.callback"), form.Get("hub.secret")
	if form.Get("hub.mode") != "subscribe" || form.Get("hub.topic") != p.server.URL+"/topic?x=1&y=2" || len(secret) < 40 || len(secret) >= 200 || strings.Contains(callback, secret) {
		t.Fatalf("asked the hub for %v", form)
	}
	if status, _ := p.verify(form, "hub.topic", "https://elsewhere.example/"); status != http.StatusNotFound {
		t.Errorf("another topic was agreed to: %d", status)
	}
	if status, answer := p.verify(form); status != http.StatusOK || answer != "c4f3" {
		t.Fatalf("verification: %d %q", status, answer)
	}
	if status, _ := p.verify(form); status != http.StatusNotFound {
		t.Errorf("a second verification that nobody asked for: %d", status)
	}
	p.publish("two")
	if status, _ := p.call(http.MethodPost, callback, sign("guess", "<rss/>"), "<rss/>"); status != http.StatusAccepted {
		t.Errorf("a forged push: %d", status)
	}
	if status, _ := p.call(http.MethodPost, callback, "", "<rss/>"); status != http.StatusAccepted {
		t.Errorf("an unsigned push: %d", status)
	}
	if status, _ := p.call(http.MethodPost, callback, sign(secret, "<rss/>"), "<rss/>"); status != http.StatusAccepted {
		t.Errorf("a push: %d", status)
	}
	e.hears("two")
	p.mu.Lock()
	if p.fetches != 2 {
		t.Errorf("the feed was fetched %d times", p.fetches)
	}
	p.mu.Unlock()
	e.close()
	st := e.state()
	if !st.Push.Works || !st.Push.verified(time.Now()) || time.Until(st.Next) < 23*time.Hour {
		t.Errorf("after pushes that work: %+v, next fetch %v", st.Push, st.Next)
	}

	e = listen(t, p.source(), e.cursor)
	p.publish("three")
	if status, _ := p.call(http.MethodPost, callback, sign(secret, "x"), "x"); status != http.StatusAccepted {
		t.Errorf("a push after a restart: %d", status)
	}
	e.hears("three")
	if len(p.asked) > 0 {
		t.Error("the hub was asked again")
	}
	if status, _ := p.call(http.MethodPost, callback+"x", sign(secret, "x"), "x"); status != http.StatusGone {
		t.Errorf("a push to nobody: %d", status)
	}
	if status, answer := p.call(http.MethodGet, callback+"x?hub.mode=unsubscribe&hub.topic=x&hub.challenge=bye", "", ""); status != http.StatusOK || answer != "bye" {
		t.Errorf("an end that nobody minds: %d %q", status, answer)
	}
	if status, _ := p.call(http.MethodDelete, callback, "", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", status)
	}
}

// A push to a feed that may only not have begun to listen is asked for again: told
// that nobody listens, a hub would end the subscription.
func TestPushAtTheBeginning(t *testing.T) {
	t.Parallel()
	p := newPushes(nil, "news")
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		if _, answer := p.read(listeners.Delivery{Method: method, Path: "x"}); answer.Status != http.StatusServiceUnavailable || answer.Retry == 0 {
			t.Errorf("%s: %+v", method, answer)
		}
	}
}

// A hub that refuses is no failure of the feed; one that denies is asked later.
func TestHubRefuses(t *testing.T) {
	t.Parallel()
	p := newPublisher(t)
	p.refuse = true
	p.publish("one")
	e := listen(t, p.source(), nil)
	e.hears("one")
	form := <-p.asked
	if status, _ := p.verify(form, "hub.mode", "denied", "hub.reason", "no"); status != http.StatusNoContent {
		t.Errorf("a denial: %d", status)
	}
	e.close()
	if sub := e.state().Push; sub.verified(time.Now()) || !sub.due().After(time.Now()) {
		t.Errorf("%+v", sub)
	}
}

// Two feeds of one listener share its inbox, one after the other.
func TestTwoFeedsArePushed(t *testing.T) {
	t.Parallel()
	p := newPublisher(t)
	p.publish("one")
	first, second := p.source(), p.source()
	second.pushes = first.pushes
	second.address = &url.URL{Scheme: "http", Host: first.address.Host, Path: "/other"}
	a, b := listen(t, first, nil), listen(t, second, nil)
	a.hears("one")
	b.hears("one")
	forms := []url.Values{<-p.asked, <-p.asked}
	for _, form := range forms {
		if status, _ := p.verify(form); status != http.StatusOK {
			t.Errorf("verification: %d", status)
		}
	}
	a.close() // whoever received, the other takes over
	p.publish("two")
	for _, form := range forms {
		p.call(http.MethodPost, form.Get("hub.callback"), sign(form.Get("hub.secret"), "x"), "x")
	}
	b.hears("two")
}

// Leases are renewed before they end, hubs that do not answer are asked less and
// less, and a fetch that finds what nobody announced ends the trust in pushes.
func TestSubscriptionTimes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, c := range map[string]struct {
		sub  subscription
		want time.Time
	}{
		"never asked":  {subscription{}, time.Time{}},
		"asked once":   {subscription{Asked: now, Tries: 1}, now.Add(time.Hour)},
		"asked twice":  {subscription{Asked: now, Tries: 2}, now.Add(2 * time.Hour)},
		"asked often":  {subscription{Asked: now, Tries: 60}, now.Add(24 * time.Hour)},
		"verified":     {subscription{Asked: now, Until: now.Add(10 * time.Hour), Lease: 10 * time.Hour}, now.Add(8 * time.Hour)},
		"short lease":  {subscription{Asked: now, Until: now.Add(time.Second), Lease: time.Second}, now.Add(time.Minute)},
		"renewal lost": {subscription{Asked: now, Tries: 1, Until: now.Add(time.Hour), Lease: 10 * time.Hour}, now.Add(time.Hour)},
	} {
		if got := c.sub.due(); !got.Equal(c.want) {
			t.Errorf("%s: due at %v, want %v", name, got, c.want)
		}
	}
	sub := &subscription{Works: true}
	if sub.judge(false, false); !sub.Works {
		t.Error("a fetch without news says nothing of pushes")
	}
	if sub.judge(false, true); sub.Works {
		t.Error("news that nobody announced and pushes that work")
	}
	(*subscription)(nil).judge(true, true)
}

// Hubs are announced in headers, which count most, in links and in JSON.
func TestAnnounced(t *testing.T) {
	t.Parallel()
	from, err := url.Parse("https://feeds.example/a/feed")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		links      []string
		doc        announced
		hub, topic string
	}{
		"nothing":     {nil, announced{}, "", ""},
		"self only":   {nil, announced{self: "/x"}, "", ""},
		"no self":     {nil, announced{hub: "/hub"}, "https://feeds.example/hub", from.String()},
		"header":      {[]string{`<https://hub.example/>; rel="hub", <https://feeds.example/b>; rel=self`}, announced{hub: "/no", self: "/no"}, "https://hub.example/", "https://feeds.example/b"},
		"two headers": {[]string{`<s>;rel="x self"`, `<h?a=1,2>; type=x; rel="hub y"`}, announced{}, "https://feeds.example/a/h?a=1,2", "https://feeds.example/a/s"},
		"nonsense":    {[]string{`hub`, `<`, `<>;`, `<x>; rel`}, announced{hub: "javascript:alert(1)"}, "", ""},
	} {
		if hub, topic := c.doc.by(http.Header{"Link": c.links}, from); hub != c.hub || topic != c.topic {
			t.Errorf("%s: hub %q, topic %q", name, hub, topic)
		}
	}
	doc, err := read([]byte(`{"version":"https://jsonfeed.org/version/1.1","feed_url":"https://a.example/","hubs":[{"type":"rssCloud","url":"/r"},{"type":"WebSub","url":"/h"}],"items":[]}`), "")
	if err != nil || doc.push != (announced{"/h", "https://a.example/"}) {
		t.Errorf("%+v, %v", doc, err)
	}
}
