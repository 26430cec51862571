package bus_test

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"earshot"
)

// A record lasts beyond a restart, and nobody overwrites what he has not read.
func TestTally(t *testing.T) {
	o := options(t)
	b := open(t, o)
	records := b.Tally()
	if value, revision, err := records.Load(t.Context(), "x.spent"); value != nil || revision != 0 || err != nil {
		t.Errorf("a record never saved: %q %d %v", value, revision, err)
	}
	first, err := records.Save(t.Context(), "x.spent", []byte("1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := records.Save(t.Context(), "x.spent", []byte("2"), 0); !errors.Is(err, earshot.ErrConflict) {
		t.Errorf("saving over a record that was not read: %v", err)
	}
	second, err := records.Save(t.Context(), "x.spent", []byte("3"), first)
	if err != nil || second <= first {
		t.Fatal(second, err)
	}
	shut(t, b)
	records = open(t, o).Tally()
	if value, revision, err := records.Load(t.Context(), "x.spent"); string(value) != "3" || revision != second || err != nil {
		t.Errorf("after a restart: %q %d %v", value, revision, err)
	}
	for _, name := range []string{"", "x.*", "x..y", "x. y", ">"} {
		if _, err := records.Save(t.Context(), name, nil, 0); err == nil {
			t.Errorf("the name %q was taken", name)
		}
		if _, _, err := records.Load(t.Context(), name); err == nil {
			t.Errorf("the name %q was loaded", name)
		}
	}
	if _, err := records.Save(t.Context(), "x.large", bytes.Repeat([]byte("x"), 9<<10), 0); err == nil {
		t.Error("a record larger than its limit was taken")
	}
}

// Whoever adds to a record at the same time as others loses nothing.
func TestTallyTogether(t *testing.T) {
	records := open(t, options(t)).Tally()
	add := func() error {
		for {
			value, revision, err := records.Load(t.Context(), "x.count")
			if err != nil {
				return err
			}
			n, _ := strconv.Atoi(string(value))
			_, err = records.Save(t.Context(), "x.count", fmt.Append(nil, n+1), revision)
			if !errors.Is(err, earshot.ErrConflict) {
				return err
			}
		}
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				if err := add(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if value, _, err := records.Load(t.Context(), "x.count"); string(value) != "40" || err != nil {
		t.Errorf("%s of 40, %v", value, err)
	}
}
