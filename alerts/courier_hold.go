package alerts

import (
	"context"
	"errors"
	"os"
	"time"

	"go.uber.org/zap"
)

// soFar is how many alerts were delivered in this life.
func (p *post) soFar() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.delivered
}

func (p *post) change(f func(*SinkStatus)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.now)
}

// admitted waits until the peer may be called, and takes a turn.
func (p *post) admitted(ctx context.Context, turns chan struct{}) error {
	for {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		p.mu.Lock()
		held, wait := p.held, time.Until(p.closed)
		p.mu.Unlock()
		if held == nil && wait <= 0 {
			return nil
		}
		<-turns
		if held != nil {
			select {
			case <-held:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		pause(ctx, wait)
	}
}

// holds reports whether an error concerns all deliveries, and if so makes them wait
// for what ends it: a time, another credential, another configuration.
func (p *post) holds(ctx context.Context, err error) bool {
	var retry *RetryAfter
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		p.hold(ctx, SinkRefused, err, refused.File)
	case errors.Is(err, ErrGone):
		p.hold(ctx, SinkGone, err, "")
	case errors.As(err, &retry):
		until := time.Now().Add(min(max(retry.Wait, p.options.Pauses.Least), longestWait))
		p.mu.Lock()
		defer p.mu.Unlock()
		if until.After(p.closed) {
			p.closed = until
		}
		p.now.State, p.now.Err, p.now.Retry = SinkWaiting, err.Error(), p.closed.UTC()
	default:
		return false
	}
	return true
}

// hold stops all deliveries, says so once, and has the file of the credential watched.
func (p *post) hold(ctx context.Context, state Standing, err error, file string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.State, p.now.Err, p.now.Retry = state, err.Error(), time.Time{}
	if p.now.Failing.IsZero() {
		p.now.Failing = time.Now().UTC()
	}
	if p.held != nil {
		return
	}
	if state == SinkGone {
		p.log.Error("the peer wants nothing any more: nothing is sent until the configuration changes", zap.Error(err))
	} else {
		p.log.Error("credential refused: nothing is sent until it is renewed", zap.Error(err))
	}
	held := make(chan struct{})
	p.held = held
	select {
	case <-p.again: // of a reload before
	default:
	}
	go p.release(ctx, held, state, file, stampOf(file))
}

// release ends a hold when the file has changed, or the configuration was read again.
func (p *post) release(ctx context.Context, held chan struct{}, state Standing, file, was string) {
	tick := time.NewTicker(p.options.Pauses.Credential)
	defer tick.Stop()
	for waiting := true; waiting; {
		select {
		case <-p.again:
			waiting = state == SinkGone
		case <-tick.C:
			waiting = file == "" || stampOf(file) == was
		case <-ctx.Done():
			waiting = false
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = nil
	if ctx.Err() == nil {
		p.now.State = SinkDelivering
	}
	close(held)
}

// stampOf changes whenever a file does.
func stampOf(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return "none"
	}
	return info.ModTime().String() + " " + info.Mode().String() + " " + time.Duration(info.Size()).String()
}

// failing says that an alert failed, the first time for all to see.
func (p *post) failing(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now.Failing.IsZero() {
		p.now.Failing = time.Now().UTC()
		p.log.Warn("delivery fails, it is tried again", zap.Error(err))
	}
	p.now.State, p.now.Err = SinkFailing, err.Error()
	p.now.Retries++
}

// follow hears what becomes of what was delivered, until ctx ends.
func (p *post) follow(ctx context.Context, f Follower) {
	wait := p.backoff()
	said := false
	for ctx.Err() == nil {
		began := time.Now()
		err := p.following(ctx, f)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > 2*time.Minute {
			wait.Reset()
			said = false
		}
		if !said {
			said = true
			p.log.Warn("not hearing what becomes of alerts, it is tried again", zap.Error(err))
		}
		p.metrics.failures.WithLabelValues(p.Name, reasonOf(err)).Inc()
		rest := wait.NextBackOff()
		if retry := (*RetryAfter)(nil); errors.As(err, &retry) {
			rest = min(max(rest, retry.Wait), longestWait)
		}
		pause(ctx, rest)
	}
}

func (p *post) following(ctx context.Context, f Follower) (err error) {
	defer p.recover(&err)
	return f.Follow(ctx)
}
