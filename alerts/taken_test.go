package alerts_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"earshot"
	"earshot/alerts"
)

// What is taken back or edited while a crisis runs is in none of its later alerts:
// neither as where it began, nor among what to look at, nor in its counts.
func TestTakenBackInCrisis(t *testing.T) {
	var told []earshot.Alert
	usual := config
	usual.Noise.Group = alerts.DefaultGroup
	usual.Crises.Update = 5 * time.Minute
	r, problems := alerts.NewReplay(usual, noon, func(a earshot.Alert) {
		if a.Evidence != nil {
			told = append(told, a)
		}
	})
	if problems.Fatal() {
		t.Fatal(problems)
	}
	n := uint64(0)
	say := func(when time.Time, options ...option) earshot.Stored {
		n++
		s := at(n, when, append([]option{words(n)}, options...)...)
		if err := r.Hear(t.Context(), when, s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	for hour := range 24 * 4 {
		say(noon.Add(time.Duration(hour)*time.Hour), feels(.1))
	}
	begin := noon.Add(4*24*time.Hour + 2*time.Minute)
	var crowd []earshot.Stored
	for k := range 400 {
		network := func(s *earshot.Stored) {
			s.Mention.Network = []string{"x", "bluesky", "reddit"}[k%3]
			s.Mention.Author.Followers = int64(1000 - k)
		}
		crowd = append(crowd, say(begin.Add(time.Duration(k)*5*time.Second), feels(-.8), network))
	}
	shown := func(a earshot.Alert) (ids []string) {
		for _, s := range append(a.Evidence.Top, a.Evidence.First) {
			ids = append(ids, s.Mention)
		}
		return ids
	}
	if len(told) == 0 || !slices.Contains(shown(told[len(told)-1]), crowd[0].Mention.ID) {
		t.Fatal("nothing was told of a crisis that began with its first post")
	}
	deleted := map[string]bool{}
	before, again := len(told), begin.Add(34*time.Minute)
	for k := range 300 {
		n++
		s := crowd[k]
		s.Sequence, s.Mention.Heard = n, again
		if k%2 == 0 {
			gone(&s)
			deleted[s.Mention.ID] = true
		} else {
			verdict := *s.Verdict
			verdict.Sentiment, s.Verdict, s.Mention.Change = 0, &verdict, earshot.Edited
		}
		if err := r.Hear(t.Context(), again, s); err != nil {
			t.Fatal(err)
		}
	}
	say(again.Add(6*time.Minute), feels(-.8))
	say(again.Add(12*time.Minute), feels(-.8))
	if len(told) == before {
		t.Fatal("nothing was told after it")
	}
	for _, a := range told[before:] {
		for _, id := range shown(a) {
			if deleted[id] {
				t.Errorf("%s was deleted and is shown when it is %s", id, a.Evidence.To)
			}
		}
		if got := fmt.Sprint(a.Evidence.Seen > 230 && a.Evidence.Seen < 270, a.Evidence.Negative < 110); got != "true true" {
			t.Errorf("%d mentions, %d of them negative are seen", a.Evidence.Seen, a.Evidence.Negative)
		}
	}
}
