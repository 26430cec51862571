package x

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot/listeners"
)

// X's own description of its API, in both editions, judges every request that the
// driver makes, and answers with examples and errors.
func TestAgainstOpenAPI(t *testing.T) {
	t.Parallel()
	for file, e := range map[string]edition{"openapi-2.166-tweet.json": tweetNames, "openapi-2.167-post.json": postNames} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			prism := newPrism(t, file)
			t.Run("requests are valid", func(t *testing.T) { requestsAreValid(t, prism, e) })
			t.Run("invalid ones are refused", func(t *testing.T) { invalidIsRefused(t, prism, e) })
			t.Run("errors", func(t *testing.T) { errorsAreUnderstood(t, prism, e) })
		})
	}
}

// at asks Prism, for answers of a certain status unless that is 0.
func (p *prismServer) at(t *testing.T, e edition, status int) *api {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	writeFile(t, token, "a-token")
	config := defaults()
	config.Server, config.BearerTokenFile = p.address, token
	client := &http.Client{Transport: preferring{status: status, next: p.transport}}
	acc := newAccount(listeners.Setup{Name: "x", Client: client, Stream: client, Tally: newTally(), Log: zap.NewNop()}, config)
	a, err := acc.api()
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []endpoint{endpointSearch, endpointMentions, endpointLookup} {
		acc.standing.names[end] = e
	}
	return a
}

// preferring asks Prism for a status.
type preferring struct {
	status int
	next   http.RoundTripper
}

// RoundTrip does one exchange.
func (p preferring) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.status != 0 {
		req = req.Clone(req.Context())
		req.Header.Set("Prefer", fmt.Sprintf("code=%d", p.status))
	}
	return p.next.RoundTrip(req)
}

// calls are all requests that the driver makes.
func calls(t *testing.T, a *api) map[string]func() ([]tweet, error) {
	t.Helper()
	ask := func() *bridge { return &bridge{api: a, ctx: t.Context(), opened: make(chan struct{})} }
	since := idAt(time.Now().Add(-time.Hour))
	return map[string]func() ([]tweet, error){
		"search":     func() ([]tweet, error) { return ask().search("(acme -klein) OR #acme", since, 0, 10) },
		"older page": func() ([]tweet, error) { return ask().search("acme", since, since+1000, 100) },
		"mentions":   func() ([]tweet, error) { return ask().mentions(2244994945, since, since+1000, 5) },
		"lookup":     func() ([]tweet, error) { return ask().lookUp([]snowflake{since, since + 1}) },
		"account":    func() ([]tweet, error) { _, err := ask().lookUpAccount("acmecare"); return nil, err },
		"rules":      func() ([]tweet, error) { _, err := a.get(t.Context(), endpointRules, rulesPath, nil); return nil, err },
		"add rules": func() ([]tweet, error) {
			return nil, change(t, a, map[string]any{"add": []rule{{Value: "acme", Tag: "earshot/x/a"}}})
		},
		"remove rule": func() ([]tweet, error) {
			return nil, change(t, a, map[string]any{"delete": map[string]any{"ids": []string{"1273026480692322304"}}})
		},
		"stream": func() ([]tweet, error) {
			resp, err := a.open(t.Context(), endpointStream, "/2/tweets/search/stream", nil)
			if err != nil {
				return nil, err
			}
			body, err := readAnswer(resp)
			if err != nil {
				return nil, err
			}
			page, err := translate(body)
			return page.tweets, err
		},
	}
}

// change changes rules; Prism's example of an answer lists refused ones too.
func change(t *testing.T, a *api, what map[string]any) error {
	t.Helper()
	err := a.changeRules(t.Context(), what)
	if err != nil && strings.Contains(err.Error(), "a rule is refused") {
		return nil
	}
	return err
}

