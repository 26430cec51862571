package listeners

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"earshot"
)

// part runs one part of a listener for as long as it is wanted.
type part struct {
	board
	Part
	listener string
	options  Options
	metrics  *metrics
	log      *zap.Logger
	backoff  *backoff.ExponentialBackOff
	quiet    Quiet
	again    chan struct{} // wakes a part whose credential was refused
	refused  string        // the stamp of the file that held it; none is tried twice for having just been written
	yielded  time.Time     // when it was last said that another process was faster
	stopped  chan struct{} // closed when run returns
}

func newPart(o Options, m *metrics, l Listener, p Part) *part {
	return &part{
		board:    board{now: Status{Listener: l.Name, Type: l.Type, Part: withoutSecrets(p.Name), State: Starting, Silence: l.Silence}},
		Part:     p,
		listener: l.Name,
		options:  o,
		metrics:  m,
		log:      o.Logger.With(zap.String("source", l.Name), zap.String("part", withoutSecrets(p.Name))),
		// Jitter of a whole interval around half the ceiling is any wait up to
		// the ceiling, so that parts that failed together do not return together.
		backoff: &backoff.ExponentialBackOff{
			InitialInterval:     o.MinBackoff / 2,
			RandomizationFactor: 1,
			Multiplier:          2,
			MaxInterval:         o.MaxBackoff / 2,
		},
		quiet:   l.Quiet,
		again:   make(chan struct{}, 1),
		stopped: make(chan struct{}),
	}
}

// errAbandoned ends a part whose source did not stop when told to.
var errAbandoned = errors.New("the source did not stop")

// run listens until ctx ends or the part is gone for good.
func (p *part) run(ctx context.Context) {
	defer close(p.stopped)
	conflicts := 0
	for {
		if !p.keepQuiet(ctx) {
			return
		}
		began := time.Now()
		err := p.attempt(ctx)
		if p.over(ctx, err) {
			return
		}
		if errors.Is(err, errQuiet) {
			continue
		}
		if refused, ok := errors.AsType[*Refused](err); ok {
			if !p.awaitCredential(ctx, refused, began) {
				return
			}
			continue
		}
		if time.Since(began) >= p.options.Healthy {
			p.backoff.Reset()
			conflicts = 0
		}
		wait := p.waitAfter(err)
		if errors.Is(err, earshot.ErrConflict) {
			// Whoever lost one race reads the cursor again at once. Whoever keeps
			// losing shares the part with another process and had better slow down.
			if conflicts++; conflicts == 1 {
				wait = 0
			} else {
				wait = standBy
			}
			p.yield(err, wait)
		} else {
			p.report(err, wait)
		}
		if !p.rest(ctx, wait) {
			return
		}
	}
}

// rest waits and reports whether the part is still wanted.
func (p *part) rest(ctx context.Context, wait time.Duration) bool {
	if pause(ctx, wait) {
		return true
	}
	p.change(func(s *Status) { s.State, s.Retry = Stopped, time.Time{} })
	return false
}

// keepQuiet waits for the quiet hours to end and reports whether the part is
// still wanted.
func (p *part) keepQuiet(ctx context.Context) bool {
	for {
		quiet, until := p.quiet.at(time.Now())
		if !quiet {
			return true
		}
		p.change(func(s *Status) { s.State, s.Retry = Hushed, until.UTC() })
		if !p.rest(ctx, time.Until(until)) {
			return false
		}
	}
}

// lookForCredential is how often a file that holds a refused credential is
// looked at.
const lookForCredential = 5 * time.Second

// awaitCredential says once what must be renewed, and waits until it may have
// been, which may also be since the source began. It reports whether the part is
// still wanted.
func (p *part) awaitCredential(ctx context.Context, refused *Refused, began time.Time) bool {
	old := stamp(refused.File)
	if old != p.refused && changedSince(refused.File, began) {
		p.refused = old
		return p.rest(ctx, 0)
	}
	p.refused = old
	p.change(func(s *Status) { s.State, s.Err, s.Retry = Denied, readable(refused), time.Time{} })
	p.metrics.failed(p.listener, refused)
	p.log.Error("credential refused: the network is not asked again until it is renewed", failure(refused))
	for p.rest(ctx, 0) {
		select {
		case <-p.again:
			return true
		case <-time.After(lookForCredential):
		case <-ctx.Done():
			continue
		}
		if refused.File != "" && stamp(refused.File) != old {
			return true
		}
	}
	return false
}

// stamp changes when a file does.
func stamp(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
}

// changedSince reports whether a file has changed since a moment. File systems keep
// coarser time than clocks.
func changedSince(file string, moment time.Time) bool {
	info, err := os.Stat(file)
	return err == nil && info.ModTime().After(moment.Add(-time.Second))
}

