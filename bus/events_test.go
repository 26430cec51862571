package bus_test

import (
	"fmt"
	"testing"

	"earshot"
)

// The events of all cases come in order, however many they are.
func TestEvents(t *testing.T) {
	b := open(t, options(t))
	if events, err := b.Events(t.Context(), 0); err != nil || len(events) > 0 {
		t.Fatalf("Events of nothing = %v, %v", events, err)
	}
	var want []uint64
	for i := range 8 {
		var batch []earshot.CaseEvent
		for j := range 100 {
			id := fmt.Sprint("c", 100*i+j)
			batch = append(batch, event("cs", id, "opened", 0))
		}
		sequences, err := b.Append(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, sequences...)
	}
	for _, from := range []int{0, 1, 250, 799} {
		after := uint64(0)
		if from > 0 {
			after = want[from-1]
		}
		events, err := b.Events(t.Context(), after)
		var got []uint64
		for _, e := range events {
			got = append(got, e.Sequence)
		}
		same(t, fmt.Sprint("events after ", after), got, want[from:])
		if err != nil {
			t.Error(err)
		}
	}
	if events, err := b.Events(t.Context(), want[len(want)-1]+1000); err != nil || len(events) > 0 {
		t.Errorf("Events after the end = %v, %v", events, err)
	}
}
