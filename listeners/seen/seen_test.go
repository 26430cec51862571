package seen

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A Memory is bounded and forgets what was seen longest ago first.
func TestMemory(t *testing.T) {
	t.Parallel()
	of := func(from, to uint64) (all []Item) {
		for k := from; k < to; k++ {
			all = append(all, Item{Key: k, Content: 1})
		}
		return all
	}
	var m Memory
	m = m.With(of(0, 10))
	m = m.With(of(5, 2000))
	m = m.With(of(2000, 2100))
	if len(m.items) != leastRemembered {
		t.Errorf("it remembers %d items", len(m.items))
	}
	for key, want := range map[uint64]bool{0: false, 5: false, 1099: false, 1100: true, 2099: true} {
		if _, known := m.Said(key); known != want {
			t.Errorf("%d: known is %v", key, known)
		}
	}
	if m = m.With(of(0, 15_000)); len(m.items) > mostRemembered || len(m.items) < 15_000 {
		t.Errorf("it remembers %d items", len(m.items))
	}
}

// What is written is read again; what nobody wrote is an error.
func TestJSON(t *testing.T) {
	t.Parallel()
	m := New([]Item{{1, 2}, {1 << 63, 1 << 31}})
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Memory
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, back, cmp.AllowUnexported(Memory{})); diff != "" {
		t.Error(diff)
	}
	for _, foreign := range []string{`5`, `"?"`, `"AAAA"`} {
		if err := json.Unmarshal([]byte(foreign), &back); err == nil {
			t.Errorf("%s is taken for a memory", foreign)
		}
	}
}
