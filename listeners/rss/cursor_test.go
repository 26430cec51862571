package rss

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"earshot/listeners/seen"
)

// A cursor says everything that the state knew.
func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	st := &state{
		Version: cursorVersion, URL: "https://a.example/", WasFeed: true, MovedTo: "https://b.example/", MovedTimes: 2,
		Final: "https://c.example/", ETag: `"x"`, LastModified: "yesterday",
		Pace: time.Hour, Next: time.Date(2026, 11, 17, 0, 0, 0, 0, time.UTC),
		Known: seen.New([]seen.Item{{Key: 1, Content: 2}, {Key: 1 << 63, Content: 1 << 31}}),
	}
	cursor, err := st.cursor()
	if err != nil {
		t.Fatal(err)
	}
	back, err := readState(cursor)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(st, back, cmp.AllowUnexported(seen.Memory{}), cmpopts.IgnoreUnexported(state{})); diff != "" {
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
