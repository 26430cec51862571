package bus_test

import (
	"context"
	"testing"
	"time"
)

// Of two daemons at one server one holds the lease; the other takes it over when
// it is released, or when its holder is gone.
func TestLease(t *testing.T) {
	p := external(t)
	first, o := open(t, p.options(t)), p.options(t)
	second := open(t, o)
	held, err := first.Lease(t.Context(), "alerts")
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := second.Lease(short, "alerts"); err == nil {
		t.Error("two daemons hold the lease")
	}
	held.Release(t.Context())
	held, err = second.Lease(t.Context(), "alerts")
	if err != nil {
		t.Fatal(err)
	}
	// A restarted daemon goes on with its own lease, without waiting for its end
	// after 10 s.
	shut(t, second)
	third := open(t, o)
	start := time.Now()
	again, err := third.Lease(t.Context(), "alerts")
	if err != nil || time.Since(start) > 8*time.Second {
		t.Errorf("the own lease after %v: %v", time.Since(start), err)
	}
	defer again.Release(t.Context())
	held.Release(t.Context())
}

// A daemon that cannot reach the server gives its lease up before another can
// have it.
func TestLeaseLost(t *testing.T) {
	p := external(t)
	b := open(t, p.options(t))
	held, err := b.Lease(t.Context(), "alerts")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release(t.Context())
	p.kill()
	select {
	case <-held.Lost():
	case <-time.After(15 * time.Second):
		t.Error("the lease was not given up")
	}
}

// On an embedded server the lease is always there.
func TestLeaseEmbedded(t *testing.T) {
	held, err := open(t, options(t)).Lease(t.Context(), "alerts")
	if err != nil {
		t.Fatal(err)
	}
	held.Release(t.Context())
}
