package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/sourcetest"
	"earshot/listeners/webhook"
	"earshot/listeners/webhook/webhooktest"
)

func open(t *testing.T, inbox *listeners.Inbox, section string) listeners.Source {
	t.Helper()
	parts, err := webhook.Driver().Open(listeners.Setup{Name: "hook", Inbox: inbox, Log: zap.NewNop(), Decode: decoder(section)})
	if err != nil {
		t.Fatal(err)
	}
	return parts[0].Source
}

func decoder(section string) func(any) error {
	return func(into any) error {
		section := strings.TrimPrefix(section, "type: webhook\n")
		return yaml.UnmarshalWithOptions([]byte(section), into, yaml.Strict())
	}
}

func sectionOf(t *testing.T, kind string) string {
	t.Helper()
	s := webhooktest.New(kind)
	defer s.Close()
	section, err := s.Config(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return section
}

// The webhook source keeps the promises of every source, with a sender that sends
// again until it is told that a delivery is accepted.
func TestPromises(t *testing.T) {
	for _, kind := range []string{"standard", "token"} { // known deliveries, and none that are
		t.Run(kind, func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
				inbox := listeners.NewInbox("", func(string) bool { return true })
				server := httptest.NewServer(inbox)
				t.Cleanup(server.Close)
				sender := webhooktest.New(kind)
				t.Cleanup(sender.Close)
				section, err := sender.Config(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				sender.To(server.URL + listeners.InboxPath + "hook")
				return sourcetest.Network{Publish: sender.Publish, Open: func() listeners.Source { return open(t, inbox, section) }}
			}})
		})
	}
}

// bench is a source that listens, and what came of it.
type bench struct {
	*testing.T
	inbox   *listeners.Inbox
	section string
	kind    string
	sent    int

	mu       sync.Mutex
	cursor   earshot.Cursor
	mentions []earshot.Mention
	dead     []string
	fail     error
	stop     func()
}

func newBench(t *testing.T, kind string) *bench {
	t.Helper()
	b := &bench{T: t, inbox: listeners.NewInbox("", func(string) bool { return true }), section: sectionOf(t, kind), kind: kind}
	b.start()
	t.Cleanup(func() { b.stop() })
	return b
}

// start listens from the last durable cursor, as after a restart.
func (b *bench) start() {
	ctx, cancel := context.WithCancel(context.Background())
	source := open(b.T, b.inbox, b.section)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = source.Listen(ctx, b.cursor, b.save)
	}()
	b.stop = func() { cancel(); <-ended }
}

func (b *bench) save(_ context.Context, batch listeners.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.cursor = batch.Next
	b.mentions = append(b.mentions, batch.Mentions...)
	for _, d := range batch.Dead {
		b.dead = append(b.dead, d.Reason+" "+string(d.Body))
	}
	return nil
}

// request is a signed delivery.
func (b *bench) request(body string) *http.Request {
	b.sent++
	req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, listeners.InboxPath+"hook/comments?board=toys", strings.NewReader(body))
	webhooktest.Sign(req.Header, b.kind, "msg_"+time.Now().Format(time.RFC3339Nano), time.Now(), []byte(body))
	return req
}

// send delivers a request and returns the answer. While nobody receives yet it
// sends again, as senders do.
func (b *bench) send(req *http.Request) (int, string) {
	b.Helper()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		b.Fatal(err)
	}
	for {
		again := req.Clone(b.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		w := httptest.NewRecorder()
		b.inbox.ServeHTTP(w, again)
		if w.Code != http.StatusServiceUnavailable || b.fail != nil {
			return w.Code, strings.TrimSpace(w.Body.String())
		}
	}
}

func (b *bench) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, m := range b.mentions {
		all = append(all, strings.TrimSpace(string(m.Change)+" "+m.ID+" "+m.Text))
	}
	return all
}

