package crisis_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts/crisis"
)

// burning is a script in which much happens in few days.
var burning = script{hourly: 20, negative: 0.1, weeks: 1, happens: []event{
	{from: 2*day + time.Hour, long: 2 * time.Hour, posts: 400, negative: 0.85, authors: 300, reposts: 0.3, text: "recall of the wheel"},
	{from: 2*day + 12*time.Hour, long: time.Hour, posts: 300, negative: 1, authors: 250, fresh: true, text: "boycott these bricks"},
}}

// warm holds a watch as it was every two hours from Wednesday on, when it burns,
// and what is heard in the three hours after each.
func warm(t testing.TB, seed uint64) []moment {
	t.Helper()
	const wednesday, every, long = 2 * 24 * 12, 2 * 12, 3 * 12
	steps := burning.play(seed)
	w := crisis.NewWatch(prompt, "lego", "safety")
	burning.watch(w, steps[:wednesday])
	var all []moment
	told := 0
	for start := wednesday; start < wednesday+14*12; start += every {
		saved, err := w.Save()
		if err != nil {
			t.Fatal(err)
		}
		m := moment{saved: saved, began: monday.Add(time.Duration(start) * 5 * time.Minute), steps: steps[start : start+long]}
		m.want = m.from(load(t, saved), m.steps)
		told += len(m.want)
		all = append(all, m)
		m.from(w, steps[start:start+every])
	}
	if told < 10 {
		t.Fatalf("only %d transitions: the test shows nothing", told)
	}
	return all
}

// moment is a watch, and what happens next.
type moment struct {
	saved []byte
	began time.Time
	steps [][]crisis.Seen
	want  []crisis.Transition
}

// from lets a watch hear what happens from the moment on.
func (m moment) from(w *crisis.Watch, steps [][]crisis.Seen) []crisis.Transition {
	var all []crisis.Transition
	for i, mentions := range steps {
		for _, mention := range mentions {
			w.Hear(mention)
		}
		all = append(all, w.Advance(m.began.Add(time.Duration(i+1)*5*time.Minute))...)
	}
	return all
}

// prompt trusts habits early and tells often, so that little time shows much.
var prompt = crisis.Config{ColdStart: 24 * time.Hour, Update: 20 * time.Minute, Refrain: time.Minute}

func load(t rapid.TB, data []byte) *crisis.Watch {
	t.Helper()
	w, err := crisis.Load(prompt, data)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// The order of mentions within an hour, and that some come twice, changes nothing.
func TestOrderAndDuplicates(t *testing.T) {
	moments := warm(t, 3)
	rapid.Check(t, func(rt *rapid.T) {
		m := rapid.SampledFrom(moments).Draw(rt, "moment")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		twice := rapid.Float64Range(0, 1).Draw(rt, "twice")
		mixed := make([][]crisis.Seen, len(m.steps))
		for i, mentions := range m.steps {
			for _, mention := range mentions {
				mixed[i] = append(mixed[i], mention)
				if r.Float64() < twice {
					late := min(i+r.IntN(6), len(mixed)-1) // again, up to half an hour later
					mixed[late] = append(mixed[late], mention)
				}
			}
		}
		for _, mentions := range mixed {
			r.Shuffle(len(mentions), func(i, j int) { mentions[i], mentions[j] = mentions[j], mentions[i] })
		}
		if diff := cmp.Diff(m.want, m.from(load(rt, m.saved), mixed)); diff != "" {
			rt.Fatalf("with another order (-want +got):\n%s", diff)
		}
	})
}

// Nor does it where only samples are kept.
func TestOrderOfMany(t *testing.T) {
	burst := script{hourly: 0, weeks: 1, happens: []event{
		{from: 0, long: time.Hour, posts: 8000, even: true, negative: 0.7, authors: 5000, reposts: 0.3, text: "recall of the wheel", reach: 9000},
	}}
	steps := burst.play(6)[:18]
	var want []byte
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := crisis.NewWatch(prompt, "lego", "")
		w.Advance(monday)
		var told []crisis.Transition
		for i, mentions := range steps {
			twice := slices.Concat(mentions, mentions[:len(mentions)*int(seed)/2])
			r.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
			for _, mention := range twice {
				w.Hear(mention)
			}
			told = append(told, w.Advance(monday.Add(time.Duration(i+1)*5*time.Minute))...)
		}
		got, err := json.Marshal(told)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if len(told) < 3 || !bytes.Equal(want, got) {
			t.Errorf("in another order %s, want %s", got, want)
		}
	}
}

// Saved and loaded at any time, a watch tells the same.
func TestSaveAnywhere(t *testing.T) {
	moments := warm(t, 4)
	rapid.Check(t, func(rt *rapid.T) {
		m := rapid.SampledFrom(moments).Draw(rt, "moment")
		at := rapid.SliceOfN(rapid.IntRange(0, len(m.steps)-1), 1, 6).Draw(rt, "restarts")
		w := load(rt, m.saved)
		var got []crisis.Transition
		for i, mentions := range m.steps {
			for j, mention := range mentions {
				if j == len(mentions)/2 && slices.Contains(at, i) {
					w = reload(rt, w)
				}
				w.Hear(mention)
			}
			got = append(got, w.Advance(m.began.Add(time.Duration(i+1)*5*time.Minute))...)
		}
		if diff := cmp.Diff(m.want, got); diff != "" {
			rt.Fatalf("after restarts at %v (-want +got):\n%s", at, diff)
		}
	})
}

