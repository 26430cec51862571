package listeners_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"earshot"
	"earshot/listeners"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// normal returns what becomes of one mention, or the reason why it is dead.
func normal(t *testing.T, m earshot.Mention) (earshot.Mention, string) {
	t.Helper()
	got, lost := listeners.Normalise(listeners.Batch{Mentions: []earshot.Mention{m}}, noon)
	switch {
	case len(got.Mentions) == 1 && len(got.Dead) == 0 && lost == 0:
		return got.Mentions[0], ""
	case len(got.Mentions) == 0 && len(got.Dead) == 1 && lost == 1:
		return earshot.Mention{}, got.Dead[0].Reason
	}
	t.Fatalf("one mention became %+v", got)
	return earshot.Mention{}, ""
}

func TestGoodMentionIsOnlyCompleted(t *testing.T) {
	posted := noon.Add(-time.Hour).In(time.FixedZone("", 7200))
	got, _ := normal(t, earshot.Mention{ID: "x:1", Text: "über\n\tמה 👩‍👧", Posted: posted})
	want := earshot.Mention{
		ID: "x:1", Network: "x", Listener: "feeds", Change: earshot.New, Text: "über\n\tמה 👩‍👧",
		Posted: posted.UTC(), Heard: noon,
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Posted.Location() != time.UTC {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWordsAreRepairedAndCut(t *testing.T) {
	m := earshot.Mention{
		ID:     "x:1",
		Title:  "two\r\nlines\x00 and " + strings.Repeat("ä", 1000),
		Text:   "one\r\ntwo\rthree\x00\x1b[31m \xff\u0085" + strings.Repeat("日", 40_000),
		Author: earshot.Author{Name: "A\x07B", Followers: -5},
		URL:    "https://a.example/" + strings.Repeat("x", 10_000),
		Links:  append(slices.Repeat([]string{"https://l.example"}, 200), ""),
		Posted: noon,
		Rating: math.NaN(),
		Flags:  []string{"truncated"},
	}
	got, _ := normal(t, m)
	if !strings.HasPrefix(got.Title, "two  lines and ä") || len(got.Title) > 1024 || !utf8.ValidString(got.Title) {
		t.Errorf("title %q", got.Title)
	}
	if !strings.HasPrefix(got.Text, "one\ntwo\nthree[31m \ufffd\n日") || len(got.Text) > 64<<10 || !utf8.ValidString(got.Text) {
		t.Errorf("text %.60q, %d bytes", got.Text, len(got.Text))
	}
	if got.Author.Name != "AB" || got.Author.Followers != 0 || got.URL != "" || len(got.Links) != 100 || got.Rating != 0 {
		t.Errorf("%+v", got.Author)
	}
	if !slices.Equal(got.Flags, []string{"truncated", "cut", "garbled"}) || !slices.Equal(m.Flags, []string{"truncated"}) {
		t.Errorf("flags %q, the source's own %q", got.Flags, m.Flags)
	}
}

func TestDatesThatCannotBeAreUnknown(t *testing.T) {
	for _, test := range []struct {
		posted time.Time
		kept   bool
		flags  []string
	}{
		{noon.Add(-time.Hour), true, nil},
		{noon.Add(23 * time.Hour), true, nil},
		{time.Time{}, false, []string{"undated"}},
		{noon.Add(25 * time.Hour), false, []string{"bad_date"}},
		{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), false, []string{"bad_date"}},
		{time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), false, []string{"bad_date"}},
		{time.Unix(0, 0), false, []string{"bad_date"}},
		{time.Date(123456, 1, 1, 0, 0, 0, 0, time.UTC), false, []string{"bad_date"}},
	} {
		got, _ := normal(t, earshot.Mention{ID: "x:1", Text: "a", Posted: test.posted, Heard: test.posted.AddDate(-30000, 0, 0)})
		if !got.Posted.IsZero() != test.kept || !slices.Equal(got.Flags, test.flags) || !got.Heard.Equal(noon) {
			t.Errorf("%s became %+v", test.posted, got)
		}
	}
}

func TestDeletionTellsNothingOfThePost(t *testing.T) {
	got, _ := normal(t, earshot.Mention{
		ID: "x:1", Change: earshot.Deleted, Title: "t", Text: "x", URL: "https://a.example", Author: earshot.Author{Name: "N"},
		Links: []string{"l"}, Posted: noon, Visibility: earshot.Private,
	})
	want := earshot.Mention{
		ID: "x:1", Network: "x", Listener: "feeds", Change: earshot.Deleted, Heard: noon, Visibility: earshot.Private,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeAMentionIsADeadLetter(t *testing.T) {
	for _, m := range []earshot.Mention{
		{},
		{ID: "x"},
		{ID: ":1"},
		{ID: "x:"},
		{ID: "X:1"},
		{ID: "a b:1"},
		{ID: "x:a\nb"},
		{ID: "x:\xff"},
		{ID: "x:" + strings.Repeat("y", 3000)},
		{ID: "x:1", Network: "y"},
		{ID: "x:1", Change: "moved"},
		{ID: "x:1", Visibility: "friends"},
	} {
		m.Rating = math.Inf(1) // must not keep the letter from being written
		m.Author.Created = time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)
		if _, reason := normal(t, m); reason == "" || !utf8.ValidString(reason) || len(reason) > 300 {
			t.Errorf("%.60q %s %s: reason %q", m.ID, m.Change, m.Visibility, reason)
		}
	}
	got, _ := listeners.Normalise(listeners.Batch{
		Dead: []earshot.DeadLetter{{Reason: "line\n3" + strings.Repeat("!", 5000), Body: make([]byte, 1<<20)}},
		Next: earshot.Cursor("n"),
	}, noon)
	d := got.Dead[0]
	if d.Listener != "feeds" || d.Part != "a" || d.At != noon || !strings.HasPrefix(d.Reason, "line 3") ||
		len(d.Reason) != 1024 || len(d.Body) != 64<<10 || string(got.Next) != "n" {
		t.Errorf("%s %s %s %d %d", d.Listener, d.Part, d.At, len(d.Reason), len(d.Body))
	}
}

// Whatever a source emits, what is stored is clean, can be written, and does not
// change when it is normalised again.
func TestNormalisingAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anything := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		when := rapid.Custom(func(t *rapid.T) time.Time { return time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "s"), 0) })
		m := earshot.Mention{
			ID:     rapid.OneOf(rapid.Just("x:1"), anything).Draw(t, "id"),
			Change: rapid.SampledFrom([]earshot.Change{"", earshot.New, earshot.Edited, earshot.Deleted}).Draw(t, "change"),
			Title:  anything.Draw(t, "title"),
			Text:   anything.Draw(t, "text"),
			URL:    anything.Draw(t, "url"),
			Links:  rapid.SliceOfN(anything, 0, 10).Draw(t, "links"),
			Flags:  rapid.SliceOfN(anything, 0, 10).Draw(t, "flags"),
			Rating: rapid.Float64().Draw(t, "rating"),
			Posted: when.Draw(t, "posted"),
			Heard:  when.Draw(t, "heard"),
			Author: earshot.Author{Created: when.Draw(t, "created"), Name: anything.Draw(t, "name")},
		}
		once, _ := listeners.Normalise(listeners.Batch{Mentions: []earshot.Mention{m}}, noon)
		if len(once.Mentions)+len(once.Dead) != 1 {
			t.Fatalf("one mention became %+v", once)
		}
		for _, m := range once.Mentions {
			if _, err := json.Marshal(m); err != nil {
				t.Fatal(err)
			}
			for _, s := range append([]string{m.ID, m.Title, m.URL, m.Author.Name, strings.NewReplacer("\n", "", "\t", "").Replace(m.Text)}, m.Links...) {
				if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
					t.Fatalf("%q is not clean", s)
				}
			}
		}
		twice, _ := listeners.Normalise(once, noon.Add(time.Minute))
		if diff := cmp.Diff(once, twice, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the second time changes it:\n%s", diff)
		}
	})
}

func BenchmarkNormalise(b *testing.B) {
	batch := listeners.Batch{Mentions: slices.Repeat([]earshot.Mention{{
		ID: "x:1590000000000000001", Text: strings.Repeat("Third week without an answer, ", 5), Posted: noon,
		Author: earshot.Author{Handle: "@somebody"}, URL: "https://x.example/1", Links: []string{"https://a.example"},
	}}, 500)}
	for b.Loop() {
		listeners.Normalise(batch, noon)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/mention")
}
