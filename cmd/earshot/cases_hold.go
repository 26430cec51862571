package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/casework"
)

// holds is where legal holds keep their copies.
type holds interface {
	Case(ctx context.Context, team, id string) (earshot.CaseEvent, error)
	Keep(ctx context.Context, c *earshot.Case) error
	Unkeep(ctx context.Context, team, id string) error
	HeldCases(ctx context.Context) ([]earshot.Case, error)
}

// keeper copies what is said in cases under legal hold as it comes, and erases the
// copies when a hold ends. Every daemon has one; to do the same twice is harmless.
type keeper struct {
	bus  holds
	log  *zap.Logger
	now  func() time.Time
	wake chan struct{}

	mu      sync.Mutex
	pending map[casework.Ref]*earshot.Case
}

const (
	lookAtHolds = time.Hour        // how often holds are looked at that nothing happens to
	holdAgain   = 10 * time.Second // after something went wrong
)

func newKeeper(bus holds, log *zap.Logger) *keeper {
	return &keeper{bus: bus, log: log, now: time.Now, wake: make(chan struct{}, 1), pending: map[casework.Ref]*earshot.Case{}}
}

// see notes an event of a case that is held, or was until now.
func (k *keeper) see(e *earshot.CaseEvent) {
	if e.Case.LegalHold == nil && e.Event != casework.UnheldEvent {
		return
	}
	c := e.Case
	k.put(&c, true)
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// put has a case seen to; what is known later takes the place of what was.
func (k *keeper) put(c *earshot.Case, later bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	ref := casework.Ref{Team: c.Team, ID: c.ID}
	if _, known := k.pending[ref]; !known || later {
		k.pending[ref] = c
	}
}

// run sees to the holds until ctx ends.
func (k *keeper) run(ctx context.Context) {
	for wait := time.Duration(0); ; {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-k.wake:
			timer.Stop()
		case <-timer.C:
			if err := k.expire(ctx); err != nil && ctx.Err() == nil {
				k.log.Warn("legal holds are looked at again", zap.Error(err))
			}
		}
		if wait = lookAtHolds; !k.turn(ctx) {
			wait = holdAgain
		}
	}
}

// turn keeps or erases what is pending. It returns false when something of it has
// to be tried again.
func (k *keeper) turn(ctx context.Context) bool {
	k.mu.Lock()
	pending := k.pending
	k.pending = map[casework.Ref]*earshot.Case{}
	k.mu.Unlock()
	fine := true
	for _, c := range pending {
		if err := k.settle(ctx, c); err != nil && ctx.Err() == nil {
			k.log.Warn("a legal hold is seen to again", zap.String("team", c.Team), zap.String("case", c.ID), zap.Error(err))
			k.put(c, false)
			fine = false
		}
	}
	return fine
}

func (k *keeper) settle(ctx context.Context, c *earshot.Case) error {
	if k.over(c) {
		return k.bus.Unkeep(ctx, c.Team, c.ID)
	}
	return k.bus.Keep(ctx, c)
}

func (k *keeper) over(c *earshot.Case) bool {
	return c.LegalHold == nil || !c.LegalHold.Until.After(k.now())
}

// expire erases the copies of holds whose end has come.
func (k *keeper) expire(ctx context.Context) error {
	held, err := k.bus.HeldCases(ctx)
	if err != nil {
		return err
	}
	for i := range held {
		c := &held[i]
		// The end of a hold may have been missed. A case that is no longer there is
		// what its hold was kept for.
		now, err := k.bus.Case(ctx, c.Team, c.ID)
		if err == nil {
			c = &now.Case
		} else if !errors.Is(err, earshot.ErrNotFound) {
			return err
		}
		if k.over(c) {
			k.put(c, false)
		}
	}
	return nil
}
