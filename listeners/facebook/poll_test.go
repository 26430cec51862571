package facebook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/facebook/facebooktest"
)

// heard collects what a source emits.
type heard struct {
	mentions []earshot.Mention
	dead     []earshot.DeadLetter
	cursor   earshot.Cursor
	outlook  listeners.Outlook
}

// round lets a source ask once.
func (h *heard) round(t *testing.T, s *source) error {
	t.Helper()
	ctx := listeners.WithReport(t.Context(), func(o listeners.Outlook) {
		if o.Of != 0 {
			h.outlook.Left, h.outlook.Of = o.Left, o.Of
		}
		if o.Note != "" {
			h.outlook.Note = o.Note
		}
	})
	st, err := readState(h.cursor)
	if err != nil {
		return err
	}
	g, err := s.graph(s.client, s.account)
	if err != nil {
		return err
	}
	return s.round(ctx, g, st, h.emit)
}

func (h *heard) emit(_ context.Context, b listeners.Batch) error {
	h.mentions = append(h.mentions, b.Mentions...)
	h.dead = append(h.dead, b.Dead...)
	h.cursor = b.Next
	return nil
}

func (h *heard) texts() []string {
	var texts []string
	for _, m := range h.mentions {
		texts = append(texts, string(m.Change)+m.Text)
	}
	return texts
}

// Posts, comments however many, and edits are heard once, though pages overlap.
func TestRounds(t *testing.T) {
	server := start(t)
	server.Repeat()
	var want []string
	for n := range 60 {
		server.Publish(fmt.Sprint("post ", n))
		want = append(want, fmt.Sprint("post ", n))
	}
	for n := range 20 {
		server.Comment(7, fmt.Sprint("comment ", n))
		want = append(want, fmt.Sprint("comment ", n))
	}
	s, h := asking(t, server), &heard{}
	if err := h.round(t, s); err != nil {
		t.Fatal(err)
	}
	got := h.texts()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("heard %d of %d: %q", len(got), len(want), got)
	}
	for _, m := range h.mentions {
		if strings.HasPrefix(m.Text, "comment") && m.Conversation != "facebook:"+facebooktest.Page+"_1007" {
			t.Errorf("%q belongs to %q", m.Text, m.Conversation)
		}
	}

	h.mentions = nil
	server.Change(3, func(p *facebooktest.Post) { p.Text = "changed" })
	server.Comment(7, "one more")
	if err := h.round(t, s); err != nil {
		t.Fatal(err)
	}
	got = h.texts()
	slices.Sort(got)
	if !slices.Equal(got, []string{"editedchanged", "one more"}) {
		t.Errorf("heard %q", got)
	}
}

// What Meta refuses is told apart: a token that has ended, a limit, and a failure
// that passes.
func TestFailures(t *testing.T) {
	regain := http.Header{"X-Business-Use-Case-Usage": {`{"1":[{"type":"pages","call_count":100,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":19}]}`}}
	for name, c := range map[string]struct {
		failure facebooktest.Failure
		class   string
		wait    time.Duration
		says    string
	}{
		"token":       {facebooktest.Failure{Status: 400, Body: facebooktest.Error(190, "expired")}, "refused_credential", 0, "page.token"},
		"app limit":   {facebooktest.Failure{Status: 403, Body: facebooktest.Error(4, "limit")}, "rate_limited", 5 * time.Minute, "limit"},
		"user limit":  {facebooktest.Failure{Status: 400, Body: facebooktest.Error(17, "limit")}, "rate_limited", 5 * time.Minute, ""},
		"page limit":  {facebooktest.Failure{Status: 400, Body: facebooktest.Error(32, "limit"), Header: regain}, "rate_limited", 19 * time.Minute, ""},
		"call limit":  {facebooktest.Failure{Status: 400, Body: facebooktest.Error(613, "limit"), Header: http.Header{"Retry-After": {"3600"}}}, "rate_limited", time.Hour, ""},
		"case limit":  {facebooktest.Failure{Status: 400, Body: facebooktest.Error(80001, "limit")}, "rate_limited", 5 * time.Minute, ""},
		"429":         {facebooktest.Failure{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: "slow down"}, "rate_limited", 7 * time.Second, ""},
		"503":         {facebooktest.Failure{Status: 503, Body: "<html>"}, "http_5xx", 0, ""},
		"passing":     {facebooktest.Failure{Status: 500, Body: facebooktest.Error(2, "temporary")}, "other", 0, "temporary"},
		"no JSON":     {facebooktest.Failure{Status: 200, Body: "<html>"}, "malformed", 0, ""},
		"wrong kinds": {facebooktest.Failure{Status: 200, Body: `{"data":{"x":1}}`}, "malformed", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.Publish("post")
			server.Fail(c.failure)
			s, h := asking(t, server), &heard{}
			err := h.round(t, s)
			wait := time.Duration(0)
			if retry, ok := errors.AsType[*listeners.RetryAfter](err); ok {
				wait = retry.Wait
			}
			if err == nil || listeners.Class(err) != c.class || wait != c.wait || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), facebooktest.Token) {
				t.Errorf("%v, class %s, wait %s; want %s, %s and %q", err, listeners.Class(err), wait, c.class, c.wait, c.says)
			}
			if err := h.round(t, s); err != nil || !slices.Equal(h.texts(), []string{"post"}) {
				t.Errorf("afterwards heard %q, %v", h.texts(), err)
			}
		})
	}
}