func reload(t rapid.TB, w *crisis.Watch) *crisis.Watch {
	t.Helper()
	data, err := w.Save()
	if err != nil {
		t.Fatal(err)
	}
	return load(t, data)
}

// It does not matter how often a watch is asked, only until when.
func TestAdvanceInAnySteps(t *testing.T) {
	for _, m := range warm(t, 5) {
		w := load(t, m.saved)
		var got []crisis.Transition
		for i, mentions := range m.steps {
			for _, mention := range mentions {
				w.Hear(mention)
			}
			for seconds := range 4 {
				now := m.began.Add(time.Duration(i+1)*5*time.Minute + time.Duration(seconds*70)*time.Second)
				got = append(got, w.Advance(now)...)
				got = append(got, w.Advance(now.Add(-time.Hour))...)
			}
		}
		if diff := cmp.Diff(m.want, got); diff != "" {
			t.Errorf("asked more often (-want +got):\n%s", diff)
		}
	}
}

// A watch stays small whatever it hears, and so does what is saved.
func TestBounds(t *testing.T) {
	w := crisis.NewWatch(crisis.Config{}, strings.Repeat("b", 63), strings.Repeat("t", 63))
	r := rand.New(rand.NewPCG(1, 1))
	w.Advance(monday)
	largest := 0
	const last = 28 * 12
	for step := range last {
		at := monday.Add(time.Duration(step) * 5 * time.Minute)
		many := 10
		if step > last-20 {
			many = 300
		}
		for range many {
			id := fmt.Sprint(strings.Repeat("i", 140), r.Uint64())
			w.Hear(crisis.Seen{
				Key: id, ID: id, Author: fmt.Sprint(r.Uint64()), URL: "https://" + strings.Repeat("u", 170) + fmt.Sprint(r.Uint64()),
				Network: fmt.Sprint("network", r.IntN(400)), Rule: fmt.Sprint("rule", r.IntN(400)), Listener: fmt.Sprint(r.IntN(400)),
				At: at, Negative: r.IntN(2) == 0, Reach: r.Int64(), Copy: r.IntN(5) == 0, NewAccount: r.IntN(2) == 0, Text: noise(r),
			})
		}
		w.Advance(at.Add(5 * time.Minute))
		if step > last-5 {
			data, err := w.Save()
			if err != nil {
				t.Fatal(err)
			}
			largest = max(largest, len(data))
		}
	}
	t.Logf("at most %d bytes saved", largest)
	if largest > 72_000 {
		t.Errorf("%d bytes saved, want 72000 at most", largest)
	}
}

