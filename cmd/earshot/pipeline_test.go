package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"

	"earshot"
	"earshot/bus"
	"earshot/listeners"
	"earshot/rules"
)

// fakeCommitter is a log in memory: each commit with a cursor moves it and its
// revision, like the bus.
type fakeCommitter struct {
	cursor   earshot.Cursor
	revision uint64
	batches  []bus.Batch
	err      error // what Commit returns, if not nil
	holders  map[string][]string
	thoughts map[string][]earshot.Opinion
	away     chan struct{} // Commit waits until it is closed, if not nil
}

func (f *fakeCommitter) Cursor(context.Context, string, string) (earshot.Cursor, uint64, error) {
	return f.cursor, f.revision, nil
}

func (f *fakeCommitter) Commit(ctx context.Context, b bus.Batch) (bus.Committed, error) {
	if f.away != nil {
		select {
		case <-f.away:
		case <-ctx.Done():
			return bus.Committed{}, ctx.Err()
		}
	}
	switch {
	case f.err != nil:
		return bus.Committed{}, f.err
	case b.Revision != f.revision:
		return bus.Committed{}, earshot.ErrConflict
	}
	f.batches = append(f.batches, b)
	f.cursor = b.Next
	f.revision += 10
	return bus.Committed{Revision: f.revision, Stored: len(b.Mentions)}, nil
}

func (f *fakeCommitter) Holders(context.Context, []string) (map[string][]string, error) {
	return f.holders, nil
}

func (f *fakeCommitter) Opinions(context.Context, []string) (map[string][]earshot.Opinion, error) {
	return f.thoughts, nil
}

// bench is a pipeline with what it works on.
type bench struct {
	*pipeline
	t        *testing.T
	log      *fakeCommitter
	metrics  *prometheus.Registry
	revision uint64 // what the runner would name next
}

func newBench(t *testing.T) *bench {
	log, metrics := &fakeCommitter{}, prometheus.NewRegistry()
	return &bench{pipeline: newPipeline(log, bookOf(t, "acme", "true"), zap.NewNop(), metrics), t: t, log: log, metrics: metrics}
}

func bookOf(t *testing.T, query, when string) *rules.Book {
	t.Helper()
	book, problems := rules.New(rules.Config{
		Brands: []rules.Brand{{Name: "acme", Query: query}},
		Rules:  []rules.Rule{{Name: "rule", When: when, Urgency: 10}},
	})
	if book == nil {
		t.Fatal(problems)
	}
	return book
}

// commit does as a source and its runner do, and returns the error.
func (b *bench) commit(next string, mentions ...earshot.Mention) error {
	b.t.Helper()
	revision, err := b.Commit(b.t.Context(), "l", "p", b.revision, listeners.Batch{Mentions: mentions, Next: earshot.Cursor(next)})
	if err == nil {
		b.revision = revision
	}
	return err
}

// wants checks the cursor and the number of commits that the log has seen.
func (b *bench) wants(cursor string, commits int) {
	b.t.Helper()
	if string(b.log.cursor) != cursor || len(b.log.batches) != commits {
		b.t.Errorf("the log is at %q after %d commits, want %q after %d", b.log.cursor, len(b.log.batches), cursor, commits)
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Error(err)
	}
}

func post(text string) earshot.Mention { return earshot.Mention{ID: "forum:" + text, Text: text} }

