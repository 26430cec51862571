package bus_test

import (
	"testing"
)

// A reader says when it has handed out all there is, also when that is nothing.
func TestAllRead(t *testing.T) {
	b := open(t, options(t))
	empty := b.Mentions(0)
	defer empty.Close()
	until(t, "nothing has been read", empty.AllRead)
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme"), mention(2, "acme"))
	r := b.Mentions(0)
	defer r.Close()
	for read := 0; read < 2; {
		if r.AllRead() {
			t.Fatalf("all is read, and %d of 2 mentions were handed out", read)
		}
		batch, err := r.Next(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		read += len(batch)
	}
	until(t, "both have been read", r.AllRead)
}
