package listeners

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners/habit"
)

// Operation is the listener that hears earshot itself, and its network. No other
// may use either.
const (
	Operation        = "_earshot"
	OperationNetwork = "earshot"
)

// What the operation's mentions are about, in Mention.Channel.
const (
	ChannelSilence   = "silence"
	ChannelHeartbeat = "heartbeat"
)

// SilenceOptions are what NewSilence is made of.
type SilenceOptions struct {
	Status func(context.Context) (map[string][]Status, error) // of every running daemon, by a name of it
	Acting func() bool                                        // whether this daemon is the one that tells
	Tally  Tally                                              // keeps the habits
	Log    *zap.Logger
	Every  time.Duration // how often it looks; 0 means 30 s
}

// NewSilence returns a part that listens to the other listeners: it posts when one
// hears clearly less than its own habit of the hour of the week, nothing for as
// long as its bound, or fails; and deletes the post when that is over. What is
// silent is in its cursor, so that it is told once, whoever restarts.
func NewSilence(o SilenceOptions) Part {
	if o.Every <= 0 {
		o.Every = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return Part{Name: "silence", Source: &silence{SilenceOptions: o}}
}

type silence struct{ SilenceOptions }

// outage is a silence that has been told of.
type outage struct {
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
	Cause cause     `json:"cause"`
}

// cause is why a listener is taken for silent.
type cause string

const (
	fails  cause = "fails"  // it does not listen
	bound  cause = "bound"  // nothing for as long as was configured
	less   cause = "less"   // less than its habit
	spends cause = "spends" // most of its budget is gone
)

// Listen looks at the listeners until ctx ends.
func (s *silence) Listen(ctx context.Context, from earshot.Cursor, emit Emit) error {
	open := map[string]outage{}
	if len(from) > 0 {
		if err := json.Unmarshal(from, &open); err != nil {
			return fmt.Errorf("reading what is silent: %w", err)
		}
	}
	w := s.watch(open)
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !s.Acting() {
			// What another daemon tells in the meantime has moved the cursor: the
			// first batch after that is refused, and everything read anew.
			w = s.watch(open)
			continue
		}
		if err := w.look(ctx, time.Now(), emit); err != nil {
			return err
		}
	}
}

func (s *silence) watch(open map[string]outage) *watch {
	return &watch{silence: s, open: open, ears: map[string]*ear{}, seen: map[counterKey]int64{}}
}

// watch is one Listen of a silence.
type watch struct {
	*silence
	open map[string]outage
	ears map[string]*ear      // by listener
	seen map[counterKey]int64 // mentions counted so far
	last time.Time            // when it looked
	from time.Time            // when it first did
}

type counterKey struct{ daemon, listener, part string }

// ear is what is known of one listener.
type ear struct {
	habit    habit.Habit
	revision uint64        // of the habit's record
	hour     habit.Hour    // the present one
	past     []habit.Hour  // the last ones, the newest first
	minutes  []int         // heard in the last looks, the newest last
	heard    time.Time     // when it last heard anything
	failing  time.Time     // since when it does not listen; zero while it does
	why      string        // what it says of that
	posts    bool          // whether anything came since the last look
	spent    []Spent       // of its budgets
	bound    time.Duration // nothing for so long is silence; 0 for never
	known    time.Time     // when a daemon last had the listener
}

// patience is how long a listener may fail before it is told of: networks have
// their moments.
const patience = 15 * time.Minute

func (w *watch) look(ctx context.Context, now time.Time, emit Emit) error {
	all, err := w.Status(ctx)
	if err != nil {
		return fmt.Errorf("asking how the listeners are doing: %w", err)
	}
	if err := w.count(ctx, all, now); err != nil {
		return err
	}
	var batch Batch
	for _, name := range slices.Sorted(maps.Keys(w.ears)) {
		if m, ok := w.judge(name, now); ok {
			batch.Mentions = append(batch.Mentions, m)
		}
		if m, ok := w.judgeBudget(name, now); ok {
			batch.Mentions = append(batch.Mentions, m)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.open)) {
		if w.ears[listenerOf(name)] == nil && w.forgotten(now) {
			batch.Mentions = append(batch.Mentions, over(w.open[name]))
			delete(w.open, name)
		}
	}
	if len(batch.Mentions) == 0 {
		return nil
	}
	if batch.Next, err = json.Marshal(w.open); err != nil {
		return fmt.Errorf("writing what is silent: %w", err)
	}
	return emit(ctx, batch)
}

// judge returns what is to be told of a listener, if anything.
func (w *watch) judge(name string, now time.Time) (earshot.Mention, bool) {
	e := w.ears[name]
	o, silent := w.open[name]
	if silent {
		if !e.recovered(o.Cause) {
			return earshot.Mention{}, false
		}
		delete(w.open, name)
		return over(o), true
	}
	why, title, text := e.trouble(now)
	if why == "" {
		return earshot.Mention{}, false
	}
	return w.tell(name, name, outage{Since: now.UTC(), Cause: why}, title, text), true
}

// judgeBudget tells when most of a listener's budget is spent: it will be silent
// when all of it is.
func (w *watch) judgeBudget(name string, now time.Time) (earshot.Mention, bool) {
	key := name + budgetSuffix
	spent, most := w.ears[name].mostSpent()
	o, told := w.open[key]
	switch {
	case told && !most:
		delete(w.open, key)
		return over(o), true
	case told || !most:
		return earshot.Mention{}, false
	}
	text := fmt.Sprintf("%.4g of %.4g %s a %s are spent; the listener falls silent when all of it is, until %s.",
		spent.Used, spent.Limit, spent.Unit, spent.Per, spent.Reset.Format(time.RFC3339))
	return w.tell(key, name, outage{Since: now.UTC(), Cause: spends}, "has spent most of its budget", text), true
}

// budgetSuffix makes the key of what is told of a budget from a listener's name,
// which holds no slash.
const budgetSuffix = "/budget"

func listenerOf(key string) string { return strings.TrimSuffix(key, budgetSuffix) }

// tell opens an outage and returns the post that tells of it.
func (w *watch) tell(key, name string, o outage, title, text string) earshot.Mention {
	o.ID = fmt.Sprintf("%s:silence/%s/%d", OperationNetwork, key, o.Since.Unix())
	w.open[key] = o
	return earshot.Mention{
		ID: o.ID, Network: OperationNetwork, Channel: ChannelSilence, Posted: o.Since,
		Author: earshot.Author{Handle: name}, Title: "listener " + name + " " + title, Text: text, Lang: "en",
	}
}

// restarting is how long a daemon may be away before its listeners are forgotten.
const restarting = time.Hour

// forgotten reports whether a listener that no daemon has since it looks is not
// configured any more, and so cannot be silent.
func (w *watch) forgotten(now time.Time) bool { return now.Sub(w.from) >= restarting }

func over(o outage) earshot.Mention {
	return earshot.Mention{ID: o.ID, Network: OperationNetwork, Change: earshot.Deleted}
}
