package sourcetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/sourcetest"
)

// board is the simplest network there is: posts in a list, and a bell.
type board struct {
	mu    sync.Mutex
	posts []string
	bell  chan struct{} // closed and replaced when something is posted

	stalled chan struct{} // not nil when the board hangs
	asked   sync.Once

	fault string // what is wrong with its sources
}

func newBoard(fault string) sourcetest.Network {
	b := &board{bell: make(chan struct{}), fault: fault}
	return sourcetest.Network{
		Publish: b.publish,
		Open:    func() listeners.Source { return b },
		Stall: func() <-chan struct{} {
			b.stalled = make(chan struct{})
			return b.stalled
		},
	}
}

func (b *board) publish(texts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posts = append(b.posts, texts...)
	close(b.bell)
	b.bell = make(chan struct{})
}

func (b *board) after(n int) ([]string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.posts[min(n, len(b.posts)):], b.bell
}

// Listen implements listeners.Source; a cursor is the number of posts heard.
func (b *board) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	at := 0
	if len(from) > 0 && b.fault != "forgets its cursor" {
		err := json.Unmarshal(from, &at)
		if b.fault == "panics on a foreign cursor" && err != nil {
			panic(err)
		}
		if err != nil || at < 0 {
			return errors.New("the cursor is damaged")
		}
	}
	if b.fault == "leaves a goroutine behind" {
		go func() { select {} }()
	}
	for {
		if b.stalled != nil {
			b.asked.Do(func() { close(b.stalled) })
			<-ctx.Done()
		}
		if b.fault == "does not stop" {
			ctx = context.WithoutCancel(ctx)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		posts, bell := b.after(at)
		if len(posts) == 0 {
			select {
			case <-bell:
			case <-ctx.Done():
			}
			continue
		}
		batch := listeners.Batch{}
		for _, text := range posts[:min(2, len(posts))] {
			at++
			batch.Mentions = append(batch.Mentions, earshot.Mention{ID: "board:" + strconv.Itoa(at), Text: text})
		}
		if b.fault == "newest first" {
			slices.Reverse(batch.Mentions)
		}
		if b.fault != "gives no cursor" {
			batch.Next = earshot.Cursor(strconv.Itoa(at))
		}
		if err := emit(ctx, batch); err != nil && b.fault != "moves on after a failed emit" {
			return err
		}
	}
}

func TestSimplestSourceKeepsThePromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(*testing.T) sourcetest.Network { return newBoard("") }})
}

// brokenEnv names the fault with which the test binary is to run the suite.
const brokenEnv = "SOURCETEST_FAULT"

// A suite that lets everything pass would promise nothing: each fault must fail it.
func TestSuiteFindsFaults(t *testing.T) {
	if fault := os.Getenv(brokenEnv); fault != "" {
		sourcetest.Run(t, sourcetest.Harness{
			New:      func(*testing.T) sourcetest.Network { return newBoard(fault) },
			Patience: 3 * time.Second,
		})
		return
	}
	for fault, says := range map[string]string{
		"forgets its cursor":           "heard twice",
		"newest first":                 "heard 8 posts, published 8",
		"moves on after a failed emit": "though it should have ended",
		"gives no cursor":              "without a cursor",
		"does not stop":                "3s after its context ended",
		"leaves a goroutine behind":    "unexpected goroutines",
		"panics on a foreign cursor":   "panic: ",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSuiteFindsFaults$", "-test.failfast", "-test.timeout=10m")
			cmd.Env = append(os.Environ(), brokenEnv+"="+fault)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), says) {
				t.Errorf("the suite does not say %q (%v):\n%s", says, err, out)
			}
		})
	}
}
