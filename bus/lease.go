package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"earshot"
)

// Times of a lease. Who cannot renew it considers it lost a good while before
// the server gives it to somebody else.
const (
	leaseFor   = 10 * time.Second
	leaseRenew = 2 * time.Second
	leaseLost  = 7 * time.Second
)

// Lease is the right to do what only one daemon may do at a time. It spares
// useless work; what keeps data right is the fence of each write.
type Lease struct {
	bus      *Bus
	subject  string
	owner    string
	sequence uint64
	lost     chan struct{}
	stop     context.CancelFunc
	done     sync.WaitGroup
}

// Lease waits until the named right is this daemon's, or ctx ends. A restarted
// daemon takes its own lease up again at once. With an embedded server the lock
// on the state directory is the lease.
func (b *Bus) Lease(ctx context.Context, name string) (*Lease, error) {
	if err := tokens(name); err != nil {
		return nil, fmt.Errorf("taking lease: %w", err)
	}
	l := &Lease{bus: b, subject: "$KV." + bucketLeases + "." + name, lost: make(chan struct{}), stop: func() {}}
	if b.server != nil {
		return l, nil
	}
	if b.state == nil {
		return nil, fmt.Errorf("taking lease %s: there is no state directory to keep an identity in", name)
	}
	var err error
	if l.owner, err = b.state.identity(); err != nil {
		return nil, err
	}
	waiting := false
	for {
		err := l.take(ctx)
		if err == nil {
			break
		}
		if !errors.Is(err, earshot.ErrConflict) && !errors.Is(err, errAway) && !errors.Is(err, earshot.ErrFull) {
			return nil, fmt.Errorf("taking lease %s: %w", name, err)
		}
		if !waiting && errors.Is(err, earshot.ErrConflict) {
			waiting = true
			b.log.Info("another daemon holds the lease: standing by", zap.String("lease", name))
		}
		if err := b.link.pause(ctx, leaseRenew); err != nil {
			return nil, fmt.Errorf("taking lease %s: %w", name, err)
		}
	}
	running, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.done.Go(func() { l.keep(running) })
	return l, nil
}

// Lost is closed when the lease may have gone to somebody else.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Release gives the lease back.
func (l *Lease) Release(ctx context.Context) {
	l.stop()
	l.done.Wait()
	if l.owner == "" || l.isLost() {
		return
	}
	m := &nats.Msg{Subject: l.subject, Header: nats.Header{headerKVOperation: {"DEL"}}}
	if err := l.write(ctx, m, l.sequence); err != nil {
		l.bus.log.Debug("the lease ends by itself", zap.Error(err))
	}
}

func (l *Lease) isLost() bool {
	select {
	case <-l.lost:
		return true
	default:
		return false
	}
}

// take tries once; ErrConflict says that somebody else has it.
func (l *Lease) take(ctx context.Context) error {
	r, err := l.bus.link.last(ctx, "KV_"+bucketLeases, l.subject)
	if err != nil && !errors.Is(err, earshot.ErrNotFound) {
		return err
	}
	free := r.header.Get(headerKVOperation) != "" || r.header.Get("Nats-Marker-Reason") != ""
	if err == nil && !free && string(r.data) != l.owner {
		return earshot.ErrConflict
	}
	return l.write(ctx, &nats.Msg{Subject: l.subject, Header: make(nats.Header), Data: []byte(l.owner)}, r.sequence)
}

// write replaces the record of the lease. Every write names its end, without
// which the lease would last for ever.
func (l *Lease) write(ctx context.Context, m *nats.Msg, over uint64) error {
	m.Header[headerTTL] = []string{leaseFor.String()}
	sequence, err := l.bus.publish(ctx, "lease", 0, []*nats.Msg{expect(m, over)})
	if err == nil {
		l.sequence = sequence
	}
	return err
}

// keep renews the lease until it is released or lost.
func (l *Lease) keep(ctx context.Context) {
	renewed := time.Now()
	tick := time.NewTicker(leaseRenew)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		started := time.Now()
		attempt, cancel := context.WithTimeout(ctx, leaseRenew)
		err := l.take(attempt)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			renewed = started
		case errors.Is(err, earshot.ErrConflict), time.Since(renewed) > leaseLost:
			l.bus.log.Warn("lost the lease", zap.String("lease", l.subject), zap.Error(err))
			close(l.lost)
			return
		}
	}
}
