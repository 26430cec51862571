package crisis_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"earshot"
	"earshot/alerts/crisis"
)

// What authors take back within the hour, or say otherwise, counts as if it had never
// been said, and nothing shows it, also after a restart.
func TestRemove(t *testing.T) {
	steps := script{hourly: 20, negative: 0.1, weeks: 1, happens: []event{
		{from: 2*day + time.Hour, long: 2 * time.Hour, posts: 700, negative: 0.85, authors: 500, reposts: 0.3, text: "recall of the wheel", reach: 9000},
	}}.play(5)
	const tuesday = 2 * 24 * 12
	warm := crisis.NewWatch(prompt, "lego", "")
	script{}.watch(warm, steps[:tuesday])
	saved, err := warm.Save()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		share := r.Float64()
		with, without, gone := load(t, saved), load(t, saved), map[string]bool{}
		for i, mentions := range steps[tuesday : tuesday+4*12] {
			now := monday.Add(time.Duration(tuesday+i+1) * 5 * time.Minute)
			for _, m := range mentions {
				if r.Float64() >= share {
					with.Hear(m)
					without.Hear(m)
					continue
				}
				with.Hear(m)
				if !with.Remove(m.Key, m.ID) {
					t.Fatal("it was not known")
				}
				if m.Negative = false; r.IntN(2) == 0 { // edited
					with.Hear(m)
					without.Hear(m)
				} else {
					gone[m.ID] = true
				}
			}
			if r.IntN(6) == 0 {
				data, err := with.Save()
				if err != nil {
					t.Fatal(err)
				}
				with = load(t, data)
			}
			got, want := with.Advance(now), without.Advance(now)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(earshot.Evidence{}, "Top", "First", "Words", "Reach"), finding); diff != "" {
				t.Fatalf("taken back (+) is not as if never said (-):\n%s", diff)
			}
			for _, tr := range got {
				for _, source := range append(tr.Evidence.Top, tr.Evidence.First) {
					if gone[source.Mention] {
						t.Fatalf("%s was taken back and is shown", source.Mention)
					}
				}
			}
		}
	}
}

// finding leaves out what is seen of followers: who they are is kept of a sample.
var finding = cmpopts.IgnoreSliceElements(func(f earshot.Finding) bool { return f.What == "followers of all authors" })

// What began a crisis is not shown any more when it is taken back hours later.
func TestRemoveFirst(t *testing.T) {
	w := crisis.NewWatch(prompt, "lego", "")
	began := script{happens: []event{{from: time.Hour, long: 3 * time.Hour, posts: 1500, even: true, negative: 1, authors: 900, text: "recall"}}, weeks: 1}
	told := began.watch(w, began.play(1)[:4*12])
	if len(told) == 0 || told[len(told)-1].Evidence.First.Mention == "" {
		t.Fatal("there is no crisis")
	}
	first := told[len(told)-1].Evidence.First.Mention
	if !w.Remove(first, first) {
		t.Fatal("what it began with is not known")
	}
	for i := range 24 {
		for _, tr := range w.Advance(monday.Add(4*time.Hour + time.Duration(i+1)*5*time.Minute)) {
			if tr.Evidence.First.Mention == first {
				t.Errorf("%s still begins with it", tr.To)
			}
		}
	}
}

// Where only samples are kept, what is left is told from them.
func TestRemoveOfMany(t *testing.T) {
	w := crisis.NewWatch(prompt, "lego", "")
	w.Advance(monday)
	var told []crisis.Transition
	burst := script{weeks: 1, happens: []event{{long: time.Hour, posts: 8000, even: true, negative: 0.9, authors: 5000, text: "recall"}}}.play(6)
	for i, mentions := range burst[:24] {
		for n, m := range mentions {
			w.Hear(m)
			if n%2 == 0 {
				w.Remove(m.Key, m.ID)
			}
		}
		told = append(told, w.Advance(monday.Add(time.Duration(i+1)*5*time.Minute))...)
	}
	most := 0
	for _, tr := range told {
		most = max(most, tr.Evidence.Seen)
	}
	if most < 2000 || most > 6000 {
		t.Errorf("half of 8000 are left, and %d are seen", most)
	}
}
