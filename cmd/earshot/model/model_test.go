package model_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/cmd/earshot/model"
	"earshot/listeners"
)

func client(t *testing.T, timeout time.Duration) *http.Client {
	t.Helper()
	o := listeners.DefaultClient()
	o.AllowPrivate, o.MaxBody, o.Timeout, o.PerSecond = []string{"127.0.0.1"}, 64<<10, timeout, 1000
	n, err := listeners.NewNetwork(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.CloseIdleConnections)
	return n.Client
}

func config(url, form string) model.Config {
	return model.Config{
		Name: "sage", URL: url, Form: form, Model: "wise-1", Labels: []string{"fraud", "praise"}, Timeout: 5 * time.Second,
	}.WithDefaults()
}

// serve answers every question with what answer writes, and returns what was asked.
func serve(t *testing.T, answer http.HandlerFunc) (url string, asked func() string) {
	t.Helper()
	var last []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last, _ = io.ReadAll(r.Body)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1/chat/completions", func() string { return string(last) }
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func completes(content string) http.HandlerFunc {
	body, _ := json.Marshal(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"content": content}}}})
	return says(string(body))
}

var post = &earshot.Mention{
	ID: "x:1", Network: "x", Author: earshot.Author{Handle: "@jane_doe", Name: "Jane Doe"},
	Text: "Acme lost my order, @acmecare! Ask @bob@social.example, jane.doe@mail.example, +49 170 1234567 or https://x.example/jane?id=7 — Jane Doe",
}

// Both forms are asked and answered; what goes out names nobody.
func TestAsk(t *testing.T) {
	t.Parallel()
	want := earshot.Opinion{Brand: "acme", By: "sage", Sentiment: earshot.ScoreOf(-0.75), Urgency: earshot.ScoreOf(0.5), Labels: []string{"fraud"}}
	const opinion = `{"sentiment": -0.75, "urgency": 0.5, "labels": ["fraud"]}`
	for name, answer := range map[string]http.HandlerFunc{
		model.JSON:               says(opinion),
		model.Chat:               completes(opinion),
		model.Chat + " wrapping": completes("Sure!\n```json\n" + opinion + "\n```\nAnything else?"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var authorization string
			url, asked := serve(t, func(w http.ResponseWriter, r *http.Request) {
				authorization = r.Header.Get("Authorization")
				answer(w, r)
			})
			form, _, _ := strings.Cut(name, " ")
			c := config(url, form)
			c.KeyFile = filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(c.KeyFile, []byte("secret\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			m := model.New(c, client(t, c.Timeout), []byte("key"), []string{"@AcmeCare"})
			got, err := m.Ask(t.Context(), m.Question("acme", post))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if authorization != "Bearer secret" {
				t.Errorf("authorization is %q", authorization)
			}
			for _, private := range []string{"jane", "Jane", "bob", "1234567", "social.example"} {
				if strings.Contains(asked(), private) {
					t.Errorf("%q goes out: %s", private, asked())
				}
			}
			for _, kept := range []string{"Acme lost my order, @acmecare!", "[mail]", "[number]", "[link x.example]", "[author]", "@person-"} {
				if !strings.Contains(asked(), kept) {
					t.Errorf("%q is missing: %s", kept, asked())
				}
			}
		})
	}
}

// The same people have the same names in all questions, other keys make others.
func TestPseudonyms(t *testing.T) {
	t.Parallel()
	question := func(key, handle string) model.Question {
		m := *post
		m.Author.Handle = handle
		return model.New(config("http://x.example", model.JSON), http.DefaultClient, []byte(key), nil).Question("acme", &m)
	}
	one := question("key", "@jane_doe")
	if question("key", "@Jane_Doe").Author != one.Author || question("key", "@john").Author == one.Author || question("other", "@jane_doe").Author == one.Author {
		t.Error("names are not kept apart as they should be")
	}
	if question("key", "@john").Key() != one.Key() {
		t.Error("the same words of another author are another question")
	}
}

// Whatever a server answers, no more comes of it than an opinion within bounds.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   *earshot.Opinion // nil for a failure
		free   bool
		again  bool
	}{
		"out of range":   {answer: says(`{"sentiment": -1e300, "urgency": 99, "labels": ["fraud", "fraud", "rm -rf", "praise"]}`), want: &earshot.Opinion{Sentiment: -earshot.Unit, Urgency: earshot.Unit, Labels: []string{"fraud", "praise"}}},
		"no number":      {answer: says(`{"sentiment": "good", "urgency": 0}`)},
		"too big number": {answer: says(`{"sentiment": 1e999, "urgency": 0}`)},
		"half":           {answer: says(`{"sentiment": 1}`)},
		"null":           {answer: says(`null`)},
		"a list":         {answer: says(`[]`)},
		"no JSON":        {answer: says(`<html>I am sorry`)},
		"empty":          {answer: says(``)},
		"huge":           {answer: says(`{"sentiment": 1, "urgency": 0, "x": "` + strings.Repeat("x", 1<<20) + `"}`)},
		"deep":           {answer: says(strings.Repeat("[", 30_000))},
		"elsewhere": {answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://203.0.113.1/", http.StatusTemporaryRedirect)
		}},
		"error":       {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }},
		"bad request": {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }, free: true},
		"wrong key":   {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, free: true, again: true},
		"too many": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}, free: true, again: true},
		"overloaded": {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, free: true, again: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := serve(t, c.answer)
			m := model.New(config(url, model.JSON), client(t, 5*time.Second), []byte("key"), nil)
			got, err := m.Ask(t.Context(), m.Question("acme", post))
			if c.want != nil {
				c.want.Brand, c.want.By = "acme", "sage"
				if diff := cmp.Diff(*c.want, got); err != nil || diff != "" {
					t.Errorf("%v %s", err, diff)
				}
				return
			}
			var failed *model.Failure
			if !errors.As(err, &failed) {
				t.Fatalf("%v", err)
			}
			if failed.Free != c.free || (failed.Again > 0) != c.again {
				t.Errorf("free %v, again %v: %v", failed.Free, failed.Again, err)
			}
		})
	}
}

