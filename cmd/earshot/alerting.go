package main

import (
	"context"

	"go.uber.org/zap"
)

// alertsLease is held by the one daemon that raises alerts, of all that share a
// bus: a matter is counted in one place.
const alertsLease = "alerts"

// What the engine of a daemon does.
const (
	notAlerting = int32(iota)
	standingBy  // another daemon holds the lease
	alerting
)

// alert raises alerts whenever the lease is this daemon's, until ctx ends.
func (d *daemon) alert(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := d.alertOnce(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// alertOnce takes the lease, runs the engine on the mentions that no alert has
// accounted for yet, and returns when the lease is lost or ctx ends.
func (d *daemon) alertOnce(ctx context.Context) error {
	d.engineState.Store(standingBy)
	return d.leased(ctx, alertsLease, func(ctx context.Context) error {
		select {
		case <-d.muted: // else what a mute holds back would be told after every restart
		case <-ctx.Done():
			return nil
		}
		after, err := d.bus.Resume(ctx, brandNames(d.config.Load()))
		if err != nil {
			return err
		}
		if after, err = d.engine.Resume(ctx, after); err != nil {
			return err
		}
		mentions := d.bus.Mentions(after)
		defer mentions.Close()
		d.engineState.Store(alerting)
		return d.engine.Run(ctx, mentions)
	})
}

// leased does what only one daemon may at a time, while the lease is this one's.
// It returns nil when the lease is lost or ctx ends.
func (d *daemon) leased(ctx context.Context, name string, do func(ctx context.Context) error) error {
	lease, err := d.bus.Lease(ctx, name)
	if err != nil {
		return err
	}
	defer func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		lease.Release(grace)
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-lease.Lost():
			d.log.Warn("another daemon does this from now on", zap.String("lease", name))
			cancel()
		case <-ctx.Done():
		}
	}()
	return ignoreEnd(ctx, do(ctx))
}

// ignoreEnd is err, unless all that happened is that ctx ended.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