// What is accepted says so; what is not, why; and neither takes the other with it.
func TestAnswers(t *testing.T) {
	const key = "\n" // the rest of the section
	b := newBench(t, "token")
	b.stop()
	b.section = strings.Replace(b.section, "mapping: {", `mapping: {items: 'posts', skip: 'request.header["x-event"] == "ping"', channel: request.query.board, place: request.path, `, 1)
	b.section += "max_body: 100000" + key
	b.start()
	for _, tt := range []struct {
		body   string
		change func(*http.Request)
		code   int
		says   string
	}{
		{body: `{"posts": {"id": 1, "text": "one"}}`, code: 200, says: `{"accepted":1}`},
		{body: `{"posts": [{"id": 1, "text": "one"}, {"id": 2, "text": "two"}, {"text": "no id"}]}`, code: 200, says: `{"accepted":1,"known":1,"refused":[{"reason":"id: it has none"}]}`},
		{body: `{"posts": [{"id": 2, "text": "two, edited"}]}`, code: 200, says: `{"accepted":1}`},
		{body: `{"posts": [{"id": 3, "text": "a"}, {"id": 3, "text": "b"}]}`, code: 200, says: `{"accepted":2}`},
		{body: `{"posts": [{"id": 3, "text": "b"}]}`, code: 200, says: `{"accepted":0,"known":1}`},
		{body: `{"posts": []}`, code: 200, says: `{"accepted":0}`},
		{body: `{"posts": [{"id": 9}]}`, change: func(r *http.Request) { r.Header.Set("X-Event", "ping") }, code: 200, says: `{"accepted":0,"skipped":1}`},
		{body: `{"posts": [{"text": "no id"}]}`, code: 422, says: "id: it has none"},
		{body: `{"zen": "hello"}`, code: 422, says: "nothing where the mapping looks"},
		{body: `{"posts": [`, code: 422, says: "ends in the middle"},
		{body: ``, code: 422, says: "nothing came"},
		{body: `payload=%7B%7D`, code: 422, says: "have the sender use application/json"},
		{body: `{"posts": [` + strings.Repeat(`{"id":1},`, 600) + `{"id":1}]}`, code: 413, says: "601 items, more than 500"},
		{body: strings.Repeat(" ", 100_001), code: 413, says: "larger than 100000 bytes"},
		{change: func(r *http.Request) { r.Method = http.MethodGet }, code: 405, says: "POST"},
		{change: func(r *http.Request) { r.Header.Del("Authorization") }, code: 401, says: "token"},
		{change: func(r *http.Request) { r.Header.Set("Authorization", "Basic "+webhooktest.Secret) }, code: 401, says: "token"},
		{change: func(r *http.Request) { r.Header.Set("Authorization", "Bearer x"+webhooktest.Secret) }, code: 401, says: "token"},
		{body: `{"posts": {"id": 4, "text": "four"}}`, change: func(r *http.Request) { r.Header.Set("Authorization", "bearer  "+webhooktest.Secret) }, code: 200, says: `{"accepted":1}`},
	} {
		req := b.request(tt.body)
		if tt.change != nil {
			tt.change(req)
		}
		if code, says := b.send(req); code != tt.code || !strings.Contains(says, tt.says) {
			t.Errorf("%.60q is answered %d %s, want %d %s", tt.body, code, says, tt.code, tt.says)
		}
	}
	want := []string{"hooked:1 one", "hooked:2 two", "edited hooked:2 two, edited", "hooked:3 a", "edited hooked:3 b", "hooked:4 four"}
	if diff := cmp.Diff(want, b.heard()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`id: it has none {"text":"no id"}`}, b.dead); diff != "" {
		t.Error(diff)
	}
	if m := b.mentions[0]; m.Channel != "toys" || m.Place != "comments" {
		t.Errorf("channel %q, place %q", m.Channel, m.Place)
	}
}

