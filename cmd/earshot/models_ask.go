package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"earshot"
	"earshot/cmd/earshot/model"
	"earshot/listeners"
)

// asker reads the log and asks one model of the mentions that qualify. What it
// answers is stored with the mention, judged anew; whatever goes wrong, the mention
// stays as it is.
type asker struct {
	config   model.Config
	log      *zap.Logger
	network  *listeners.Network
	bus      reviser
	tally    listeners.Tally
	calls    *prometheus.CounterVec
	pipeline *pipeline
	model    *model.Model
	read     func(after uint64) mentionReader
	budget   *listeners.Budget

	revision uint64 // of the progress
	asking   singleflight.Group
	answers  *lru.Cache[string, earshot.Opinion] // by question
	down     atomic.Int64                        // until when the model is left alone, in Unix nanoseconds
	mu       sync.Mutex
	said     time.Time // when a failure was logged last
}

// Bounds of an asker.
const (
	mostAnswers = 20_000           // remembered
	warmth      = 5000             // sequences before its progress that it learns answers from
	saveEvery   = 2 * time.Second  // of the progress when nothing was asked
	sayEvery    = time.Minute      // of failures in the log
	retryRoom   = 5 * time.Second  // when the store is full
	mostWait    = 10 * time.Minute // for a model that asks to be left alone
)

func newAsker(a *asker) *asker {
	// The size is a positive constant, which is all that New checks.
	a.answers, _ = lru.New[string, earshot.Opinion](mostAnswers)
	return a
}

// run asks until ctx ends.
func (a *asker) run(ctx context.Context) error {
	p, err := a.resume(ctx)
	if err != nil {
		return err
	}
	reader := a.read(p.Sequence - min(p.Sequence, warmth))
	defer reader.Close()
	saved := time.Now()
	for {
		batch, err := reader.Next(ctx, 4*a.config.Concurrent)
		if err != nil {
			return err
		}
		asked := a.deal(ctx, batch, p.Sequence)
		if ctx.Err() != nil {
			return nil
		}
		last := batch[len(batch)-1].Sequence
		if last <= p.Sequence {
			continue
		}
		p.Sequence = last
		if asked || time.Since(saved) > saveEvery {
			if err := a.save(ctx, p); err != nil {
				return err
			}
			saved = time.Now()
		}
	}
}

// deal asks of those of a batch that come after a sequence, and learns from the
// others. It reports whether anything was asked.
func (a *asker) deal(ctx context.Context, batch []earshot.Stored, after uint64) bool {
	var asked atomic.Bool
	var group errgroup.Group
	group.SetLimit(a.config.Concurrent)
	for i := range batch {
		s := &batch[i]
		if a.learn(s) || s.Sequence <= after || !a.qualifies(s) {
			continue
		}
		group.Go(func() error {
			asked.Store(true)
			if outcome := a.opine(ctx, s); outcome != "" {
				a.calls.WithLabelValues(a.config.Name, outcome).Inc()
			}
			return nil
		})
	}
	_ = group.Wait() // nothing in it fails
	return asked.Load()
}

// learn remembers what the model thought of a mention that has its opinion.
func (a *asker) learn(s *earshot.Stored) bool {
	o := s.Mention.OpinionOn(s.Brand)
	if o == nil || o.By != a.config.Name {
		return false
	}
	a.answers.Add(a.model.Question(s.Brand, &s.Mention).Key(), *o)
	return true
}

// qualifies reports whether the model is to be asked.
func (a *asker) qualifies(s *earshot.Stored) bool {
	switch {
	case s.Verdict == nil, s.Mention.Visibility == earshot.Private && !a.config.Private, a.pipeline.forgotten.Keeps(&s.Mention):
		return false
	}
	return a.pipeline.Book().Asks(&s.Mention, s.Brand) == a.config.Name
}

