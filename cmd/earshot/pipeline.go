package main

import (
	"context"
	"errors"
	"maps"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"earshot"
	"earshot/bus"
	"earshot/listeners"
	"earshot/rules"
)

// committer is what the pipeline needs of the bus.
type committer interface {
	Cursor(ctx context.Context, listener, part string) (earshot.Cursor, uint64, error)
	Commit(ctx context.Context, batch bus.Batch) (bus.Committed, error)
	Holders(ctx context.Context, mentions []string) (map[string][]string, error)
	Opinions(ctx context.Context, mentions []string) (map[string][]earshot.Opinion, error)
}

// pipeline is the way from a source to the log: it judges a batch by one book
// and commits what concerns a brand, in the source's own goroutine. It is the
// listeners' Log.
//
// A batch that concerns nobody only moves the cursor, which is remembered here
// and written by Flush: hearing such posts again after a crash is harmless, a
// disk write per poll of a thousand quiet feeds is not.
type pipeline struct {
	bus   committer
	known *known // nil to ask the bus of everything
	// forgotten are those whose posts are not collected; nil for nobody.
	forgotten *forgotten
	log       *zap.Logger
	metrics   pipelineMetrics

	books  sync.RWMutex // read-locked while a batch is judged
	book   *rules.Book
	failed uint64 // errors of rules in the books before this one

	mu    sync.Mutex
	parts map[partKey]*partState
}

type partKey struct{ listener, part string }

// fenced is a revision no runner knows: its next commit conflicts, and it reads
// its cursor again.
const fenced = math.MaxUint64

// partState is where a part stands between its source and the log. It is locked
// during a commit, so that Flush never overtakes one.
type partState struct {
	began    atomic.Int64   // when the commit under way did, in Unix nanoseconds; 0 for none
	locked   chan struct{}  // full while somebody is at work on the rest
	handed   uint64         // the revision the runner knows
	revision uint64         // the revision in the log
	pending  earshot.Cursor // newer than the log; nil for none
}

type pipelineMetrics struct {
	heard, stored, known, old, withdrawn, matched, strange, forgotten prometheus.Counter
	commit                                                            prometheus.Histogram
}

func newPipeline(b committer, book *rules.Book, log *zap.Logger, reg prometheus.Registerer) *pipeline {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "earshot", Subsystem: "mentions", Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	p := &pipeline{bus: b, log: log, book: book, parts: map[partKey]*partState{}}
	p.metrics = pipelineMetrics{
		heard:     counter("heard_total", "Posts that sources handed over, edits and deletions included."),
		matched:   counter("matched_total", "Posts that concern at least one brand."),
		forgotten: counter("forgotten_total", "Posts not collected since their authors were forgotten."),
		strange:   counter("unknown_changes_total", "Edits and deletions of posts that are not stored."),
		stored:    counter("stored_total", "Messages written to the mentions stream."),
		known:     counter("known_total", "Messages not written because the stream held them already."),
		old:       counter("too_old_total", "Posts not stored because they are older than the retention."),
		withdrawn: counter("withdrawn_total", "Stored mentions replaced by a tombstone."),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "earshot", Subsystem: "pipeline", Name: "commit_duration_seconds",
			Help:    "Time to judge and commit one batch.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
		}),
	}
	reg.MustRegister(p.metrics.commit, prometheus.NewCounterFunc(prometheus.CounterOpts{
		Namespace: "earshot", Name: "rule_errors_total",
		Help: "Times that a rule failed on a mention and so did not apply.",
	}, p.ruleErrors))
	return p
}

// Use has the batches that follow judged by another book.
func (p *pipeline) Use(book *rules.Book) {
	p.books.Lock()
	defer p.books.Unlock()
	p.failed += p.book.RuleErrors()
	p.book = book
}

func (p *pipeline) ruleErrors() float64 {
	p.books.RLock()
	defer p.books.RUnlock()
	return float64(p.failed + p.book.RuleErrors())
}

// Cursor returns where a part stopped, including what Flush has yet to write.
func (p *pipeline) Cursor(ctx context.Context, listener, part string) (earshot.Cursor, uint64, error) {
	st := p.state(listener, part)
	if err := st.lock(ctx); err != nil {
		return nil, 0, err
	}
	defer st.unlock()
	if st.pending != nil {
		return st.pending, st.handed, nil
	}
	cursor, revision, err := p.bus.Cursor(ctx, listener, part)
	if err != nil {
		return nil, 0, err
	}
	st.handed, st.revision = revision, revision
	return cursor, revision, nil
}

// Commit judges the batch and makes it durable.
func (p *pipeline) Commit(ctx context.Context, listener, part string, revision uint64, batch listeners.Batch) (uint64, error) {
	st := p.state(listener, part)
	start := time.Now()
	st.began.Store(start.UnixNano())
	defer st.began.Store(0)
	if err := st.lock(ctx); err != nil {
		return 0, err
	}
	defer st.unlock()
	if revision != st.handed {
		return 0, earshot.ErrConflict
	}
	mentions, err := p.connect(ctx, p.keepOut(batch.Mentions))
	if err != nil {
		return 0, err
	}
	if err := p.opinions(ctx, mentions); err != nil {
		return 0, err
	}
	judged := p.judge(mentions)
	p.expect(judged, batch.Dead)
	if len(judged) == 0 && len(batch.Dead) == 0 {
		if batch.Next != nil {
			st.pending = batch.Next
		}
		return st.handed, nil
	}
	done, err := p.bus.Commit(ctx, bus.Batch{
		Listener: listener, Part: part, Revision: st.revision,
		Mentions: judged, Dead: batch.Dead, Next: batch.Next,
	})
	if err != nil {
		st.pending = nil
		return 0, err
	}
	st.pending, st.handed, st.revision = nil, done.Revision, done.Revision
	p.count(done, time.Since(start))
	return st.handed, nil
}

