package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
)

// nothingToKeep is the state of a sink that is only looked at.
type nothingToKeep struct{}

// State implements alerts.SinkState.
func (nothingToKeep) State(context.Context, string) (json.RawMessage, error) {
	return nil, errNothingRuns
}

// SetState implements alerts.SinkState.
func (nothingToKeep) SetState(context.Context, string, json.RawMessage) error { return errNothingRuns }

func noAct(context.Context, string, string, string, string) error { return errNothingRuns }

// newCourier makes what brings alerts to sinks.
func (d *daemon) newCourier() *alerts.Courier {
	return alerts.NewCourier(alerts.CourierOptions{Take: d.takeFrom, Logger: d.log.Named("sinks"), Metrics: d.metrics})
}

// takeFrom lends the outbox of a sink to one daemon at a time: the alerts of a case
// are not to overtake each other.
func (d *daemon) takeFrom(ctx context.Context, sink, team string, do func(context.Context, alerts.Outbox) error) error {
	return d.leased(ctx, "sink-"+sink, func(ctx context.Context) error {
		outbox, err := d.bus.Outbox(ctx, sink, team)
		if err != nil {
			return err
		}
		keeping, stop := context.WithCancel(ctx)
		var kept sync.WaitGroup
		kept.Go(func() { outbox.Keep(keeping) })
		defer kept.Wait()
		defer stop()
		return do(ctx, outbox)
	})
}

// prepareOutboxes makes sure that no alert raised from now on is missed by a sink,
// whoever delivers to it.
func (d *daemon) prepareOutboxes(ctx context.Context, c *Config) error {
	for _, s := range c.Sinks {
		if _, err := d.bus.Outbox(ctx, s.Name, s.Common.Team); err != nil {
			return err
		}
	}
	return nil
}

// openSinks opens the sinks of a configuration and prepares their outboxes. It starts
// nothing.
func (d *daemon) openSinks(ctx context.Context, c *Config) ([]alerts.Post, error) {
	posts, err := d.posts(c)
	if err != nil {
		return nil, err
	}
	return posts, d.prepareOutboxes(ctx, c)
}

// posts are the sinks of a configuration, opened.
func (d *daemon) posts(c *Config) ([]alerts.Post, error) {
	all := make([]alerts.Post, len(c.Sinks))
	for i, s := range c.Sinks {
		state := new(alerts.LateState)
		sink, err := s.open(c, state, d.act, d.log.Named("sinks").With(zap.String("sink", s.Name)))
		if problems := earshot.Problems(nil); errors.As(err, &problems) && !problems.Fatal() {
			err = nil // Load has said so already
		}
		if err != nil {
			return nil, fmt.Errorf("opening sink %s: %w", s.Name, err)
		}
		all[i] = alerts.Post{
			Name: s.Name, Type: s.Type, Team: s.Common.Team, Fingerprint: s.Fingerprint, MaxAge: s.Common.MaxAge,
			Filter: alerts.Filter{Brands: s.Common.Brands, Kinds: s.Common.Kinds, MinUrgency: earshot.Band(s.Common.MinUrgency)},
			Sink:   sink, State: state,
		}
	}
	return all, nil
}

// deliver brings alerts to sinks until ctx ends.
func (d *daemon) deliver(ctx context.Context, posts []alerts.Post) error {
	counting := time.NewTicker(lookForWaiting)
	defer counting.Stop()
	var counted sync.WaitGroup
	defer counted.Wait()
	counted.Go(func() {
		for {
			select {
			case <-counting.C:
				d.courier.Count(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
	return d.courier.Run(ctx, posts)
}

// lookForWaiting is how often it is counted what waits for sinks, for metrics.
const lookForWaiting = 5 * time.Second