// A signature must be there, of this body, by our secret and of our time.
func TestSignatures(t *testing.T) {
	body := `{"id": 1, "text": "one"}`
	sign := func(kind string, at time.Time) func(*http.Request) {
		return func(r *http.Request) { webhooktest.Sign(r.Header, kind, "msg_1", at, []byte(body)) }
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, tt := range map[string]struct {
		kind   string
		change func(*http.Request)
		says   string
	}{
		"unsigned":            {"standard", func(r *http.Request) { clear(r.Header) }, "there is no header webhook-id"},
		"without a signature": {"standard", func(r *http.Request) { r.Header.Del("Webhook-Signature") }, "there is no header webhook-signature"},
		"another body":        {"standard", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(body + " ")) }, "not of this body"},
		"another id":          {"standard", set("Webhook-Id", "msg_2"), "not of this body"},
		"old":                 {"standard", sign("standard", time.Now().Add(-6*time.Minute)), "the timestamp is more than 5m0s away from our clock"},
		"from the future":     {"standard", sign("standard", time.Now().Add(6*time.Minute)), "the timestamp is more than 5m0s away"},
		"another time":        {"standard", set("Webhook-Timestamp", "1"), "the timestamp is more than"},
		"no time":             {"standard", set("Webhook-Timestamp", "now"), "not in seconds"},
		"another version":     {"standard", set("Webhook-Signature", "v2,abc v1"), "not of this body"},
		"hub unsigned":        {"github", func(r *http.Request) { clear(r.Header) }, "there is no header X-Hub-Signature-256"},
		"hub another body":    {"github", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(body + " ")) }, "not of this body"},
		"hub not hex":         {"github", set("X-Hub-Signature-256", "sha256=zz"), "not of this body"},
		"hub cut":             {"github", set("X-Hub-Signature-256", "sha256=ab"), "not of this body"},
		"hub sha1":            {"github", set("X-Hub-Signature-256", "sha1=abcd"), "not of this body"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, tt.kind)
			req := b.request(body)
			tt.change(req)
			code, says := b.send(req)
			if code != http.StatusUnauthorized || !strings.Contains(says, tt.says) || strings.Contains(says, "whsec") {
				t.Errorf("answered %d %s", code, says)
			}
			if len(b.heard()) > 0 {
				t.Error("it was heard")
			}
			if code, says := b.send(b.request(body)); code != http.StatusOK {
				t.Errorf("a good one is answered %d %s", code, says)
			}
		})
	}
}

// The documented examples of the two kinds of signatures are accepted.
func TestDocumentedSignatures(t *testing.T) {
	for name, tt := range map[string]struct{ kind, secret, header, signature, body string }{
		// docs.github.com, Validating webhook deliveries, Testing the webhook payload validation
		"github": {"github", "It's a Secret to Everybody", "X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "Hello, World!"},
		// the same, as shops that sign like Shopify write it
		"base64": {"github", "It's a Secret to Everybody", "X-Hmac", "dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc=", "Hello, World!"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "secret")
			// The secret of the example holds spaces, ours are words: each line is one.
			if err := os.WriteFile(file, []byte(tt.secret+"\nanother\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			b := &bench{T: t, kind: tt.kind, inbox: listeners.NewInbox("", func(string) bool { return true }), section: "network: n\nsignature: " + tt.kind + "\nsecret_file: " + file + "\nheader: " + tt.header + "\nmapping: {id: id, text: text}\n"}
			b.start()
			defer func() { b.stop() }()
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, listeners.InboxPath+"hook", strings.NewReader(tt.body))
			req.Header.Set(tt.header, tt.signature)
			if code, says := b.send(req); code != http.StatusUnprocessableEntity { // signed, but not JSON
				t.Errorf("answered %d %s", code, says)
			}
		})
	}
}

