package listeners_test

import (
	"context"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"earshot"
	"earshot/listeners"
)

// sourceFunc is a source made of a function.
type sourceFunc func(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error

func (f sourceFunc) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	return f(ctx, from, emit)
}

// memoryLog keeps batches and fences cursors as the bus does.
type memoryLog struct {
	mu        sync.Mutex
	cursors   map[string]earshot.Cursor
	revisions map[string]uint64
	batches   []listeners.Batch
	cursorErr error
	commitErr error
}

func newMemoryLog() *memoryLog {
	return &memoryLog{cursors: map[string]earshot.Cursor{}, revisions: map[string]uint64{}}
}

func (l *memoryLog) Cursor(_ context.Context, listener, part string) (earshot.Cursor, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cursors[listener+"/"+part], l.revisions[listener+"/"+part], l.cursorErr
}

func (l *memoryLog) Commit(_ context.Context, listener, part string, revision uint64, b listeners.Batch) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := listener + "/" + part
	if l.commitErr != nil {
		return 0, l.commitErr
	}
	if l.revisions[key] != revision {
		return 0, earshot.ErrConflict
	}
	l.batches = append(l.batches, b)
	l.cursors[key] = b.Next
	l.revisions[key]++
	return l.revisions[key], nil
}

func (l *memoryLog) set(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// bench is a runner under test.
type bench struct {
	*listeners.Runner
	log     *memoryLog
	logs    *observer.ObservedLogs
	metrics *prometheus.Registry
}

func newBench(change func(*listeners.Options)) *bench {
	core, logs := observer.New(zapcore.DebugLevel)
	b := &bench{log: newMemoryLog(), logs: logs, metrics: prometheus.NewRegistry()}
	o := listeners.Options{Log: b.log, Logger: zap.New(core), Metrics: b.metrics}
	if change != nil {
		change(&o)
	}
	b.Runner = listeners.New(o)
	return b
}

// start runs the listeners; the returned function stops them and waits.
func (b *bench) start(t *testing.T, ls ...listeners.Listener) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, ls) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func one(name string, sources ...listeners.Source) listeners.Listener {
	l := listeners.Listener{Name: name, Type: "test"}
	for i, s := range sources {
		l.Parts = append(l.Parts, listeners.Part{Name: string(rune('a' + i)), Source: s})
	}
	return l
}

func idle(ctx context.Context, _ earshot.Cursor, _ listeners.Emit) error {
	<-ctx.Done()
	return ctx.Err()
}

func (b *bench) state(listener string) listeners.Status {
	for _, s := range b.Status() {
		if s.Listener == listener {
			return s
		}
	}
	return listeners.Status{}
}
