package poll_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/poll"
	"earshot/listeners/poll/polltest"
)

// network starts a stand-in that ends with the test.
func network(t *testing.T, o polltest.Options) *polltest.Server {
	t.Helper()
	s := polltest.New(o)
	t.Cleanup(s.Close)
	return s
}

// section is the stand-in's configuration with changes: "key: value" replaces the
// line of the key, or adds one.
func section(t *testing.T, s *polltest.Server, changes ...string) string {
	t.Helper()
	text, err := s.Config(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		key, _, _ := strings.Cut(change, ":")
		lines := strings.Split(text, "\n")
		kept := lines[:0]
		for _, line := range lines {
			if !strings.HasPrefix(line, key+":") {
				kept = append(kept, line)
			}
		}
		text = change + "\n" + strings.Join(kept, "\n")
	}
	return text
}

// bench is what a source is tried on.
type bench struct {
	*testing.T
	setup listeners.Setup
	logs  *observer.ObservedLogs
	parts []listeners.Part

	mu       sync.Mutex
	mentions []earshot.Mention
	dead     []earshot.DeadLetter
	cursor   earshot.Cursor
	batches  int
	outlook  listeners.Outlook
}

func decoder(section string) func(any) error {
	return func(into any) error {
		var keys []string
		for line := range strings.Lines(section) {
			if !strings.HasPrefix(line, "type:") && !strings.HasPrefix(line, "name:") {
				keys = append(keys, line)
			}
		}
		return yaml.UnmarshalWithOptions([]byte(strings.Join(keys, "")), into, yaml.Strict())
	}
}

// try opens the listener of a section.
func try(t *testing.T, section string, queries ...earshot.Query) *bench {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	core, logs := observer.New(zap.WarnLevel)
	b := &bench{T: t, logs: logs, setup: listeners.Setup{Name: "polled", Client: client, Queries: queries, Log: zap.New(core), Decode: decoder(section)}}
	b.reopen()
	return b
}

func (b *bench) reopen() {
	b.Helper()
	parts, err := poll.Driver().Open(b.setup)
	if problems := earshot.Problems(nil); err != nil && (!errors.As(err, &problems) || problems.Fatal()) {
		b.Fatal(err)
	}
	b.parts = parts
}

var errEnough = errors.New("heard enough")

// listen runs the first part until a poll went through and all the posts are
// heard, or it fails. It returns the error of Listen.
func (b *bench) listen(posts int) error {
	b.Helper()
	b.mu.Lock()
	from, start := b.cursor, len(b.mentions)
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
	defer cancel()
	ctx = listeners.WithReport(ctx, func(o listeners.Outlook) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if !o.Next.IsZero() {
			b.outlook.Next = o.Next
			if len(b.mentions)-start >= posts {
				cancel()
			}
		}
		if o.Of != 0 {
			b.outlook.Left, b.outlook.Of, b.outlook.Reset = o.Left, o.Of, o.Reset
		}
		if o.Note != "" {
			b.outlook.Note = o.Note
		}
		if o.Spent != nil {
			b.outlook.Spent = o.Spent
		}
	})
	err := b.parts[0].Source.Listen(ctx, from, b.save)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		b.Errorf("waited in vain for %d posts, heard %d", posts, len(b.mentions)-start)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// mustListen is listen where nothing fails.
func (b *bench) mustListen(posts int) {
	b.Helper()
	if err := b.listen(posts); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) save(_ context.Context, batch listeners.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.batches++
	b.mentions = append(b.mentions, batch.Mentions...)
	b.dead = append(b.dead, batch.Dead...)
	b.cursor = batch.Next
	return nil
}

// hurry checks that the cursor keeps until when the network is to be left alone, if
// at all, and forgets it.
func (b *bench) hurry(least time.Duration) {
	b.Helper()
	if least == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var state map[string]any
	if err := json.Unmarshal(b.cursor, &state); err != nil {
		b.Fatal(err)
	}
	next, err := time.Parse(time.RFC3339, fmt.Sprint(state["next"]))
	if err != nil || time.Until(next) < least-time.Minute {
		b.Errorf("the cursor says to ask again at %v", state["next"])
	}
	delete(state, "next")
	if b.cursor, err = json.Marshal(state); err != nil {
		b.Fatal(err)
	}
}

// heard returns the texts of the mentions so far, deleted and edited ones marked.
func (b *bench) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	texts := []string{}
	for _, m := range b.mentions {
		text := m.Text
		if m.Change != "" {
			text = string(m.Change) + " " + m.ID + " " + m.Text
		}
		texts = append(texts, strings.TrimSpace(text))
	}
	return texts
}

func (b *bench) said() string {
	var all []string
	for _, e := range b.logs.All() {
		all = append(all, e.Message)
	}
	return strings.Join(all, "\n")
}

// memory is a Tally.
type memory struct {
	mu      sync.Mutex
	records map[string][]byte
	version uint64
}

func (m *memory) Load(_ context.Context, name string) ([]byte, uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records[name], m.version, nil
}

func (m *memory) Save(_ context.Context, name string, value []byte, revision uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if revision != m.version {
		return 0, earshot.ErrConflict
	}
	if m.records == nil {
		m.records = map[string][]byte{}
	}
	m.version++
	m.records[name] = value
	return m.version, nil
}
