package listeners_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"earshot"
	"earshot/listeners"
)

// ward is a listener under watch, in a daemon that may restart.
type ward struct {
	t        *testing.T
	log      *memoryLog
	tally    *memoryTally
	status   listeners.Status
	standby  bool
	stop     func()
	mu       sync.Mutex // of status, standby and statuses
	statuses func() (map[string][]listeners.Status, error)
}

func (w *ward) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func newWard(t *testing.T, bound time.Duration) *ward {
	w := &ward{t: t, log: newMemoryLog(), tally: newMemoryTally()}
	w.status = listeners.Status{Listener: "fedi", Part: "a", State: listeners.Listening, Silence: bound}
	w.statuses = func() (map[string][]listeners.Status, error) {
		return map[string][]listeners.Status{"here": {w.status}}, nil
	}
	return w
}

func (w *ward) start() {
	part := listeners.NewSilence(listeners.SilenceOptions{
		Status: func(context.Context) (map[string][]listeners.Status, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.statuses()
		},
		Acting: func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return !w.standby
		},
		Tally: w.tally,
	})
	b := newBench(func(o *listeners.Options) { o.Log = w.log })
	w.stop = b.start(w.t, listeners.Listener{Name: listeners.Operation, Parts: []listeners.Part{part}})
}

// hear passes time in which so many posts an hour are heard.
func (w *ward) hear(perHour int, long time.Duration) {
	for end := time.Now().Add(long); time.Now().Before(end); {
		<-time.After(6 * time.Minute)
		w.set(func() { w.status.Mentions += int64(perHour / 10) })
	}
	synctest.Wait()
}

// news are what was told since the last call: the headline, or "over".
func (w *ward) news() string {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	var all []string
	for _, b := range w.log.batches {
		for _, m := range b.Mentions {
			if m.Change == earshot.Deleted {
				all = append(all, "over")
			} else {
				all = append(all, m.Title)
			}
		}
	}
	w.log.batches = nil
	return strings.Join(all, "|")
}

func (w *ward) want(news string) {
	w.t.Helper()
	if got := w.news(); got != news {
		w.t.Errorf("at %s told %q, want %q", time.Now().UTC().Format("Mon 15:04"), got, news)
	}
}

// A listener that hears clearly less than its habit is told of once, across
// restarts, and taken back on recovery.
func TestSilenceByHabit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, 0)
		w.start()
		w.hear(60, 15*24*time.Hour)
		w.want("")
		w.hear(0, 2*time.Hour)
		w.want("listener fedi hears clearly less than usual")
		w.hear(0, 24*time.Hour)
		w.stop()
		w.set(func() { w.status.Mentions = 0 })
		w.start()
		w.hear(0, 24*time.Hour)
		w.want("")
		w.hear(60, 2*time.Hour)
		w.want("over")
		w.hear(60, 24*time.Hour)
		w.want("")
		w.stop()
	})
}

func TestSilenceByBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, 6*time.Hour)
		w.start()
		w.hear(0, 5*time.Hour)
		w.want("")
		w.hear(0, 2*time.Hour)
		w.want("listener fedi is silent")
		w.hear(10, time.Hour)
		w.want("over")
		w.stop()
	})
}

// A failing network has a quarter of an hour, a refused credential none.
func TestSilenceByFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, 0)
		w.start()
		w.set(func() { w.status.State, w.status.Err = listeners.Waiting, "no route to host" })
		w.hear(0, 12*time.Minute)
		w.want("")
		w.hear(0, 6*time.Minute)
		w.want("listener fedi does not listen")
		w.set(func() { w.status.State, w.status.Err = listeners.Listening, "" })
		w.hear(0, 6*time.Minute)
		w.want("over")
		w.set(func() { w.status.State = listeners.Denied })
		w.hear(0, 6*time.Minute)
		w.want("listener fedi does not listen")
		w.stop()
	})
}

// Most of a budget is told once, beside any silence, and taken back when it begins
// anew.
func TestBudgetIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, time.Hour)
		w.start()
		w.set(func() { w.status.Spent = []listeners.Spent{{Unit: "USD", Per: "day", Used: 7.9, Limit: 10}} })
		w.hear(10, 12*time.Minute)
		w.want("")
		w.set(func() { w.status.Spent[0].Used = 8 })
		w.hear(10, 12*time.Minute)
		w.want("listener fedi has spent most of its budget")
		w.hear(0, 2*time.Hour)
		w.want("listener fedi is silent")
		w.set(func() { w.status.Spent[0].Used = 0 })
		w.hear(0, 12*time.Minute)
		w.want("over")
		w.hear(10, 12*time.Minute)
		w.want("over")
		w.stop()
	})
}

// A daemon that stands by tells nothing; one whose colleagues do not answer says so.
func TestSilenceStandsBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, time.Hour)
		w.set(func() { w.standby = true })
		w.start()
		w.hear(0, 3*time.Hour)
		w.want("")
		w.set(func() { w.standby = false })
		w.hear(0, 2*time.Hour)
		w.want("listener fedi is silent")
		w.set(func() {
			w.statuses = func() (map[string][]listeners.Status, error) { return nil, errors.New("nobody answers") }
		})
		w.hear(0, time.Hour)
		w.want("")
		w.stop()
	})
}

// A daemon may restart; a listener that nobody has for an hour is not silent.
func TestSilenceOfAListenerThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, time.Hour)
		w.start()
		w.hear(0, 2*time.Hour)
		w.want("listener fedi is silent")
		w.set(func() { w.statuses = func() (map[string][]listeners.Status, error) { return nil, nil } })
		w.hear(0, 30*time.Minute)
		w.want("")
		w.hear(0, time.Hour)
		w.want("over")
		w.stop()
	})
}

// A heartbeat edits one mention at once and then every so often.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		stop := b.start(t, listeners.Listener{Name: listeners.Operation, Parts: []listeners.Part{listeners.NewHeartbeat(time.Minute)}})
		<-time.After(150 * time.Second)
		stop()
		if len(b.log.batches) != 3 || b.log.batches[0].Mentions[0].ID != listeners.HeartbeatID {
			t.Errorf("batches %+v", b.log.batches)
		}
	})
}

// Nobody else speaks for the operation.
func TestOperationIsReserved(t *testing.T) {
	batch, lost := listeners.Normalise(listeners.Batch{Mentions: []earshot.Mention{{ID: listeners.HeartbeatID, Change: earshot.Deleted}}}, time.Now())
	if lost != 1 || len(batch.Mentions) != 0 {
		t.Errorf("kept %+v", batch.Mentions)
	}
}