// opine has the model asked of a mention and stores what it thinks. It says what
// became of it, nothing when ctx has ended.
func (a *asker) opine(ctx context.Context, s *earshot.Stored) string {
	q := a.model.Question(s.Brand, &s.Mention)
	for a.fresh(s) {
		if !a.rested(ctx, s) {
			break
		}
		o, cached, err := a.answer(ctx, q)
		switch failed := (*model.Failure)(nil); {
		case ctx.Err() != nil:
			return ""
		case err == nil:
			return a.store(ctx, s, o, cached)
		case errors.Is(err, listeners.ErrSpent):
			a.say("the budget of the model is spent: mentions stay without its opinion", err)
			return "spent"
		case errors.As(err, &failed) && failed.Again == 0:
			a.say("the model gave no answer: the mention stays without its opinion", err)
			return "failed"
		case errors.As(err, &failed):
			a.say("the model is asked again later", err)
			a.down.Store(time.Now().Add(min(failed.Again, mostWait)).UnixNano())
		default:
			a.say("the model is not asked: its spending cannot be counted", err)
			return "failed"
		}
	}
	if ctx.Err() != nil {
		return ""
	}
	return "old"
}

func (a *asker) fresh(s *earshot.Stored) bool {
	return time.Since(s.Mention.Heard) < a.config.MaxAge
}

// rested waits while the model is to be left alone, unless the mention would be too
// old by then.
func (a *asker) rested(ctx context.Context, s *earshot.Stored) bool {
	wait := time.Until(time.Unix(0, a.down.Load()))
	if wait <= 0 {
		return true
	}
	if time.Until(s.Mention.Heard.Add(a.config.MaxAge)) < wait {
		return false
	}
	pauseFor(ctx, wait)
	return ctx.Err() == nil
}

// answer is what the model thinks: of the same words it is asked once. The price
// is counted durably before it is asked, and given back if it cannot have cost
// anything.
func (a *asker) answer(ctx context.Context, q model.Question) (o earshot.Opinion, cached bool, err error) {
	key := q.Key()
	if o, ok := a.answers.Get(key); ok {
		return o, true, nil
	}
	mine := false
	v, err, _ := a.asking.Do(key, func() (any, error) {
		mine = true
		if err := a.budget.Spend(ctx, a.config.Price); err != nil {
			return earshot.Opinion{}, err
		}
		o, err := a.model.Ask(ctx, q)
		var failed *model.Failure
		if errors.As(err, &failed) && failed.Free {
			if err := a.budget.Spend(ctx, -a.config.Price); err != nil {
				a.log.Debug("a price stays counted", zap.Error(err))
			}
		}
		if err == nil {
			a.answers.Add(key, o)
		}
		return o, err
	})
	o, _ = v.(earshot.Opinion)
	return o, !mine, err
}

// store puts what the model thinks into the mention and has it judged, unless
// something newer has taken its place.
func (a *asker) store(ctx context.Context, s *earshot.Stored, o earshot.Opinion, cached bool) string {
	m := s.Mention
	m.Change = earshot.Edited
	o.Brand, o.Of = s.Brand, m.Said()
	m.Opinions = []earshot.Opinion{o}
	for ctx.Err() == nil {
		verdict := verdictFor(a.pipeline.Book().Judge(&m), s.Brand)
		if verdict == nil {
			return "late" // a new configuration has other ideas
		}
		err := a.bus.Revise(ctx, *s, m, *verdict, "models/"+a.config.Name)
		switch {
		case err == nil && cached:
			return "cached"
		case err == nil:
			return "answered"
		case errors.Is(err, earshot.ErrConflict):
			return "late"
		case !errors.Is(err, earshot.ErrFull) || !a.fresh(s):
			a.say("an opinion could not be stored", err)
			return "failed"
		}
		pauseFor(ctx, retryRoom)
	}
	return ""
}

func verdictFor(verdicts []earshot.Verdict, brand string) *earshot.Verdict {
	for i := range verdicts {
		if verdicts[i].Brand == brand {
			return &verdicts[i]
		}
	}
	return nil
}

// say logs a failure, unless one was a short while ago.
func (a *asker) say(what string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.said) < sayEvery {
		return
	}
	a.said = time.Now()
	a.log.Warn(what, zap.Error(err))
}
