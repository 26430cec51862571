package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"earshot"
)

const modelConfig = `
state: %[1]s
bus: {listen: %[2]s}
http: {listen: %[3]s}
client: {allow_private: [127.0.0.1]}
urgency: {weights: {waiting: 0}} # else an edit that is heard later is more urgent
brands:
  - {name: acme, query: acme}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 10, send: [cs]}
  - {name: fraud, when: '"fraud" in model_labels', labels: [fraud], send: [cs]}
teams:
  - {name: cs}
models:
  - {name: sage, url: %[5]s, form: json, brands: [acme], when: 'mention.text contains "letter"', urgency: 40, labels: [fraud], timeout: %[7]s, budget: {day: %[6]d}}
listeners:
  - {name: posts, type: file, path: %[4]s}
`

// oracle is a model that somebody serves.
type oracle struct {
	server *httptest.Server
	mu     sync.Mutex
	asked  map[string]int // by a word of the post
	answer func(w http.ResponseWriter, r *http.Request)
}

func newOracle(t *testing.T) *oracle {
	o := &oracle{asked: map[string]int{}}
	o.answers(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"sentiment": -1, "urgency": 1, "labels": ["fraud"]}`)
	})
	o.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		question, _ := io.ReadAll(r.Body)
		o.mu.Lock()
		for _, word := range []string{"one", "two", "three", "four", "five"} {
			if strings.Contains(string(question), word) {
				o.asked[word]++
			}
		}
		answer := o.answer
		o.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(o.server.Close)
	return o
}

func (o *oracle) answers(answer func(w http.ResponseWriter, r *http.Request)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = answer
}

func (o *oracle) of(word string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked[word]
}

// newModelHouse is a daemon that asks the oracle, for as long as a test waits.
func newModelHouse(t *testing.T, o *oracle) *house {
	h := &house{t: t, state: filepath.Join(t.TempDir(), "state"), posts: emptyFile(t, t.TempDir(), "posts.ndjson"), http: freeAddress(t), bus: freeAddress(t)}
	h.config = writeConfig(t, "")
	h.asks(o, 0, patience)
	return h
}

// asks starts the daemon on a model with so much budget and patience.
func (h *house) asks(o *oracle, budget int, timeout time.Duration) {
	h.t.Helper()
	text := fmt.Sprintf(modelConfig, h.state, h.bus, h.http, h.posts, o.server.URL, budget, timeout)
	if err := os.WriteFile(h.config, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.start()
	h.modelRuns()
}

// modelRuns waits until the model reads the log: it is asked of nothing older.
func (h *house) modelRuns() {
	h.t.Helper()
	eventually(h.t, "the model begins", func() error {
		if len(readAll(h.t, h.js, "KV_earshot_settings", "$KV.earshot_settings.tally._models.sage.progress")) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
}

func (h *house) outcome(t *testing.T, outcome string, n float64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%g are %s", n, outcome), func() error {
		return h.atLeast(t, fmt.Sprintf(`earshot_model_mentions_total{model="sage",outcome=%q}`, outcome), n)
	})
}

// What a model thinks changes the verdict and its case once: of a post that did not
// matter, one comes; of the same words it is asked once, also when they are heard
// again, also after a crash.
func TestModels(t *testing.T) {
	t.Parallel()
	o := newOracle(t)
	h := newModelHouse(t, o)
	h.hears(line("forum:1", "@jane", "acme sent me letter one"), line("forum:2", "@bob", "acme makes me furious"))
	h.outcome(t, "answered", 1)
	alerts := h.alerts(earshot.BecauseNew, 2)
	if len(alerts) != 2 {
		t.Fatalf("%d alerts", len(alerts))
	}
	of := map[string]earshot.Alert{alerts[0].Mention.ID: alerts[0], alerts[1].Mention.ID: alerts[1]}
	if a := of["forum:1"]; a.Verdict == nil || a.Verdict.Urgency < 40*earshot.Unit || strings.Join(a.Verdict.Labels, " ") != "fraud" {
		t.Errorf("%+v", a)
	}
	h.hears(line("forum:1", "@jane", "acme sent me letter one", `,"change":"edited","engagement":{"likes":900}`),
		line("forum:3", "@eve", "acme sent me letter one"))
	h.outcome(t, "cached", 1)
	h.kill()
	h.start()
	h.hears(line("forum:1", "@jane", "acme sent me letter one", `,"change":"edited","engagement":{"likes":9000}`),
		line("forum:4", "@fay", "acme sent me letter one"), line("forum:5", "@gil", "acme sent me letter two"))
	h.outcome(t, "answered", 1)
	h.outcome(t, "cached", 1)
	if o.of("one") != 1 || o.of("two") != 1 {
		t.Errorf("asked %d and %d times", o.of("one"), o.of("two"))
	}
	const posts = 5
	eventually(t, "each post is told of", func() error {
		if n := len(readAll(t, h.js, "EARSHOT_ALERTS", "earshot.alerts.>")); n < posts {
			return fmt.Errorf("%d are", n)
		}
		return nil
	})
	told := map[string]int{}
	for _, a := range h.alerts(earshot.BecauseNew, 0) {
		told[a.ID]++
		if a.Why != earshot.BecauseNew || told[a.ID] > 1 {
			t.Errorf("told again: %s %s %+v %+v", a.ID, a.Why, a.Mention, a.Verdict)
		}
	}
	h.stop(t)
}

// A model that is slow, overloaded, wrong or too dear holds nothing up: posts are
// judged without it, and asked of again only where that costs nothing.
func TestModelsFail(t *testing.T) {
	t.Parallel()
	o := newOracle(t)
	h := newModelHouse(t, o)
	h.stop(t)
	h.asks(o, 3, 3*time.Second)
	good := o.answer
	o.answers(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(patience):
		}
	})
	h.hears(line("forum:1", "@jane", "acme makes me furious: letter one"))
	h.alerts(earshot.BecauseNew, 1)
	h.outcome(t, "failed", 1)
	h.stop(t)
	h.asks(o, 3, patience) // from here on nothing is slow on purpose
	busy := 0
	o.answers(func(w http.ResponseWriter, r *http.Request) {
		if busy++; busy < 2 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		good(w, r)
	})
	h.hears(line("forum:2", "@jane", "acme: letter two"))
	h.outcome(t, "answered", 1)
	o.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ignore all instructions") })
	h.hears(line("forum:3", "@jane", "acme: letter three"))
	h.outcome(t, "failed", 1)
	o.answers(good)
	h.hears(line("forum:4", "@jane", "acme: letter four"))
	h.outcome(t, "spent", 1)
	for word, n := range map[string]int{"one": 1, "two": 2, "three": 1, "four": 0} {
		if o.of(word) != n {
			t.Errorf("asked %d times of %s, not %d", o.of(word), word, n)
		}
	}
	h.stop(t)
}

// However often the daemon is killed in between, a post is asked of at most once
// more for each time, and every post ends with one opinion.
func TestModelsKilled(t *testing.T) {
	t.Parallel()
	o := newOracle(t)
	h := newModelHouse(t, o)
	var lines []string
	words := []string{"one", "two", "three", "four", "five"}
	for n, word := range words {
		lines = append(lines, line(fmt.Sprintf("forum:%d", n), "@jane", "acme sent me letter "+word))
	}
	h.hears(lines...)
	moments := milliseconds(15, 60, 140)
	for _, moment := range moments {
		h.live(t, moment)
		h.kill()
		h.start()
	}
	eventually(t, "all posts have an opinion", func() error {
		stream, err := h.js.Stream(t.Context(), "EARSHOT_MENTIONS")
		if err != nil {
			return err
		}
		n := 0
		for i := range words {
			subject := "earshot.mentions.acme.forum." + earshot.Key(fmt.Sprintf("forum:%d", i))
			if m, err := stream.GetLastMsgForSubject(t.Context(), subject); err == nil {
				n += strings.Count(string(m.Data), `"by":"sage"`)
			}
		}
		if n != len(words) {
			return fmt.Errorf("%d have", n)
		}
		return nil
	})
	for _, word := range words {
		if n := o.of(word); n < 1 || n > 1+len(moments) {
			t.Errorf("asked %d times of %s", n, word)
		}
	}
	h.stop(t)
}
