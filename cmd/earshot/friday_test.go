package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const fridayPlay = `
brands:
  - {name: acme, query: acme, topics: {safety: {query: burned, danger: true}}}
rules:
  - {name: hurt, when: '"safety" in topics', urgency: 100, send: [cs]}
  - {name: asks, when: 'mention.text contains "question"', urgency: 35, send: [cs]}
teams:
  - name: cs
    respond_within: {critical: 20m, normal: 8h}
    warn_at: 0.75
    hours: {zone: UTC, open: [{days: [mon-fri], from: 09:00, to: 17:00}]}
    people: [{name: ann}, {name: lea}]
    lead: lea
    rota: {shifts: [{from: 2026-01-09 17:00, every: 1d, people: [ann]}], fallback: {team: pr}}
  - {name: pr, kinds: [crisis]}
`

// On Friday at 18:05 what is critical calls people until somebody takes it, with the
// clock running; what is normal waits until Monday.
func TestFridayEvening(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 9, 18, 5, 0, 0, time.UTC)
	s := newTheatre(t, nil, fridayPlay, begin)
	s.tell(somebody("x", 1, "the acme lamp burned my hand"), somebody("x", 2, "I have a question about acme"))
	s.settle()
	monday := time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{
		begin.Add(5 * time.Minute), begin.Add(10 * time.Minute), begin.Add(15 * time.Minute), begin.Add(20 * time.Minute),
		begin.Add(24 * time.Hour), monday, monday.Add(6 * time.Hour), monday.Add(8 * time.Hour),
	} {
		s.set(at)
		s.tell()
		s.settle()
	}
	told := map[string][]string{}
	for _, a := range s.alerts() {
		of := string(a.Urgency)
		told[of] = append(told[of], fmt.Sprint(a.At.Format("Mon 15:04 "), a.Team, " ", a.Why, " ", a.To))
		if of == "normal" && !a.RespondBy.Equal(monday.Add(8*time.Hour)) {
			t.Errorf("an ordinary question is due at %v", a.RespondBy)
		}
	}
	for _, of := range told {
		slices.Sort(of)
	}
	want := map[string][]string{
		"critical": {
			"Fri 18:05 cs new []", "Fri 18:10 cs reminder [ann]", "Fri 18:15 pr reminder []",
			"Fri 18:20 cs reminder [lea]", "Fri 18:25 cs reminder [lea]",
		},
		"normal": {"Fri 18:05 cs new []", "Mon 15:00 cs reminder [lea]", "Mon 17:00 cs reminder [lea]"},
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	s.stop(t)
}