// judge returns what must reach the log: mentions of a brand, and edits and
// deletions of what the log may hold, also when that is only of this batch: after
// an outage a post and its deletion arrive together.
func (p *pipeline) judge(mentions []earshot.Mention) []earshot.Judged {
	p.books.RLock()
	defer p.books.RUnlock()
	verdicts := make([][]earshot.Verdict, len(mentions))
	for i := range mentions {
		verdicts[i] = p.verdicts(&mentions[i])
	}
	p.spread(mentions, verdicts)
	var judged []earshot.Judged
	var together map[string]bool // mentions of this batch, by ID
	matched, strange := 0, 0
	for i := range mentions {
		m := &mentions[i]
		switch {
		case len(verdicts[i]) > 0:
			matched++
			if together == nil {
				together = map[string]bool{}
			}
			together[m.ID] = true
		case !isChange(m):
			continue
		case !together[m.ID] && !p.known.Has(m.Key()):
			strange++
			continue
		}
		judged = append(judged, earshot.Judged{Mention: *m, Verdicts: verdicts[i]})
	}
	p.metrics.heard.Add(float64(len(mentions)))
	p.metrics.matched.Add(float64(matched))
	p.metrics.strange.Add(float64(strange))
	return judged
}

// verdicts is what the book says of a mention. It is called with the book locked.
func (p *pipeline) verdicts(m *earshot.Mention) []earshot.Verdict {
	switch {
	case m.Change == earshot.Deleted:
		return nil
	case m.Listener == listeners.Operation:
		return operationVerdicts(m)
	}
	return p.book.Judge(m)
}

// expect notes what is about to be stored, before it is.
func (p *pipeline) expect(judged []earshot.Judged, dead []earshot.DeadLetter) {
	for i := range judged {
		if len(judged[i].Verdicts) > 0 {
			p.known.Add(judged[i].Key())
		}
	}
	for i := range dead {
		if dead[i].Mention != "" {
			p.known.Add(earshot.Key(dead[i].Mention))
		}
	}
}

func (p *pipeline) count(done bus.Committed, took time.Duration) {
	p.metrics.stored.Add(float64(done.Stored))
	p.metrics.known.Add(float64(done.Known))
	p.metrics.old.Add(float64(done.Old))
	p.metrics.withdrawn.Add(float64(done.Withdrawn))
	p.metrics.commit.Observe(took.Seconds())
}

// Stuck is how long the oldest commit under way has taken, 0 for none.
func (p *pipeline) Stuck() time.Duration {
	var longest time.Duration
	for _, st := range p.snapshot() {
		if began := st.began.Load(); began != 0 {
			longest = max(longest, time.Since(time.Unix(0, began)))
		}
	}
	return longest
}

// Flush writes the cursors that quiet batches have moved. It is called once a
// second and at stop.
func (p *pipeline) Flush(ctx context.Context) {
	for key, st := range p.snapshot() {
		if ctx.Err() != nil {
			return
		}
		if err := p.flush(ctx, key, st); err != nil {
			p.log.Debug("cursor not written yet", zap.String("listener", key.listener), zap.String("part", key.part), zap.Error(err))
		}
	}
}

func (p *pipeline) flush(ctx context.Context, key partKey, st *partState) error {
	if !st.tryLock() {
		return nil // a commit is under way and carries a newer cursor
	}
	defer st.unlock()
	if st.pending == nil {
		return nil
	}
	done, err := p.bus.Commit(ctx, bus.Batch{Listener: key.listener, Part: key.part, Revision: st.revision, Next: st.pending})
	if errors.Is(err, earshot.ErrConflict) {
		st.pending, st.handed = nil, fenced
	}
	if err != nil {
		return err
	}
	st.pending, st.revision = nil, done.Revision
	return nil
}

// Flusher calls Flush once a second until ctx ends, and once more after that,
// for at most grace.
func (p *pipeline) Flusher(ctx context.Context, grace time.Duration) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.Flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			p.Flush(last)
			return
		}
	}
}

func (p *pipeline) state(listener, part string) *partState {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := partKey{listener, part}
	st := p.parts[key]
	if st == nil {
		st = &partState{locked: make(chan struct{}, 1)}
		p.parts[key] = st
	}
	return st
}

// lock waits no longer than ctx: whoever has the lock may be waiting for a bus
// that is away.
func (st *partState) lock(ctx context.Context) error {
	select {
	case st.locked <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (st *partState) tryLock() bool {
	select {
	case st.locked <- struct{}{}:
		return true
	default:
		return false
	}
}

func (st *partState) unlock() { <-st.locked }

func (p *pipeline) snapshot() map[partKey]*partState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.parts)
}