// over reports whether the part is not to be tried again after err, and says why.
func (p *part) over(ctx context.Context, err error) bool {
	switch {
	case errors.Is(err, errAbandoned):
		p.change(func(s *Status) { s.State = Abandoned })
		p.log.Error("source ignores that it was told to stop and is abandoned",
			zap.Duration("wait", p.options.StopTimeout))
	case ctx.Err() != nil:
		p.change(func(s *Status) { s.State = Stopped })
		p.sayPanic(err, 0)
	case errors.Is(err, ErrThrough):
		p.change(func(s *Status) { s.State, s.Err = Gone, readable(err) })
		p.log.Info("the past has been heard")
	case errors.Is(err, ErrGone):
		p.change(func(s *Status) { s.State, s.Err = Gone, readable(err) })
		p.metrics.failed(p.listener, err)
		p.log.Warn("part is gone for good and is not tried again until the configuration changes", failure(err))
	default:
		return false
	}
	return true
}

// attempt is one Listen, from the cursor as it is now.
func (p *part) attempt(ctx context.Context) error {
	cursor, revision, err := p.options.Log.Cursor(ctx, p.listener, p.Name)
	if err != nil {
		return fmt.Errorf("reading the cursor: %w", err)
	}
	p.change(func(s *Status) { s.State, s.Retry = Listening, time.Time{} })
	// What a source leaves behind when it returns or panics ends with its Listen,
	// and cannot emit any more.
	ctx, cancel := p.wake(ctx)
	defer cancel()
	ctx = WithReport(ctx, func(o Outlook) { p.change(func(s *Status) { s.Outlook = s.over(o) }) })
	e := &emitter{part: p, over: ctx.Err, revision: revision}
	result := make(chan error, 1)
	go func() {
		result <- contained(func() error { return p.Source.Listen(ctx, cursor, e.emit) })
	}()
	select {
	case err = <-result:
	case <-ctx.Done():
		select {
		case err = <-result:
		case <-time.After(p.options.StopTimeout):
			return errAbandoned
		}
	}
	switch {
	case errors.Is(context.Cause(ctx), errQuiet):
		return errQuiet // whatever the source made of it
	case e.err != nil:
		return e.err
	case err == nil:
		return errEnded
	}
	return err
}

// wake returns the context of one Listen, which ends with the next quiet hours.
func (p *part) wake(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, until := p.quiet.at(time.Now()); !until.IsZero() {
		return context.WithDeadlineCause(ctx, until, errQuiet)
	}
	return context.WithCancel(ctx)
}

// errEnded is a Listen that returned nothing, though it was not told to stop.
var errEnded = errors.New("the source ended without saying why")

// waitAfter is how long to wait after err: as the backoff says, and at least as
// long as the network asked for, within reason.
func (p *part) waitAfter(err error) time.Duration {
	wait := p.backoff.NextBackOff()
	if retry, ok := errors.AsType[*RetryAfter](err); ok {
		wait += min(max(retry.Wait, 0), p.options.MaxRetryAfter)
	}
	return wait
}

// report says once what failed and when it is tried again.
func (p *part) report(err error, wait time.Duration) {
	p.change(func(s *Status) {
		s.State, s.Err, s.Retry = Waiting, readable(err), time.Now().Add(wait).UTC()
		s.Restarts++
	})
	p.metrics.failed(p.listener, err)
	p.metrics.restarts.WithLabelValues(p.listener).Inc()
	switch {
	case p.sayPanic(err, wait):
	case errors.Is(err, earshot.ErrFull):
		p.log.Error("the store is full: nothing new is kept and the cursor stays until there is room",
			failure(err), zap.Duration("wait", wait))
	default:
		p.log.Warn("source failed", failure(err), zap.Duration("wait", wait))
	}
}

// Whoever shares a part with another process asks the network as seldom as standBy, and
// takes over as late when the other one dies. It says so once in sayAgain.
const (
	standBy  = 30 * time.Second
	sayAgain = time.Hour
)

// yield notes that another process was faster with what this one heard. That is how it
// should be where several daemons run, and no failure: what is heard is stored once.
func (p *part) yield(err error, wait time.Duration) {
	p.change(func(s *Status) { s.State, s.Retry = Listening, time.Time{} })
	p.metrics.failed(p.listener, err)
	say := p.log.Debug
	if p.yielded.IsZero() || time.Since(p.yielded) >= sayAgain {
		p.yielded, say = time.Now(), p.log.Info
	}
	say("another daemon hears this as well and was faster: nothing is lost, this one stands by", failure(err), zap.Duration("wait", wait))
}

// sayPanic counts and logs err if it is a panic, and reports whether it is.
func (p *part) sayPanic(err error, wait time.Duration) bool {
	var crash *panicError
	if !errors.As(err, &crash) {
		return false
	}
	p.metrics.panics.WithLabelValues(p.listener).Inc()
	p.log.Error("source panicked", failure(err), zap.Duration("wait", wait), zap.ByteString("stack", crash.stack))
	return true
}

// pause waits and reports whether ctx still lives.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func failure(err error) zap.Field { return zap.String("err", readable(err)) }

// What follows the question mark of a URL is often a key, and what precedes the
// @ a password. Neither is needed to understand an error.
var (
	query    = regexp.MustCompile(`(https?://[^\s"?]*)\?[^\s"]*`)
	userinfo = regexp.MustCompile(`(https?://)[^\s"/?@]*@`)
)

// readable is the text of an error without what may be secret in it.
func readable(err error) string { return withoutSecrets(err.Error()) }

func withoutSecrets(s string) string {
	return userinfo.ReplaceAllString(query.ReplaceAllString(s, "$1?…"), "$1")
}