// A delivery that comes again is known, after a restart too, and takes nothing
// back that was said since.
func TestReplay(t *testing.T) {
	for _, kind := range []string{"standard", "github"} {
		b := newBench(t, kind)
		first := b.request(`{"id": 1, "text": "first"}`)
		kept := first.Clone(t.Context())
		replay := func() *http.Request {
			r := kept.Clone(t.Context())
			r.Body = io.NopCloser(strings.NewReader(`{"id": 1, "text": "first"}`))
			return r
		}
		for _, req := range []*http.Request{first, replay(), b.request(`{"id": 1, "text": "second"}`), replay()} {
			if code, says := b.send(req); code != http.StatusOK {
				t.Errorf("answered %d %s", code, says)
			}
		}
		b.stop()
		b.start()
		if code, says := b.send(replay()); code != http.StatusOK || says != "known already" {
			t.Errorf("after a restart answered %d %s", code, says)
		}
		if diff := cmp.Diff([]string{"hooked:1 first", "edited hooked:1 second"}, b.heard()); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}

// What could not be stored is not accepted, and is not known when it comes again.
func TestNotDurable(t *testing.T) {
	b := newBench(t, "standard")
	b.mu.Lock()
	b.fail = errors.New("the log is away")
	b.mu.Unlock()
	req := b.request(`{"id": 1, "text": "one"}`)
	kept := req.Clone(t.Context())
	if code, _ := b.send(req); code != http.StatusServiceUnavailable {
		t.Errorf("answered %d", code)
	}
	b.stop()
	b.fail = nil
	b.start()
	kept.Body = io.NopCloser(strings.NewReader(`{"id": 1, "text": "one"}`))
	if code, says := b.send(kept); code != http.StatusOK || says != `{"accepted":1}` {
		t.Errorf("answered %d %s", code, says)
	}
}

// Secrets that are not there or are none are said with their file, and nothing of
// them.
func TestSecrets(t *testing.T) {
	for content, says := range map[string]string{"": "it is empty", "whsec_%%%notbase64": "no secret of Standard Webhooks", "missing": "no such file"} {
		section := sectionOf(t, "standard")
		_, rest, _ := strings.Cut(section, "secret_file: ")
		file, _, _ := strings.Cut(rest, "\n")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if content == "missing" {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		err := open(t, listeners.NewInbox("", nil), section).Listen(t.Context(), nil, func(context.Context, listeners.Batch) error { return nil })
		var refused *listeners.Refused
		if !errors.As(err, &refused) || refused.File != file || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "notbase64") {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// All that is wrong with a section is said.
func TestProblems(t *testing.T) {
	_, err := webhook.Driver().Open(listeners.Setup{Decode: decoder("network: Net\nsignature: none\ntolerance: 2h\nmax_body: 1000000000\nheader: ''\nmapping: {id: 'a b'}\n")})
	var problems earshot.Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range problems {
		paths = append(paths, p.Path)
	}
	want := []string{"network", "signature", "secret_file", "header", "tolerance", "max_body", "mapping.id", "mapping.text"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Error(diff)
	}
}

// Whatever is delivered, it is answered, and nothing unsigned is heard.
func FuzzDelivery(f *testing.F) {
	dir := f.TempDir()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte(webhooktest.Secret), 0o600); err != nil {
		f.Fatal(err)
	}
	inbox := listeners.NewInbox("", func(string) bool { return true })
	parts, err := webhook.Driver().Open(listeners.Setup{Name: "hook", Inbox: inbox, Log: zap.NewNop(), Decode: decoder("network: n\nsignature: standard\nsecret_file: " + file + "\nmapping: {id: id, text: text, change: change}\n")})
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = parts[0].Source.Listen(ctx, nil, func(context.Context, listeners.Batch) error { return nil })
	}()
	f.Cleanup(func() { cancel(); <-ended })
	f.Add([]byte(`[{"id": 1, "text": "x"}]`), "msg_1", true)
	f.Add([]byte(`{"id": "1", "change": "deleted"}`), "", true)
	f.Add([]byte(`payload={}`), "m.s.g", false)
	f.Fuzz(func(t *testing.T, body []byte, id string, signed bool) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, listeners.InboxPath+"hook", bytes.NewReader(body))
		if signed {
			webhooktest.Sign(req.Header, "standard", id, time.Now(), body)
		}
		w := httptest.NewRecorder()
		inbox.ServeHTTP(w, req)
		if !signed && w.Code == http.StatusOK {
			t.Errorf("unsigned, and answered %d", w.Code)
		}
	})
}