// A slow model costs its time limit and no more; one that is not there, nothing.
func TestSlowAndDown(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	url, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	c := config(url, model.JSON)
	c.Timeout = 50 * time.Millisecond
	m := model.New(c, client(t, c.Timeout), []byte("key"), nil)
	var failed *model.Failure
	if _, err := m.Ask(t.Context(), m.Question("acme", post)); !errors.As(err, &failed) || failed.Free || failed.Again != 0 {
		t.Errorf("a slow model: %v", err)
	}
	c.URL = "http://127.0.0.1:1/"
	c.Timeout = 5 * time.Second
	m = model.New(c, client(t, c.Timeout), []byte("key"), nil)
	if _, err := m.Ask(t.Context(), m.Question("acme", post)); !errors.As(err, &failed) || !failed.Free || failed.Again == 0 {
		t.Errorf("a model that is down: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Ask(ctx, m.Question("acme", post)); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if problems := config("https://llm.example/v1", model.Chat).Check(); len(problems) > 0 {
		t.Error(problems)
	}
	for what, change := range map[string]func(*model.Config){
		"no address":  func(c *model.Config) { c.URL = "" },
		"odd address": func(c *model.Config) { c.URL = "llm.example" },
		"password":    func(c *model.Config) { c.URL = "https://me:secret@llm.example/" },
		"form":        func(c *model.Config) { c.Form = "xml" },
		"no model":    func(c *model.Config) { c.Model = "" },
		"timeout":     func(c *model.Config) { c.Timeout = -1 },
		"age":         func(c *model.Config) { c.MaxAge = -1 },
		"concurrent":  func(c *model.Config) { c.Concurrent = 1000 },
		"price":       func(c *model.Config) { c.Price = -1 },
		"label":       func(c *model.Config) { c.Labels = []string{"A b"} },
		"budget":      func(c *model.Config) { c.Budget.Day = -1 },
	} {
		c := config("https://llm.example/v1", model.Chat)
		change(&c)
		if !c.Check().Fatal() {
			t.Errorf("%s: holds", what)
		}
	}
}

// No answer breaks anything, and every opinion is within bounds.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"sentiment": 0.5, "urgency": 1, "labels": ["fraud"]}`), false)
	f.Add([]byte(`{"choices":[{"message":{"content":"{\"sentiment\":1,\"urgency\":0}"}}]}`), true)
	f.Fuzz(func(t *testing.T, answer []byte, chat bool) {
		c := config("http://llm.example/", model.JSON)
		if chat {
			c.Form = model.Chat
		}
		o, err := model.ReadAnswer(answer, c)
		if err == nil && (o.Sentiment < -earshot.Unit || o.Sentiment > earshot.Unit || o.Urgency < 0 || o.Urgency > earshot.Unit || len(o.Labels) > len(c.Labels)) {
			t.Errorf("%+v", o)
		}
	})
}

// No text breaks the mask, and no address of mail comes through it.
func FuzzMask(f *testing.F) {
	f.Add("write to jane@mail.example", "Jane", "@jane")
	f.Add("＠jane or u/jane, ١٢٣٤٥٦٧٨٩", "\xff", "")
	f.Fuzz(func(t *testing.T, text, name, handle string) {
		m := model.New(config("http://llm.example/", model.JSON), http.DefaultClient, []byte("key"), nil)
		q := m.Question("acme", &earshot.Mention{Text: text + " jane@mail.example ", Author: earshot.Author{Name: name, Handle: handle}})
		if strings.Contains(q.Text, "jane@mail.example") || len(q.Text) > 8<<10 {
			t.Errorf("%q becomes %q", text, q.Text)
		}
	})
}
