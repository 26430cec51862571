package rss

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what most hubs sign with; a forged push makes us fetch the feed, no more
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"earshot/listeners"
)

const (
	maxPush      = 4 << 20 // bytes of a push: all of it is signed
	maxChallenge = 1 << 10
	longestLease = 30 * 24 * time.Hour

	// beginning is how long after the start a path that nobody knows may be that of
	// a feed that has not begun to listen.
	beginning = 10 * time.Minute
)

// pushes is what hubs deliver to the feeds of one listener. It is safe for
// concurrent use by all of them.
//
// A push is not read as the feed's content but makes its part fetch the feed now:
// so the part's cursor has one writer, a hub can never say what the feed does not,
// and a push that gets lost is made good by the next fetch.
type pushes struct {
	inbox    *listeners.Inbox
	listener string
	since    time.Time
	turn     chan struct{} // held by the feed whose goroutine receives

	mu     sync.Mutex
	byPath map[string]*pushed
}

// pushed is what a feed and its deliveries tell each other.
type pushed struct {
	topic, secret string
	news          chan struct{} // holds one

	// Below: guarded by the mutex of pushes.
	asked   bool          // a subscription was asked for and not yet verified
	lease   time.Duration // for which it was verified, until the feed has noticed
	denied  bool          // the hub does not want to
	arrived bool          // something new was announced
}

func newPushes(inbox *listeners.Inbox, listener string) *pushes {
	return &pushes{inbox: inbox, listener: listener, since: time.Now(), turn: make(chan struct{}, 1), byPath: map[string]*pushed{}}
}

// callback is where hubs deliver what is for a path; empty when nobody outside can
// reach us.
func (p *pushes) callback(path string) string {
	if p == nil || p.inbox == nil {
		return ""
	}
	base := p.inbox.URL(p.listener)
	if base == "" {
		return ""
	}
	return base + "/" + path
}

// serve receives until ctx ends, in turn with the other feeds of the listener.
func (p *pushes) serve(ctx context.Context) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return
	}
	receiver := listeners.Receiver{Listener: p.listener, MaxBody: maxPush, Read: p.read}
	for ctx.Err() == nil {
		// Nothing is emitted that could fail. It ends before ctx does only while a
		// source of an earlier configuration does not stop.
		_ = p.inbox.Receive(ctx, receiver, func(context.Context, listeners.Batch) error { return nil })
		_ = wait(ctx, time.Minute)
	}
}

// enter makes a path known, with what is asked for under it.
func (p *pushes) enter(path, topic, secret string, asked bool) *pushed {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.byPath[path]
	if one == nil {
		one = &pushed{topic: topic, secret: secret, news: make(chan struct{}, 1)}
		p.byPath[path] = one
	}
	one.asked = one.asked || asked
	return one
}

// leave makes a path unknown.
func (p *pushes) leave(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byPath, path)
}

// take returns what has been told since the last call.
func (p *pushes) take(one *pushed) (lease time.Duration, denied, arrived bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lease, denied, arrived = one.lease, one.denied, one.arrived
	one.lease, one.denied, one.arrived = 0, false, false
	return lease, denied, arrived
}

// read answers a hub.
func (p *pushes) read(d listeners.Delivery) (listeners.Batch, listeners.Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.byPath[d.Path]
	if one == nil && time.Since(p.since) < beginning {
		return listeners.Batch{}, listeners.Answer{Status: http.StatusServiceUnavailable, Body: "not listening yet: send it again", Retry: time.Minute}
	}
	switch d.Method {
	case http.MethodGet:
		return listeners.Batch{}, one.verify(d.Query)
	case http.MethodPost:
		return listeners.Batch{}, one.receive(d)
	}
	return listeners.Batch{}, listeners.Answer{Status: http.StatusMethodNotAllowed, Body: "hubs use GET and POST"}
}

// verify agrees to what was asked for and to nothing else (section 5.3); nil is a
// path that nobody knows, or no longer.
func (one *pushed) verify(query url.Values) listeners.Answer {
	mode, topic, challenge := query.Get("hub.mode"), query.Get("hub.topic"), query.Get("hub.challenge")
	no := listeners.Answer{Status: http.StatusNotFound, Body: "nobody asked for that"}
	yes := listeners.Answer{Status: http.StatusOK, Body: challenge}
	switch {
	case mode == "unsubscribe" && one == nil && challenge != "" && len(challenge) <= maxChallenge:
		return yes // whatever it was, nobody listens to it
	case one == nil || topic != one.topic:
		return no
	case mode == "denied":
		one.denied, one.asked = true, false
		one.tell()
		return listeners.Answer{}
	case mode != "subscribe" || !one.asked || challenge == "" || len(challenge) > maxChallenge:
		return no
	}
	seconds, err := strconv.ParseInt(query.Get("hub.lease_seconds"), 10, 64)
	lease := longestLease
	if err == nil && seconds > 0 && seconds < int64(longestLease/time.Second) {
		lease = time.Duration(seconds) * time.Second
	}
	one.lease, one.asked = lease, false
	one.tell()
	return yes
}

// receive notes that there is something new, if the hub can show that it is the
// hub. One that cannot is told nothing (section 7.1).
func (one *pushed) receive(d listeners.Delivery) listeners.Answer {
	if one == nil {
		return listeners.Answer{Status: http.StatusGone, Body: "nobody listens to that any more"}
	}
	if one.signed(d.Header.Get("X-Hub-Signature"), d.Body) {
		one.arrived = true
		one.tell()
	}
	return listeners.Answer{Status: http.StatusAccepted}
}

func (one *pushed) signed(signature string, body []byte) bool {
	methods := map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}
	name, given, _ := strings.Cut(signature, "=")
	method := methods[strings.ToLower(strings.TrimSpace(name))]
	sum, err := hex.DecodeString(strings.TrimSpace(given))
	if method == nil || err != nil {
		return false
	}
	mac := hmac.New(method, []byte(one.secret))
	_, _ = mac.Write(body) // a hash takes everything
	return hmac.Equal(mac.Sum(nil), sum)
}

func (one *pushed) tell() {
	select {
	case one.news <- struct{}{}:
	default: // it will look anyway
	}
}