func requestsAreValid(t *testing.T, p *prismServer, e edition) {
	t.Helper()
	for name, call := range calls(t, p.at(t, e, 0)) {
		found, err := call()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		batch := batchOf(found)
		for _, d := range batch.Dead { // examples of the newer edition have "string" for an ID
			if e == tweetNames || !strings.Contains(d.Reason, "ID") {
				t.Errorf("%s: %s", name, d.Reason)
			}
		}
		if e == tweetNames && (name == "search" || name == "lookup") && len(batch.Mentions) == 0 {
			t.Errorf("%s: no mention came of the example", name)
		}
	}
}

// invalidIsRefused shows that Prism does judge.
func invalidIsRefused(t *testing.T, p *prismServer, e edition) {
	t.Helper()
	b := &bridge{api: p.at(t, e, 0), ctx: t.Context()}
	if _, err := b.search("acme", 1, 0, 5); err == nil || !strings.Contains(err.Error(), "422") {
		t.Errorf("a page of 5 posts: %v", err)
	}
	if _, err := b.lookUpAccount("no handle of X's"); err == nil || !strings.Contains(err.Error(), "422") {
		t.Errorf("an account that cannot be: %v", err)
	}
}

func errorsAreUnderstood(t *testing.T, p *prismServer, e edition) {
	t.Helper()
	for status, class := range map[int]string{401: "refused_credential", 403: "http_4xx", 429: "rate_limited", 503: "http_5xx"} {
		for name, call := range calls(t, p.at(t, e, status)) {
			_, err := call()
			if listeners.Class(err) != class {
				t.Errorf("%s with %d: %v (%s), want %s", name, status, err, listeners.Class(err), class)
			}
			if retry, is := errors.AsType[*listeners.RetryAfter](err); status == 429 && (!is || retry.Wait < time.Minute) {
				t.Errorf("%s with %d waits %v", name, status, retry)
			}
		}
	}
}

// prismServer is npm's Prism, pinned in tools/prism, with one of X's OpenAPI
// files.
type prismServer struct {
	address   string
	transport *http.Transport
}

// unavailable skips a test that needs what this machine lacks; where everything
// is promised to be there, that is a failure.
func unavailable(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("EARSHOT_CI") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// asked is a copy of an OpenAPI file with what the driver asks for alone: Prism
// takes seconds for each hundred operations.
func asked(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]json.RawMessage
	var paths map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(text, &whole), json.Unmarshal(whole["paths"], &paths)); err != nil {
		t.Fatal(err)
	}
	some := map[string]json.RawMessage{}
	for _, path := range []string{"/2/tweets/search/recent", "/2/users/{id}/mentions", "/2/tweets", "/2/users/by", "/2/tweets/search/stream", rulesPath} {
		if some[path] = paths[path]; some[path] == nil {
			t.Fatalf("%s does not describe %s", file, path)
		}
	}
	if whole["paths"], err = json.Marshal(some); err != nil {
		t.Fatal(err)
	}
	if text, err = json.Marshal(whole); err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(t.TempDir(), filepath.Base(file))
	writeFile(t, short, string(text))
	return short
}

func newPrism(t *testing.T, file string) *prismServer {
	t.Helper()
	description := filepath.Join("..", "..", "..", "shared", "data", "x-api", file)
	program := filepath.Join("..", "..", "tools", "prism", "node_modules", "@stoplight", "prism-cli", "dist", "index.js")
	node, err := exec.LookPath("node")
	if err != nil {
		unavailable(t, "node is not installed")
	}
	for what, path := range map[string]string{"X's OpenAPI": description, "Prism (npm ci in tools/prism)": program} {
		if _, err := os.Stat(path); err != nil {
			unavailable(t, fmt.Sprintf("%s is not there: %v", what, err))
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, program, "mock", "--host", "127.0.0.1", "--port", port, asked(t, description))
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); _ = cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone
		<-gone
	})
	p := &prismServer{address: "http://" + address, transport: &http.Transport{}}
	t.Cleanup(p.transport.CloseIdleConnections)
	for deadline := time.After(3 * time.Minute); ; {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close() // it was only to see that somebody is there
			return p
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-gone:
			t.Fatalf("Prism ended: %s", said.String())
		case <-deadline:
			t.Fatalf("Prism does not listen: %v", err)
		}
	}
}
