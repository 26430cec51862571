package rss

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A cursor says everything that the state knew.
func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	st := &state{
		Version: cursorVersion, URL: "https://a.example/", WasFeed: true, MovedTo: "https://b.example/", MovedTimes: 2,
		Final: "https://c.example/", ETag: `"x"`, LastModified: "yesterday",
		Pace: time.Hour, Next: time.Date(2026, 11, 17, 0, 0, 0, 0, time.UTC),
		Known: newMemory([]memorised{{1, 2}, {1 << 63, 1 << 31}}),
	}
	cursor, err := st.cursor()
	if err != nil {
		t.Fatal(err)
	}
	back, err := readState(cursor)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(st, back, cmp.AllowUnexported(memory{}, memorised{}), cmpopts.IgnoreUnexported(state{})); diff != "" {
		t.Error(diff)
	}
}

// A cursor of another program or version is a fresh start that is told of.
func TestForeignCursors(t *testing.T) {
	t.Parallel()
	for _, foreign := range []string{"x", "{}", `{"v":2}`, `{"v":1,"known":"a"}`, `{"v":1,"known":5}`, `{"v":1,"known":"AAAA"}`} {
		st, err := readState([]byte(foreign))
		if err == nil || !strings.Contains(err.Error(), "reading cursor") || !st.Known.IsZero() || st.Version != cursorVersion {
			t.Errorf("%s: %+v, %v", foreign, st, err)
		}
	}
}

// The memory is bounded and forgets what was seen longest ago first.
func TestMemory(t *testing.T) {
	t.Parallel()
	of := func(from, to uint64) (all []memorised) {
		for k := from; k < to; k++ {
			all = append(all, memorised{k, 1})
		}
		return all
	}
	var m memory
	m = m.with(of(0, 10))
	m = m.with(of(5, 2000))
	m = m.with(of(2000, 2100))
	if len(m.items) != leastRemembered {
		t.Errorf("it remembers %d items", len(m.items))
	}
	for key, want := range map[uint64]bool{0: false, 5: false, 1099: false, 1100: true, 2099: true} {
		if _, known := m.saidBefore(key); known != want {
			t.Errorf("%d: known is %v", key, known)
		}
	}
	if m = m.with(of(0, 15_000)); len(m.items) != 15_000+leastRemembered-0 && len(m.items) > mostRemembered {
		t.Errorf("it remembers %d items", len(m.items))
	}
}
