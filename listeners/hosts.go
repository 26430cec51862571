package listeners

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// hosts hands out turns: per host so many requests a second and so many at once.
type hosts struct {
	options ClientOptions

	mu      sync.Mutex
	byName  map[string]*host
	sweepAt int // how many hosts make it worth looking for idle ones
}

type host struct {
	limiter *rate.Limiter
	slots   chan struct{}
	users   int // that wait or are inside
}

const fewHosts = 64

func newHosts(o ClientOptions) *hosts {
	return &hosts{options: o, byName: map[string]*host{}, sweepAt: fewHosts}
}

// enter waits for a turn at the named host. The returned function ends it.
func (h *hosts) enter(ctx context.Context, name string) (leave func(), err error) {
	at := h.join(strings.ToLower(name))
	select {
	case at.slots <- struct{}{}:
	case <-ctx.Done():
		h.part(at)
		return nil, context.Cause(ctx)
	}
	leave = func() {
		<-at.slots
		h.part(at)
	}
	if err := at.limiter.Wait(ctx); err != nil {
		leave()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, context.DeadlineExceeded // the turn would come after the deadline
	}
	return leave, nil
}

func (h *hosts) join(name string) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, known := h.byName[name]
	if !known {
		if len(h.byName) >= h.sweepAt {
			h.sweep(time.Now())
		}
		at = &host{
			limiter: rate.NewLimiter(rate.Limit(h.options.PerSecond), h.options.Burst),
			slots:   make(chan struct{}, h.options.Concurrent),
		}
		h.byName[name] = at
	}
	at.users++
	return at
}

func (h *hosts) part(at *host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at.users--
}

// sweep forgets hosts that have rested so long that a new one would be the same.
func (h *hosts) sweep(now time.Time) {
	for name, at := range h.byName {
		if at.users == 0 && at.limiter.TokensAt(now) >= float64(h.options.Burst) {
			delete(h.byName, name)
		}
	}
	h.sweepAt = max(fewHosts, 2*len(h.byName))
}