// A permission that is missing for others' mentions does not cost the page's own.
func TestMissingPermission(t *testing.T) {
	server := start(t)
	server.Publish("post")
	s, h := asking(t, server), &heard{}
	server.Fail(facebooktest.Failure{Status: 200, Body: `{"data":[{"id":"1_2","message":"answered"}]}`}, facebooktest.Failure{Status: 400, Body: facebooktest.Error(10, "needs review")})
	if err := h.round(t, s); err != nil || len(h.mentions) != 1 || !strings.Contains(h.outlook.Note, "needs review") {
		t.Errorf("%v, %+v", err, h)
	}
}

// The less of the limit is left, the less often it asks; what is left is reported.
func TestUsage(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		pause  time.Duration
		left   int64
		of     int64
	}{
		"none":    {http.Header{}, time.Minute, 0, 0},
		"little":  {http.Header{"X-App-Usage": {`{"call_count":28,"total_time":25,"total_cputime":25}`}}, time.Minute, 72, 100},
		"much":    {http.Header{"X-Page-Usage": {`{"call_count":1,"total_time":80,"total_cputime":2}`}}, 4 * time.Minute, 20, 100},
		"nearly":  {http.Header{"X-App-Usage": {`{"call_count":99}`}}, 10 * time.Minute, 1, 100},
		"beyond":  {http.Header{"X-App-Usage": {`{"call_count":250}`}}, 10 * time.Minute, 0, 100},
		"blocked": {http.Header{"X-Business-Use-Case-Usage": {`{"a":[{"estimated_time_to_regain_access":90}]}`}}, 90 * time.Minute, 100, 100},
		"broken":  {http.Header{"X-App-Usage": {`nonsense`}, "X-Business-Use-Case-Usage": {`[]`}}, time.Minute, 0, 0},
		"hostile": {http.Header{"X-App-Usage": {`{"call_count":-1e300,"estimated_time_to_regain_access":1e300}`}}, 24 * time.Hour, 100, 100},
	} {
		server := start(t)
		server.Use(c.header)
		s, h := asking(t, server), &heard{}
		g, err := s.graph(s.client, s.account)
		if err != nil {
			t.Fatal(err)
		}
		ctx := listeners.WithReport(t.Context(), func(o listeners.Outlook) { h.outlook = o })
		var l list
		if err := g.get(ctx, "1/feed", map[string][]string{}, &l); err != nil {
			t.Fatal(err)
		}
		if got := g.usage.pause(time.Minute); got != c.pause || h.outlook.Left != c.left || h.outlook.Of != c.of {
			t.Errorf("%s: waits %s, %d of %d left", name, got, h.outlook.Left, h.outlook.Of)
		}
	}
}

// A backfill goes back to a date, says how far it is, and goes on where it stopped.
func TestBackfill(t *testing.T) {
	server := start(t)
	for n := range 60 {
		server.Publish(fmt.Sprint("post ", n))
	}
	for n := range 60 {
		server.Change(n, func(p *facebooktest.Post) { p.Created = time.Now().Add(time.Duration(n-60) * time.Hour) })
	}
	s, h := asking(t, server), &heard{}
	stop := errors.New("stop")
	since := time.Now().Add(-45*time.Hour - time.Minute)
	if err := s.Backfill(t.Context(), since, nil, func(ctx context.Context, b listeners.Batch) error {
		_ = h.emit(ctx, b)
		return stop
	}); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	h.cursor = nil // the batch was not stored
	h.mentions = nil
	first := true
	err := s.Backfill(t.Context(), since, nil, func(ctx context.Context, b listeners.Batch) error {
		if !first {
			return stop
		}
		first = false
		return h.emit(ctx, b)
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if err := s.Backfill(t.Context(), since, h.cursor, h.emit); err != nil {
		t.Fatal(err)
	}
	if got := h.texts(); len(got) != 45 || slices.Contains(got, "post 14") || !slices.Contains(got, "post 15") || !slices.Contains(got, "post 59") {
		t.Errorf("filled back %d: %q", len(got), got)
	}
	if err := s.Backfill(t.Context(), since, earshot.Cursor("x"), h.emit); err == nil {
		t.Error("a damaged cursor is taken for a place")
	}
}

// A token that is renewed counts at the next attempt; one that ends stops asking.
func TestRevoked(t *testing.T) {
	server := start(t)
	s := asking(t, server)
	server.Revoke()
	err := s.Listen(t.Context(), nil, (&heard{}).emit)
	refused, ok := errors.AsType[*listeners.Refused](err)
	if !ok || refused.File != s.account.TokenFile || len(server.Asked()) != 1 {
		t.Errorf("%v after %d requests", err, len(server.Asked()))
	}
}

// sleep ends with its context at once.
func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := sleep(ctx, time.Hour); err == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
