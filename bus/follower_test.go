package bus_test

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// Whoever has read leaves nothing behind at the server, where a stream has only so
// many consumers.
func TestReadersLeaveNothing(t *testing.T) {
	o := options(t)
	b := open(t, o)
	(&part{t: t, bus: b, name: "p"}).commit(mention(1, "acme"))
	stream, err := administer(t, b.URL(), secret(t, o.Dir, "daemon")).Stream(t.Context(), "EARSHOT_MENTIONS")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r := b.Mentions(0)
		if _, err := r.Next(t.Context(), 1); err != nil {
			t.Error(err)
		}
		if consumers(t, stream) != 1 {
			t.Error("nobody reads: the test proves nothing")
		}
		r.Close()
		if n := consumers(t, stream); n != 0 {
			t.Errorf("%d consumers are left", n)
		}
	}
}

func consumers(t *testing.T, stream jetstream.Stream) int {
	t.Helper()
	info, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Consumers
}
