package bluesky

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"earshot"
)

// Whatever an instance says, understanding it ends, and what comes of it is fit to
// be stored. What is read fast is read as encoding/json reads it.
func FuzzUnderstand(f *testing.F) {
	for _, message := range messages(f) {
		f.Add(message)
	}
	f.Add(`{"did":"did:plc:x","time_us":5,"kind":"commit","commit":{"embed":{"record":null,"Media":{}},"REV":"a"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		one := understand(text)
		if one.dead != nil && one.dead.Reason == "" {
			t.Error("a dead letter without a reason")
		}
		if m := one.mention; m != nil {
			if !strings.HasPrefix(m.ID, "bluesky:at://did:") || strings.ContainsAny(m.ID, " \n\x00") || one.key == 0 {
				t.Errorf("ID %q", m.ID)
			}
			if m.Change != earshot.Deleted && (m.Posted.IsZero() || m.Posted.UnixMicro() > one.at) {
				t.Errorf("posted %s, seen at %d", m.Posted, one.at)
			}
			if isDID(authorOf(m.ID)) != true {
				t.Errorf("the author of %q is %q", m.ID, authorOf(m.ID))
			}
		}
		if !utf8.ValidString(text) {
			return
		}
		got, usual := scan(text)
		if !usual {
			return
		}
		var want event
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("read %q, of which encoding/json says: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(embed{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q (-encoding/json +scan):\n%s", text, diff)
		}
	})
}

// All that people usually write is read fast.
func TestUsualIsFast(t *testing.T) {
	t.Parallel()
	slow := 0
	for _, message := range messages(t) {
		if _, usual := scan(message); !usual {
			slow++
		}
	}
	if slow != 3 { // two with wrong kinds, one truncated
		t.Errorf("%d messages are left to encoding/json", slow)
	}
}

// A cursor says everything that it knew, and a foreign one is told of.
func TestCursor(t *testing.T) {
	t.Parallel()
	c := cursor{Version: 1, Server: "wss://x.example", Seq: 5, Time: 7, Last: []uint64{1 << 63}, Gone: []string{"did:plc:x"}}
	written, err := c.write()
	if err != nil {
		t.Fatal(err)
	}
	back, err := readCursor(written)
	if diff := cmp.Diff(c, back); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, foreign := range []string{"x", "{}", `{"v":2,"time":1}`, `{"v":1,"time":-1}`, `{"v":1,"time":1,"seq":-1}`, `[]`} {
		if c, err := readCursor([]byte(foreign)); err == nil || c.Time != 0 || c.Version != cursorVersion {
			t.Errorf("%s: %+v, %v", foreign, c, err)
		}
	}
}

// What was heard is remembered for long, and not for ever.
func TestRecent(t *testing.T) {
	t.Parallel()
	var r recent
	for key := range uint64(3*mostRecent + 1) {
		r.add(key)
	}
	if r.has(0) || !r.has(3*mostRecent) || !r.has(2*mostRecent) || len(r.young)+len(r.old) > 2*mostRecent {
		t.Errorf("it remembers %d commits", len(r.young)+len(r.old))
	}
}