// What concerns a brand is stored with its verdict, and nothing else is.
func TestPipelineJudges(t *testing.T) {
	b := newBench(t)
	b.must(b.commit("1", post("nobody"), post("acme"), post("somebody")))
	b.wants("1", 1)
	got := b.log.batches[0].Mentions
	if len(got) != 1 || got[0].Text != "acme" || len(got[0].Verdicts) != 1 || got[0].Verdicts[0].Brand != "acme" {
		t.Errorf("stored %+v", got)
	}
	for name, want := range map[string]float64{"heard": 3, "matched": 1, "stored": 1} {
		if got := value(t, b.metrics, "earshot_mentions_"+name+"_total"); got != want {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
}

// value is the sum over the series of a counter.
func value(t *testing.T, metrics prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		if family.GetName() == name {
			for _, m := range family.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// Edits and deletions always reach the log, which may hold what they change; a
// deletion is not judged.
func TestPipelineHandsOnChanges(t *testing.T) {
	b := newBench(t)
	edited, deleted := post("nothing any more"), post("acme")
	edited.Change, deleted.Change = earshot.Edited, earshot.Deleted
	b.must(b.commit("1", edited, deleted))
	b.wants("1", 1)
	for _, m := range b.log.batches[0].Mentions {
		if len(m.Verdicts) != 0 {
			t.Errorf("%s has verdicts: %v", m.ID, m.Verdicts)
		}
	}
	if n := len(b.log.batches[0].Mentions); n != 2 {
		t.Errorf("%d changes were handed on", n)
	}
}

// Batches that concern nobody write nothing; Flush writes the last cursor once,
// unless a batch that is stored has carried a newer one.
func TestPipelineCoalescesCursors(t *testing.T) {
	b := newBench(t)
	b.must(b.commit("1", post("nobody")))
	b.must(b.commit("2"))
	b.wants("", 0)
	if cursor, revision, err := b.Cursor(t.Context(), "l", "p"); string(cursor) != "2" || revision != b.revision || err != nil {
		t.Errorf("a restarted source begins at %q, %d (%v)", cursor, revision, err)
	}
	b.Flush(t.Context())
	b.Flush(t.Context())
	b.wants("2", 1)

	b.must(b.commit("3"))
	b.must(b.commit("4", post("acme")))
	b.Flush(t.Context())
	b.wants("4", 2)

	_, err := b.Commit(t.Context(), "l", "p", b.revision, listeners.Batch{Mentions: []earshot.Mention{post("nobody")}})
	b.must(err)
	b.Flush(t.Context()) // a source without a cursor: nothing to write
	b.wants("4", 2)
}

// Dead letters are stored though no mention is.
func TestPipelineStoresDeadLetters(t *testing.T) {
	b := newBench(t)
	_, err := b.Commit(t.Context(), "l", "p", 0, listeners.Batch{Dead: []earshot.DeadLetter{{Reason: "torn"}}, Next: earshot.Cursor("1")})
	b.must(err)
	b.wants("1", 1)
	if len(b.log.batches[0].Dead) != 1 {
		t.Error("the dead letter is lost")
	}
}

// When somebody else has moved the cursor, Flush drops its own, and the next
// batch conflicts so that the runner reads where it really stands.
func TestPipelineIsFenced(t *testing.T) {
	b := newBench(t)
	b.must(b.commit("1", post("nobody")))
	b.log.revision, b.log.cursor = 7, earshot.Cursor("theirs")
	b.Flush(t.Context())
	b.wants("theirs", 0)
	if err := b.commit("2", post("acme")); !errors.Is(err, earshot.ErrConflict) {
		t.Errorf("the zombie may write: %v", err)
	}
	cursor, revision, err := b.Cursor(t.Context(), "l", "p")
	if string(cursor) != "theirs" || revision != 7 || err != nil {
		t.Errorf("it reads %q, %d (%v)", cursor, revision, err)
	}
	b.revision = revision
	b.must(b.commit("3", post("acme")))
	b.wants("3", 1)
}

// After an error the source starts again from what is durable: a cursor that was
// only remembered may lie behind what was lost.
func TestPipelineForgetsAfterAnError(t *testing.T) {
	b := newBench(t)
	b.must(b.commit("1", post("acme")))
	b.must(b.commit("2", post("nobody")))
	b.log.err = earshot.ErrFull
	if err := b.commit("3", post("acme")); !errors.Is(err, earshot.ErrFull) {
		t.Errorf("the error is %v", err)
	}
	b.log.err = nil
	b.Flush(t.Context())
	b.wants("1", 1)
	if cursor, _, err := b.Cursor(t.Context(), "l", "p"); string(cursor) != "1" || err != nil {
		t.Errorf("it reads %q (%v)", cursor, err)
	}
}

// A commit that waits is seen to be stuck, and one that was told to stop does not
// wait for Flush either.
func TestPipelineStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.must(b.commit("1"))
		b.log.away = make(chan struct{})
		flushing, stopFlushing := context.WithCancel(t.Context())
		go b.Flush(flushing)
		synctest.Wait()
		if got := b.Stuck(); got != 0 {
			t.Errorf("nothing is being committed, and stuck for %s", got)
		}

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := b.Commit(ctx, "l", "p", 0, listeners.Batch{Mentions: []earshot.Mention{post("acme")}})
			ended <- err
		}()
		<-time.After(time.Minute)
		if got := b.Stuck(); got != time.Minute {
			t.Errorf("stuck for %s, want a minute", got)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the commit ended with %v", err)
		}
		if got := b.Stuck(); got != 0 {
			t.Errorf("still stuck for %s", got)
		}
		stopFlushing()
		synctest.Wait()
	})
}

// The flusher writes once a second, and at the end what is left.
func TestFlusher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); b.Flusher(ctx, time.Second) }()
		b.must(b.commit("1"))
		<-time.After(1100 * time.Millisecond)
		b.must(b.commit("2"))
		synctest.Wait()
		b.wants("1", 1)
		stop()
		<-ended
		b.wants("2", 2)
	})
}

// Failures of rules add up over all the books that were used.
func TestRuleErrorsSurviveABook(t *testing.T) {
	b := newBench(t)
	broken := "mention.links[5] == 'x'"
	b.Use(bookOf(t, "acme", broken))
	b.must(b.commit("1", post("acme")))
	b.Use(bookOf(t, "zeta", broken))
	b.must(b.commit("2", post("acme"), post("zeta")))
	if got := value(t, b.metrics, "earshot_rule_errors_total"); got != 2 {
		t.Errorf("%g errors are counted, want 2", got)
	}
	if n, err := testutil.GatherAndCount(b.metrics, "earshot_rule_errors_total"); n != 1 || err != nil {
		t.Errorf("%d series (%v)", n, err)
	}
}
