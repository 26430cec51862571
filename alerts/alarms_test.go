package alerts_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/noise"
)

// at is a post heard at a moment by an author of its own, in words of its own.
func at(sequence uint64, when time.Time, options ...option) earshot.Stored {
	s := post(sequence, fmt.Sprint(sequence), options...)
	s.Mention.Heard, s.Mention.Posted = when, when.Add(-time.Second)
	return s
}

// words are different in each post, so that none is a copy of another.
func words(n uint64) option {
	k := earshot.Key(fmt.Sprint(n))
	return says(fmt.Sprintf("%s %s %s %s %s %d", k[:5], k[5:11], k[11:16], k[16:21], k[21:], n))
}

// play hears posts one by one by a clock of their own, and returns how often teams
// were told and what PR was told.
func play(t *testing.T, c alerts.Config, list []earshot.Stored, until time.Time) (team map[string]int, press []earshot.Alert) {
	t.Helper()
	team = map[string]int{}
	r, problems := alerts.NewReplay(c, list[0].Mention.Heard, func(a earshot.Alert) {
		team[a.Team]++
		if a.Team == "pr" {
			press = append(press, a)
		}
	})
	if problems.Fatal() {
		t.Fatal(problems)
	}
	for _, s := range list {
		if err := r.Hear(t.Context(), s.Mention.Heard, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Hear(t.Context(), until); err != nil {
		t.Fatal(err)
	}
	return team, press
}

// A week of little and then an angry crowd is a crisis: PR hears of its states and
// of nothing that belongs to it one by one, while every customer keeps a case.
func TestCrisisIsTold(t *testing.T) {
	var list []earshot.Stored
	add := func(when time.Time, options ...option) {
		n := uint64(len(list) + 1)
		list = append(list, at(n, when, append([]option{words(n)}, options...)...))
	}
	for hour := range 24 * 5 {
		for quarter := range 2 {
			add(noon.Add(time.Duration(hour)*time.Hour+time.Duration(quarter)*30*time.Minute), feels(.1))
		}
	}
	begin := noon.Add(5*24*time.Hour + 2*time.Minute)
	customers, crowd := 0, 3000
	if os.Getenv("EARSHOT_LONG") != "" {
		crowd = 100_000
	} else {
		t.Log("3,000 mentions; EARSHOT_LONG=1 makes it 100,000")
	}
	for n := range crowd {
		network := func(s *earshot.Stored) { s.Mention.Network = []string{"x", "bluesky", "reddit"}[n%3] }
		when := begin.Add(time.Hour * time.Duration(n) / time.Duration(crowd))
		if n%10 == 0 {
			customers++
			add(when, feels(-.8), network, angry, danger)
			continue
		}
		add(when, feels(-.7), network)
	}
	for hour := range 24 {
		add(begin.Add(time.Duration(hour+2)*time.Hour), feels(.1))
	}
	usual := config
	usual.Noise.Group = alerts.DefaultGroup
	teams, press := play(t, usual, list, begin.Add(48*time.Hour))
	if teams["cs"] < customers {
		t.Errorf("cs heard %d times of %d customers in danger", teams["cs"], customers)
	}
	// One crisis, told of as it comes, grows and goes, with updates each hour, and
	// what came before it was known to be one.
	var lines []string
	single := 0
	for _, a := range press {
		line := fmt.Sprint(a.At.Format(time.DateTime), " ", a.Why, " ", a.Kind, " ", a.Urgency)
		update := false
		if e := a.Evidence; e != nil {
			update = e.From == e.To
			line += fmt.Sprint(" ", e.From, " to ", e.To)
		}
		if lines = append(lines, line); !update && a.At.Before(begin.Add(time.Hour)) {
			single++
		}
	}
	said := strings.Join(lines, "\n")
	if single > 6 || len(lines) > 8 || !strings.Contains(said, "critical elevated to crisis") || !strings.HasSuffix(said, "to calm") {
		t.Errorf("pr was told, %d times in the first hour without updates:\n%s", single, said)
	}
}

// What many people share is one story, told of as it grows, with what is known of
// it; what each of them asks remains a case of theirs.
func TestStorySpreads(t *testing.T) {
	const text = "So the ferry of this maker sank in our bath at the first try and my son has been inconsolable ever since"
	var list []earshot.Stored
	for n := range uint64(50) {
		copied := says(fmt.Sprintf("RT @jane: %s https://x.example/%d", text, n))
		if n == 0 {
			copied = says(text)
		}
		list = append(list, at(n+1, noon.Add(time.Duration(n)*time.Minute), copied, feels(-.1)))
	}
	var told []earshot.Alert
	r, _ := alerts.NewReplay(config, noon, func(a earshot.Alert) { told = append(told, a) })
	for _, s := range list {
		if err := r.Hear(t.Context(), s.Mention.Heard, s); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, a := range told {
		if a.Story == nil {
			t.Fatalf("no story with %+v", a)
		}
		got = append(got, fmt.Sprint(a.Team, " ", a.Why, " ", a.Kind, " ", a.Story.Count))
		if want := fmt.Sprintf("%d posts by ", a.Story.Count); !strings.Contains(a.Summary, want) {
			t.Errorf("%q does not say %q", a.Summary, want)
		}
	}
	if diff := cmp.Diff([]string{"pr new story 20", "pr changed story 40"}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// Somebody on the watch list is heard at once, whatever runs, and once.
func TestWatchlistInCrisis(t *testing.T) {
	var list []earshot.Stored
	add := func(when time.Time, options ...option) {
		n := uint64(len(list) + 1)
		list = append(list, at(n, when, append([]option{words(n)}, options...)...))
	}
	for hour := range 24 * 5 {
		add(noon.Add(time.Duration(hour)*time.Hour), feels(.1))
	}
	begin := noon.Add(5*24*time.Hour + 2*time.Minute)
	for n := range 1000 {
		network := func(s *earshot.Stored) { s.Mention.Network = []string{"x", "bluesky", "reddit"}[n%3] }
		add(begin.Add(time.Hour*time.Duration(n)/1000), feels(-.7), network)
		if n == 800 {
			add(begin.Add(time.Hour*time.Duration(n)/1000+1), by("thepaper"), feels(-.9))
		}
	}
	usual := config
	usual.Crises.Watchlist.Authors = []string{"@thepaper"}
	usual.Noise.Limits = map[string]noise.Limit{"pr": {Alerts: 1, Per: 24 * time.Hour}}
	running, watched := earshot.Alarm(""), 0
	r, problems := alerts.NewReplay(usual, noon, func(a earshot.Alert) {
		switch {
		case a.Evidence != nil:
			running = a.Evidence.To
		case a.Watched != "":
			watched++
			if running != earshot.InCrisis || a.Team != "pr" || a.Why != earshot.BecauseNew || !strings.Contains(a.Summary, "watch list") {
				t.Errorf("in state %s %s is told %s: %s", running, a.Team, a.Why, a.Summary)
			}
		}
	})
	if problems.Fatal() {
		t.Fatal(problems)
	}
	for _, s := range list {
		if err := r.Hear(t.Context(), s.Mention.Heard, s); err != nil {
			t.Fatal(err)
		}
	}
	if watched != 1 {
		t.Errorf("told %d times of the post", watched)
	}
}
