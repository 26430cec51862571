package poll

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mapping"
)

// page is one answer, made sense of.
type page struct {
	items     []mapping.Item // in the order of the network
	total     int            // with those that were skipped
	unchanged bool           // since the validators
	header    http.Header
	url       *url.URL
	doc       *mapping.Document
}

// session is one Listen: what it has read from files and was asked to wait.
type session struct {
	*source
	secrets []string  // in the order of the configuration, empty for one that is done without
	hold    time.Time // nothing may be asked before
}

func (s *source) session() (*session, error) {
	live := &session{source: s, secrets: make([]string, len(s.plan.Secrets))}
	for i, secret := range s.plan.Secrets {
		if secret.ValueFile == "" {
			continue
		}
		content, err := os.ReadFile(secret.ValueFile)
		value := strings.TrimSpace(string(content))
		if pathError, ok := errors.AsType[*fs.PathError](err); ok {
			err = fmt.Errorf("reading it: %w", pathError.Err)
		} else if err == nil && (value == "" || strings.ContainsAny(value, "\r\n")) {
			err = errors.New("reading it: it is not one line")
		}
		if err != nil {
			return nil, &listeners.Refused{File: secret.ValueFile, Renew: s.renew(), Err: err}
		}
		live.secrets[i] = value
	}
	return live, nil
}

func (s *source) renew() string {
	if s.plan.Renew != "" {
		return s.plan.Renew
	}
	return "put a new one into the file"
}

// request makes the request for an address, secrets included.
func (s *session) request(ctx context.Context, address string, v *values) (*http.Request, error) {
	method, content := http.MethodGet, io.Reader(nil)
	if len(s.plan.body) > 0 {
		method, content = http.MethodPost, strings.NewReader(s.plan.body.body(v))
	}
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, errors.New("making the request: the address is none")
	}
	req.Header.Set("Accept", "application/json")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range s.plan.Headers {
		req.Header.Set(name, value)
	}
	for i, secret := range s.plan.Secrets {
		switch value := s.secrets[i]; {
		case value == "":
		case secret.Header != "":
			req.Header.Set(secret.Header, secret.Prefix+value)
		default:
			if req.URL.RawQuery != "" {
				req.URL.RawQuery += "&"
			}
			req.URL.RawQuery += url.QueryEscape(secret.Param) + "=" + url.QueryEscape(secret.Prefix+value)
		}
	}
	return req, nil
}

// fetch asks for a page, as soon as it may.
func (s *session) fetch(ctx context.Context, address string, v *values, st *state) (*page, error) {
	if err := wait(ctx, s.hold.Sub(s.now())); err != nil {
		return nil, err
	}
	if s.budget != nil {
		if err := s.budget.Spend(ctx, 1); err != nil {
			return nil, err
		}
	}
	req, err := s.request(ctx, address, v)
	if err != nil {
		return nil, err
	}
	conditional := st != nil && req.Method == http.MethodGet && st.Asked == digest(address)
	if conditional {
		setIfAny(req.Header, "If-None-Match", st.ETag)
		setIfAny(req.Header, "If-Modified-Since", st.LastModified)
	}
	client := *s.client
	client.CheckRedirect = s.watch(s.client.CheckRedirect)
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", place(req.URL), withoutAddress(err))
	}
	defer func() { _ = resp.Body.Close() }() // what matters has been read
	return s.receive(ctx, resp, conditional)
}

// watch keeps secrets from hosts that they are not for.
func (s *session) watch(next func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if first := via[0].URL; s.holdsSecrets() && (req.URL.Host != first.Host || req.URL.Scheme != first.Scheme) {
			return fmt.Errorf("%w: a redirect to another host would give the credentials away", listeners.ErrMalformed)
		}
		if next == nil {
			return nil
		}
		return next(req, via)
	}
}

func (s *session) holdsSecrets() bool {
	return slices.ContainsFunc(s.secrets, func(value string) bool { return value != "" })
}

