package rss

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"earshot/listeners"
)

// answer is what a server said to one request. It is open, and may keep others
// from being read, until it is done with.
type answer struct {
	unchanged bool
	body      []byte
	text      bool  // the body is UTF-8 by now
	cut       error // why the body ends early, nil when it does not
	header    http.Header
	final     *url.URL // after redirects
	movedTo   string   // where permanent redirects lead, "" without any
	open      io.Closer
}

// done forgets the body and lets others be read.
func (a *answer) done() {
	a.body = nil
	_ = a.open.Close() // there is nothing left in it that matters
}

// read makes sense of the body, which it turns into UTF-8. An error that wraps
// listeners.ErrMalformed says what came instead of a feed. Items that are known
// to have been heard are left out.
func (a *answer) read(ctx context.Context, known *recent) (*document, error) {
	if !a.text {
		text, err := toUTF8(a.body, a.header.Get("Content-Type"))
		if err != nil {
			return nil, notFeed(err)
		}
		a.body, a.text = bytes.TrimLeft(text, " \t\r\n\x00\ufeff"), true
		if bytes.HasPrefix(a.body, []byte("<")) {
			a.body = shorten(a.body, maxRun)
		}
	}
	if err := listeners.AwaitTurn(ctx, a.open, int64(weigh(a.body))*elementBytes); err != nil {
		return nil, err
	}
	return readText(a.body, known)
}

const accept = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, " +
	"application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.5, */*;q=0.1"

// fetch asks an address. With a state the request is conditional.
func (s *source) fetch(ctx context.Context, address string, st *state) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	req.Header.Set("Accept", accept)
	trail := &trail{state: st, permanent: true}
	trail.condition(req)
	client := *s.client
	client.CheckRedirect = trail.watch(s.client.CheckRedirect)

	resp, err := client.Do(req) //nolint:bodyclose // by done, once what it says is stored
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", plainAddress(req.URL), withoutAddress(err))
	}
	a := &answer{header: resp.Header, final: resp.Request.URL, movedTo: trail.movedTo, open: resp.Body}
	if err := a.receive(ctx, resp, trail.conditional); err != nil {
		a.done()
		return nil, err
	}
	return a, nil
}

// receive reads the answer to its end, if it is one.
func (a *answer) receive(ctx context.Context, resp *http.Response, conditional bool) error {
	if err := listeners.CheckStatus(resp, time.Now()); err != nil {
		return err
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
	case http.StatusNotModified:
		if !conditional {
			return fmt.Errorf("%w: %s says that nothing has changed since we never asked", listeners.ErrMalformed, plainAddress(a.final))
		}
		a.unchanged = true
		return nil
	default:
		return fmt.Errorf("%w: %s answered %s instead of a feed", listeners.ErrMalformed, plainAddress(a.final), resp.Status)
	}
	body, err := readAll(resp.Body)
	if err != nil {
		err = fmt.Errorf("reading what %s sent: %w", plainAddress(a.final), err)
		if ctx.Err() != nil || len(body) == 0 {
			return err
		}
	}
	a.body, a.cut = body, err
	return nil
}

// readAll is io.ReadAll for what may be large: it leaves little behind while it
// grows, and grows only when there is more to come, so that an answer of the
// largest size takes no more than that.
func readAll(r io.Reader) ([]byte, error) {
	const first, growth, probe = 64 << 10, 4, 512
	all := make([]byte, 0, first)
	var more [probe]byte
	for {
		room := all[len(all):cap(all)]
		if len(room) == 0 {
			room = more[:]
		}
		n, err := r.Read(room)
		if n > 0 && len(all) == cap(all) {
			all = slices.Grow(all, (growth-1)*len(all))
		}
		all = append(all, room[:n]...) // onto itself, but for the probe
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

// trail follows the redirects of one request.
type trail struct {
	state       *state
	conditional bool   // the last request was
	permanent   bool   // all redirects so far were
	movedTo     string // where the permanent ones at the beginning lead
}

// condition makes a request conditional if the validators are of what it asks
// for, and unconditional if not: another resource may have the same ETag.
func (t *trail) condition(req *http.Request) {
	req.Header.Del("If-None-Match")
	req.Header.Del("If-Modified-Since")
	t.conditional = false
	if t.state == nil || t.state.Final != req.URL.String() {
		return
	}
	if t.state.ETag != "" {
		req.Header.Set("If-None-Match", t.state.ETag)
		t.conditional = true
	}
	if t.state.LastModified != "" {
		req.Header.Set("If-Modified-Since", t.state.LastModified)
		t.conditional = true
	}
}

func (t *trail) watch(next func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		switch req.Response.StatusCode {
		case http.StatusMovedPermanently, http.StatusPermanentRedirect:
		default:
			t.permanent = false
		}
		if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
			t.permanent = false // follow it once, but never make a habit of it
		}
		if t.permanent {
			t.movedTo = req.URL.String()
		}
		t.condition(req)
		if next == nil {
			return nil
		}
		return next(req, via)
	}
}

// convinced is after how many fetches in a row a permanent redirect is believed:
// one may be a mistake or the login page of a network that is not ours.
const convinced = 3

// follow remembers where a feed has moved for good.
func (st *state) follow(a *answer) {
	switch {
	case a.movedTo == "":
		st.MovedTo, st.MovedTimes = "", 0
		return
	case a.movedTo != st.MovedTo:
		st.MovedTo, st.MovedTimes = a.movedTo, 0
	}
	if st.MovedTimes++; st.MovedTimes >= convinced {
		st.URL, st.MovedTo, st.MovedTimes = a.movedTo, "", 0
	}
}

// validate keeps what the next request is conditional on.
func (st *state) validate(a *answer) {
	const longest = 1024
	st.invalidate()
	etag, modified := a.header.Get("ETag"), a.header.Get("Last-Modified")
	if len(etag) <= longest && len(modified) <= longest {
		st.Final, st.ETag, st.LastModified = a.final.String(), etag, modified
	}
}

// plainAddress is an address without its query, which may hold a secret.
func plainAddress(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

// withoutAddress drops the address that http.Client puts into its errors, query
// included.
func withoutAddress(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
