package story

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// Few authors are counted exactly, each once.
func TestAuthors(t *testing.T) {
	var a authors
	for i := range uint64(1200) {
		a.add(i%300*0x9e3779b97f4a7c15, int64(i%300), i%300 < 30)
	}
	if n, fresh, reach := a.estimate(); n != 300 || fresh != 30 || reach != 300*299/2 {
		t.Errorf("%d authors, %d new, reach %d", n, fresh, reach)
	}
	seven := uint64(7)
	for range 4 {
		a.remove(seven * 0x9e3779b97f4a7c15)
	}
	a.remove(1 << 30) // never there
	if n, fresh, reach := a.estimate(); n != 299 || fresh != 29 || reach != 300*299/2-7 {
		t.Errorf("without one: %d authors, %d new, reach %d", n, fresh, reach)
	}
}

// Many authors are estimated, nearly all of their reach comes from the few with
// the most followers, and neither order nor halves make a difference.
func TestManyAuthors(t *testing.T) {
	const n = 20_000
	r := rand.New(rand.NewPCG(1, 2))
	hashes := make([]uint64, n)
	for i := range hashes {
		hashes[i] = r.Uint64()
	}
	fans := func(i int) int64 { return int64(2_000_000 / (i + 1)) } // as followers are spread
	var reach int64
	for i := range n {
		reach += fans(i)
	}
	var forth, back, left, right authors
	for i, h := range hashes {
		for range 1 + i%3 {
			forth.add(h, fans(i), i%5 == 0)
		}
		half := &left
		if i%2 == 0 {
			half = &right
		}
		for range 1 + i%3 {
			half.add(h, fans(i), i%5 == 0)
		}
	}
	for i := n - 1; i >= 0; i-- {
		for range 1 + i%3 {
			back.add(hashes[i], fans(i), i%5 == 0)
		}
	}
	left.merge(&right)
	gotN, gotFresh, gotReach := forth.estimate()
	within := func(what string, got, want, part float64) {
		if got < want*(1-part) || got > want*(1+part) {
			t.Errorf("%s: %.0f, want %.0f", what, got, want)
		}
	}
	within("authors", float64(gotN), n, 0.15)
	within("new ones", float64(gotFresh), n/5, 0.3)
	within("reach", float64(gotReach), float64(reach), 0.15)
	for name, other := range map[string]*authors{"backwards": &back, "in halves": &left} {
		if a, b, c := other.estimate(); a != gotN || b != gotFresh || c != gotReach {
			t.Errorf("%s: %d %d %d, not %d %d %d", name, a, b, c, gotN, gotFresh, gotReach)
		}
	}
	read, err := authorsOf(forth.bytes())
	if err != nil || !reflect.DeepEqual(read, forth) {
		t.Errorf("written and read: %v", err)
	}
}

func FuzzAuthors(f *testing.F) {
	var a authors
	for i := range uint64(500) {
		a.add(i*0x9e3779b97f4a7c15, int64(i), i%2 == 0)
	}
	f.Add(a.bytes())
	f.Add([]byte{})
	f.Add([]byte{1, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := authorsOf(b)
		if err != nil {
			return
		}
		if n, fresh, reach := a.estimate(); n < 0 || fresh < 0 || reach < 0 {
			t.Errorf("%d authors, %d new, reach %d", n, fresh, reach)
		}
		a.add(1, 1, true)
		a.remove(1)
		a.merge(&authors{})
	})
}