func (s *session) receive(ctx context.Context, resp *http.Response, conditional bool) (*page, error) {
	now := s.now()
	l := readLimit(resp.Header, now)
	s.hold = later(s.hold, l.hold(now))
	listeners.Report(ctx, l.outlook())
	p := &page{header: resp.Header, url: resp.Request.URL}
	if resp.StatusCode == http.StatusNotModified {
		if !conditional {
			return nil, fmt.Errorf("%w: %s says that nothing has changed since we never asked", listeners.ErrMalformed, place(p.url))
		}
		p.unchanged = true
		return p, nil
	}
	if err := listeners.CheckStatus(resp, now); err != nil {
		return nil, s.refusal(resp, err, l)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading what %s sent: %w", place(p.url), err)
	}
	if err := listeners.AwaitTurn(ctx, resp.Body, int64(mapping.Weigh(body))*mapping.ValueBytes); err != nil {
		return nil, err
	}
	if p.doc, err = mapping.Parse(body, mapping.Request{Base: p.url, Header: resp.Header}); err != nil {
		return nil, fmt.Errorf("%w: what %s sent is %w", listeners.ErrMalformed, place(p.url), err)
	}
	if err := s.obey(ctx, p.doc); err != nil {
		return nil, fmt.Errorf("asking %s: %w", place(p.url), err)
	}
	if p.items, p.total, err = s.plan.mapping.Read(p.doc); err != nil {
		return nil, fmt.Errorf("%w: reading what %s sent: %w", listeners.ErrMalformed, place(p.url), err)
	}
	return p, nil
}

// obey does what an answer asks for besides its posts.
func (s *session) obey(ctx context.Context, doc *mapping.Document) error {
	now := s.now()
	if s.plan.backoff != nil {
		if seconds, err := s.plan.backoff.Number(doc); err == nil && seconds > 0 {
			wait := time.Duration(min(seconds, longestHold.Seconds()) * float64(time.Second))
			s.hold = later(s.hold, now.Add(wait))
		}
	}
	if s.plan.left != nil && s.plan.all != nil {
		left, errLeft := s.plan.left.Number(doc)
		of, errOf := s.plan.all.Number(doc)
		if errLeft == nil && errOf == nil {
			listeners.Report(ctx, listeners.Outlook{Left: int64(left), Of: int64(of)})
		}
	}
	if said := s.complaint(doc); said != "" {
		return fmt.Errorf("%w: the network says: %s", listeners.ErrMalformed, said)
	}
	return nil
}

// complaint is what an answer says went wrong, without our secrets.
func (s *session) complaint(doc *mapping.Document) string {
	if s.plan.failure == nil {
		return ""
	}
	said, err := s.plan.failure.Text(doc)
	if err != nil {
		return ""
	}
	return s.presentable(said)
}

// presentable is what others said, fit for a log.
func (s *session) presentable(said string) string {
	const longest = 300
	for _, value := range s.secrets {
		if value != "" {
			said = strings.ReplaceAll(said, value, "…")
		}
	}
	said = strings.Join(strings.Fields(said), " ")
	if len(said) > longest {
		said = strings.ToValidUTF8(said[:longest], "") + "…"
	}
	return said
}

// refusal is the error for a status that is not what was asked for, with what the
// network says of it.
func (s *session) refusal(resp *http.Response, cause error, l limit) error {
	if said := s.reason(resp); said != "" {
		cause = fmt.Errorf("%w: %s", cause, said)
	}
	forbidden := resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden
	now := s.now()
	if wait, stated := listeners.ParseRetryAfter(resp.Header.Get("Retry-After"), now); forbidden && stated {
		return &listeners.RetryAfter{Wait: wait, Err: cause}
	}
	limited := forbidden || resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == ""
	if until := l.hold(now); limited && !until.IsZero() {
		return &listeners.RetryAfter{Wait: until.Sub(now), Err: cause}
	}
	if forbidden && s.holdsSecrets() {
		i := slices.IndexFunc(s.secrets, func(value string) bool { return value != "" })
		return &listeners.Refused{File: s.plan.Secrets[i].ValueFile, Renew: s.renew(), Err: cause}
	}
	return cause
}

// reason is what the body of a refusal says, as far as it is JSON: by answer.failure
// or in the usual places (RFC 9457 and its like).
func (s *session) reason(resp *http.Response) string {
	const most = 64 << 10
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return ""
	}
	doc, err := mapping.Parse(body, mapping.Request{Header: resp.Header})
	if err != nil {
		return ""
	}
	if said := s.complaint(doc); said != "" {
		return said
	}
	usual, problems := mapping.Compile(`default(detail, message, error_message, error_description, error.message, title, error, "")`, mapping.Text)
	if problems != nil {
		return ""
	}
	said, err := usual.Text(doc)
	if err != nil {
		return ""
	}
	return s.presentable(said)
}

func setIfAny(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// digest tells addresses apart in a cursor without holding them.
func digest(address string) string { return earshot.Key(address)[:16] }

// place is an address without its query, which may hold a secret.
func place(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

// withoutAddress drops the address that http.Client puts into its errors, query
// included.
func withoutAddress(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err() // both may be true
	}
}
