package crisis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/crisis"
)

// Scripted weeks end as people would say they did.
func TestReplays(t *testing.T) {
	const begins = 8*day + 10*time.Hour // Tuesday of the second week
	whole := []earshot.Alarm{earshot.Elevated, earshot.InCrisis, earshot.Recovering, earshot.Calm}
	warned := []earshot.Alarm{earshot.Elevated, earshot.Recovering, earshot.Calm}
	launch := crisis.Config{Planned: []crisis.Event{{
		Name: "launch of the lighthouse", From: monday.Add(begins), To: monday.Add(begins + 12*time.Hour),
	}}}
	for _, test := range []struct {
		name   string
		config crisis.Config
		script script
		want   [][]earshot.Alarm // any of them
		check  func(t *testing.T, all []crisis.Transition)
	}{
		{name: "a quiet brand", script: script{hourly: 3, negative: 0.1, weeks: 3}, want: none},
		{name: "a busy brand", script: script{hourly: 120, negative: 0.1, weeks: 1}, want: none},
		{name: "a brand that is used to complaints", script: script{hourly: 40, negative: 0.6, weeks: 2}, want: none},
		{
			name: "praise for a launch that nobody told of",
			script: script{hourly: 40, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: 8 * time.Hour, posts: 4000, negative: 0.08, authors: 3000, text: "what a beautiful lighthouse"},
			}},
			want: none,
		},
		{
			name: "praise for a planned launch", config: launch,
			script: script{hourly: 40, negative: 0.15, weeks: 2, happens: []event{
				{from: begins, long: 8 * time.Hour, posts: 4000, negative: 0.18, authors: 3000, reposts: 0.5},
			}},
			want: none, check: planned("launch of the lighthouse"),
		},
		{
			name: "a planned launch that goes wrong", config: launch,
			script: script{hourly: 40, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: 8 * time.Hour, posts: 4000, negative: 0.65, authors: 3000, text: "the lighthouse arrives broken"},
			}},
			want: [][]earshot.Alarm{whole}, check: planned("launch of the lighthouse"),
		},
		{
			name: "a recall",
			script: script{hourly: 40, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: 20 * time.Hour, posts: 5000, negative: 0.8, authors: 3500, reposts: 0.4, text: "recall of the wheel: children choked on it"},
			}},
			want: [][]earshot.Alarm{whole}, check: tells("recall", "wheel", "choked"),
		},
		{
			name: "a recall of a quiet brand",
			script: script{hourly: 2, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: 10 * time.Hour, posts: 900, negative: 0.8, authors: 700, reposts: 0.3, text: "recall of the wheel"},
			}},
			want: [][]earshot.Alarm{whole},
		},
		{
			name: "an influencer complains",
			script: script{hourly: 30, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: 5 * time.Hour, posts: 240, negative: 0.9, authors: 200, networks: []string{"x"}, reposts: 0.3, reach: 400_000, text: "they never answered me"},
			}},
			want: [][]earshot.Alarm{whole, warned},
		},
		{
			name: "new accounts copy one text",
			script: script{hourly: 30, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: 2 * time.Hour, posts: 600, negative: 1, authors: 300, networks: []string{"x"}, fresh: true, text: "boycott these bricks now"},
			}},
			want: [][]earshot.Alarm{warned}, check: coordinated,
		},
		{
			name: "news is syndicated",
			script: script{hourly: 30, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: 3 * time.Hour, posts: 60, negative: 0.8, authors: 60, networks: []string{"rss"}, copies: true, text: "maker of bricks closes plant"},
			}},
			want: [][]earshot.Alarm{warned, nil},
		},
		{
			name: "it burns slowly",
			script: script{hourly: 12, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: 60 * time.Hour, posts: 420, even: true, negative: 0.95, authors: 400, text: "the yellow ones break"},
			}},
			want: [][]earshot.Alarm{warned},
		},
		{
			name: "an outage, and the backlog after it",
			script: script{hourly: 40, negative: 0.3, weeks: 2, missed: []earshot.Period{
				{From: monday.Add(begins), To: monday.Add(begins + 5*time.Hour)},
			}},
			want: none,
		},
		{
			name: "two waves",
			script: script{hourly: 40, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: 5 * time.Hour, posts: 2000, negative: 0.8, authors: 1500},
				{from: begins + 9*time.Hour, long: 5 * time.Hour, posts: 2000, negative: 0.8, authors: 1500},
				{from: begins + 18*time.Hour, long: 4 * time.Hour, posts: 2000, negative: 0.8, authors: 1500},
			}},
			want: [][]earshot.Alarm{{earshot.Elevated, earshot.InCrisis, earshot.Recovering, earshot.InCrisis, earshot.Recovering, earshot.Calm}},
		},
		{
			name:   "the first day",
			script: script{hourly: 200, negative: 0.2, weeks: 1}, want: none,
		},
		{
			name: "a crisis on the first day",
			script: script{hourly: 30, negative: 0.1, weeks: 1, happens: []event{
				{from: 9 * time.Hour, long: 6 * time.Hour, posts: 3000, negative: 0.85, authors: 2500},
			}},
			want: [][]earshot.Alarm{whole},
		},
		{
			name: "a hundred thousand mentions in an hour", config: crisis.Config{Update: 5 * time.Minute},
			script: script{hourly: 60, negative: 0.1, weeks: 2, happens: []event{
				{from: begins, long: time.Hour, posts: 100_000, negative: 0.7, authors: 60_000, reposts: 0.6, text: "recall of the wheel"},
			}},
			want: [][]earshot.Alarm{whole}, check: hundredThousand,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := crisis.NewWatch(test.config, "lego", "")
			all := test.script.watch(w, test.script.play(7))
			states, updates := pages(all)
			if !slices.ContainsFunc(test.want, func(want []earshot.Alarm) bool { return slices.Equal(want, states) }) {
				t.Errorf("PR was told %v, want one of %v", states, test.want)
				explain(t, all)
			}
			if len(states) > 6 {
				t.Errorf("PR had %d alerts, want six at most", len(states))
			}
			t.Logf("%v and %d updates", states, updates)
			if test.check != nil {
				test.check(t, all)
			}
		})
	}
}