// noise is text that cannot be packed.
func noise(r *rand.Rand) string {
	var b strings.Builder
	for range 60 {
		for range 10 {
			b.WriteRune('a' + rune(r.IntN(26)))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// Mentions of other times, and hostile ones, do no harm.
func TestOtherTimes(t *testing.T) {
	w := crisis.NewWatch(crisis.Config{}, "lego", "")
	now := monday.Add(day)
	w.Advance(now)
	for i := range 100 {
		for _, at := range []time.Time{
			{}, time.Unix(math.MinInt32, 0), now.Add(-2 * time.Hour), now.Add(3 * time.Hour), now.AddDate(400, 0, 0),
		} {
			w.Hear(crisis.Seen{Key: fmt.Sprint(i, at), At: at, Negative: true, Network: "x", Text: "\xff\xfe\x00 @ # ้้้้", Reach: math.MinInt64})
		}
	}
	w.Hear(crisis.Seen{})
	if got := w.Unseen(); got != 500 {
		t.Errorf("%d unseen, want 500", got)
	}
	if all := w.Advance(now.Add(time.Hour)); len(all) != 0 {
		t.Errorf("other times are told of: %v", all)
	}
	if all := w.Advance(now.AddDate(300, 0, 0)); len(all) != 0 || w.State() != earshot.Calm {
		t.Errorf("a leap of time is told of: %v", all)
	}
}

// What was posted while earshot was down, and comes all at once, is no spike; and
// little heard in a gap is no calm.
func TestGaps(t *testing.T) {
	s := script{hourly: 100, negative: 0.3, weeks: 2}
	steps := s.play(9)
	const down, up = 8*12*24 + 12*8, 8*12*24 + 12*13 // Tuesday, 8:00 to 13:00
	w := crisis.NewWatch(crisis.Config{}, "lego", "")
	w.Advance(monday)
	var backlog []crisis.Seen
	for i, mentions := range steps {
		if i >= down && i < up {
			backlog = append(backlog, mentions...)
			continue
		}
		now := monday.Add(time.Duration(i+1) * 5 * time.Minute)
		if i == up {
			w.Miss(earshot.Period{From: monday.Add(down * 5 * time.Minute), To: now})
			for _, m := range backlog {
				w.Hear(m)
			}
		}
		for _, m := range mentions {
			w.Hear(m)
		}
		if all := w.Advance(now); len(all) > 0 && all[0].Tells() {
			t.Errorf("%s → %s at %s", all[0].From, all[0].To, now)
		}
	}

	crisisNow := script{hourly: 40, negative: 0.1, weeks: 1, happens: []event{
		{from: 4 * day, long: 2 * time.Hour, posts: 2000, negative: 0.9, authors: 1500},
	}, missed: []earshot.Period{{From: monday.Add(4*day + time.Hour), To: monday.Add(4*day + 9*time.Hour)}}}
	steps = crisisNow.play(2)
	for i := 4*12*24 + 12; i < 4*12*24+12*9; i++ {
		steps[i] = nil
	}
	for _, change := range crisisNow.watch(crisis.NewWatch(crisis.Config{}, "lego", ""), steps) {
		if change.To == earshot.Recovering && change.At.Before(monday.Add(4*day+9*time.Hour)) {
			t.Errorf("it is said to fade at %s, when nothing could be heard", change.At)
		}
	}
}

// One person who posts a hundred times is one voice.
func TestOnePerson(t *testing.T) {
	s := script{hourly: 20, negative: 0.1, weeks: 2, happens: []event{
		{from: 9*day + 10*time.Hour, long: time.Hour, posts: 300, negative: 1, authors: 1, networks: []string{"x"}},
	}}
	if states, _ := pages(s.watch(crisis.NewWatch(crisis.Config{}, "lego", ""), s.play(1))); len(states) > 0 {
		t.Errorf("one person brought about %v", states)
	}
}

// Evidence holds no handles, no links and no words of fewer than three people.
func TestEvidenceIsNotPersonal(t *testing.T) {
	s := script{hourly: 20, negative: 0.1, weeks: 2, happens: []event{
		{from: 9*day + 10*time.Hour, long: 2 * time.Hour, posts: 400, negative: 1, authors: 350, text: "@jane.doe says https://jane.example/wheel broke jane@doe.example"},
		{from: 9*day + 10*time.Hour, long: 2 * time.Hour, posts: 60, negative: 1, authors: 2, networks: []string{"x"}, text: "peculiarity"},
	}}
	all := s.watch(crisis.NewWatch(crisis.Config{}, "lego", ""), s.play(1))
	words := map[string]bool{}
	for _, change := range all {
		for _, word := range change.Evidence.Words {
			words[word.Name] = true
		}
	}
	if !words["broke"] {
		t.Errorf("new words are %v, want broke", words)
	}
	for word := range words {
		if strings.Contains(word, "jane") || strings.Contains(word, "doe") || word == "peculiarity" {
			t.Errorf("%q is told", word)
		}
	}
}

// What another version saved, or what is damaged, is an error and no crash.
func TestLoadErrors(t *testing.T) {
	if _, err := crisis.Load(crisis.Config{}, nil); !errors.Is(err, crisis.ErrVersion) {
		t.Errorf("nothing: %v", err)
	}
	if _, err := crisis.Load(crisis.Config{}, []byte{200, 1, 2}); !errors.Is(err, crisis.ErrVersion) {
		t.Errorf("another version: %v", err)
	}
	data, err := crisis.NewWatch(crisis.Config{}, "lego", "").Save()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := crisis.Load(crisis.Config{}, data[:len(data)/2]); err == nil || errors.Is(err, crisis.ErrVersion) {
		t.Errorf("half of it: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	w := crisis.NewWatch(crisis.Config{}, "lego", "safety")
	w.Advance(monday)
	w.Hear(crisis.Seen{Key: "a", At: monday, Network: "x", Negative: true, Text: "broken bricks", Rule: "r", Listener: "l", ID: "x:1"})
	data, err := w.Save()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := crisis.Load(crisis.Config{}, data)
		if err != nil {
			return
		}
		w.Hear(crisis.Seen{Key: "b", At: monday, Network: "x", Negative: true, Text: "broken"})
		w.Advance(monday.Add(2 * time.Hour))
		if _, err := w.Save(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzHear(f *testing.F) {
	f.Add("the wheel broke", "@jane", int64(0), true)
	f.Add("กขค 汉字 \xff\xff #tag https://x", "", int64(-1<<62), false)
	f.Fuzz(func(t *testing.T, text, key string, seconds int64, bad bool) {
		w := crisis.NewWatch(crisis.Config{}, "lego", "")
		for range 2 {
			w.Hear(crisis.Seen{Key: key, At: time.Unix(seconds, 0), Text: text, Negative: bad, Author: text, Network: key, ID: text, URL: key})
			w.Advance(monday)
			w.Hear(crisis.Seen{Key: key, At: monday, Text: text, Negative: bad, Author: text, Network: key, ID: text, URL: key})
			w.Advance(monday.Add(time.Hour))
		}
		if w.State() == earshot.InCrisis {
			t.Error("one mention is a crisis")
		}
	})
}
