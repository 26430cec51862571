package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
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
	// A restarted daemon goes on with its own lease, without waiting for its end,
	// which here never comes.
	shut(t, second)
	withoutEnd(t, p)
	third := open(t, o)
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	again, err := third.Lease(ctx, "alerts")
	if err != nil {
		t.Fatalf("the own lease: %v", err)
	}
	defer again.Release(t.Context())
	held.Release(t.Context())
}

// withoutEnd has the lease of whoever holds it last for ever.
func withoutEnd(t *testing.T, p *process) {
	t.Helper()
	const subject = "$KV.earshot_leases.alerts"
	js := administer(t, "nats://"+p.address, passwords["daemon"])
	held := messagesOf(t, js, "KV_earshot_leases", subject)
	if len(held) != 1 || held[0].Header.Get(jetstream.MsgTTLHeader) == "" {
		t.Fatalf("the lease: %v", held)
	}
	if _, err := js.Publish(t.Context(), subject, held[0].Data); err != nil {
		t.Fatal(err)
	}
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
	case <-time.After(patience):
		t.Error("the lease was not given up")
	}
}

// A daemon that is new takes several leases at the same time, as one and the same.
func TestLeasesAtOnce(t *testing.T) {
	p := external(t)
	b := open(t, p.options(t))
	names := []string{"alerts", "models", "sinks", "crisis"}
	errs := make(chan error, len(names))
	for _, name := range names {
		go func() {
			held, err := b.Lease(t.Context(), name)
			if err == nil {
				held.Release(t.Context())
			}
			errs <- err
		}()
	}
	for range names {
		if err := <-errs; err != nil {
			t.Error(err)
		}
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