var none = [][]earshot.Alarm{nil}

func explain(t *testing.T, all []crisis.Transition) {
	t.Helper()
	for _, change := range all {
		if change.Tells() && !change.Update {
			t.Logf("%s %s → %s: %+v", change.At.Format(time.DateTime), change.From, change.To, change.Evidence)
		}
	}
}

// planned finds the event in the evidence of what came during it.
func planned(name string) func(*testing.T, []crisis.Transition) {
	return func(t *testing.T, all []crisis.Transition) {
		t.Helper()
		if len(all) == 0 || !slices.ContainsFunc(all, func(c crisis.Transition) bool { return c.Evidence.Planned == name }) {
			t.Errorf("nothing names %q", name)
		}
	}
}

// tells finds words in the evidence of the crisis.
func tells(words ...string) func(*testing.T, []crisis.Transition) {
	return func(t *testing.T, all []crisis.Transition) {
		t.Helper()
		e := evidenceOf(t, all, earshot.InCrisis)
		for _, word := range words {
			if !slices.ContainsFunc(e.Words, func(tally earshot.Tally) bool { return tally.Name == word }) {
				t.Errorf("new words are %v, want %q", e.Words, word)
			}
		}
		if e.First.Mention == "" || len(e.Top) == 0 || e.Seen < e.Negative || e.Expected <= 0 || len(e.Networks) < 3 {
			t.Errorf("evidence is thin: %+v", e)
		}
	}
}

func coordinated(t *testing.T, all []crisis.Transition) {
	t.Helper()
	e := evidenceOf(t, all, earshot.Elevated)
	if e.NewShare < 0.5 || e.Copies < 0.5 {
		t.Errorf("%.2f new accounts and %.2f copies, want most", e.NewShare, e.Copies)
	}
	if !slices.ContainsFunc(e.Because, func(f earshot.Finding) bool { return f.Met && strings.Contains(f.What, "coordinated") }) {
		t.Errorf("nothing says that it is coordinated: %+v", e.Because)
	}
}

func hundredThousand(t *testing.T, all []crisis.Transition) {
	t.Helper()
	most := 0
	for _, change := range all {
		most = max(most, change.Evidence.Seen)
	}
	t.Logf("%d seen in the fullest hour that was told of", most)
	if most < 90_000 || most > 110_000 {
		t.Errorf("at most %d seen in an hour, want 100000 or so", most)
	}
}

func evidenceOf(t *testing.T, all []crisis.Transition, to earshot.Alarm) earshot.Evidence {
	t.Helper()
	for _, change := range all {
		if change.To == to && !change.Update {
			return change.Evidence
		}
	}
	t.Fatalf("never became %s", to)
	return earshot.Evidence{}
}
