package alerts_test

import (
	cmpstd "cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
	"earshot/alerts/noise"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var config = alerts.Config{
	Teams: []alerts.Team{
		{Name: "cs", RespondWithin: map[earshot.Band]time.Duration{earshot.Critical: 15 * time.Minute, earshot.High: time.Hour, earshot.Normal: 8 * time.Hour}},
		{Name: "pr", Kinds: []earshot.Kind{earshot.KindCrisis, earshot.KindStory}},
	},
	Brands: []alerts.Brand{{Name: "acme", Domains: []string{"acme.example"}}, {Name: "zeta"}},
	Noise:  noise.Config{Group: 3 * time.Second},
}

// life is one life of a daemon: an engine on a log that may die under it.
type life struct {
	log      *alertstest.Log
	mentions *alertstest.Mentions
	config   alerts.Config
}

// run lets the engine work until it waits for more and all its clocks are out, or
// until stop says so. It must be called in a synctest bubble.
func (l life) run(t *testing.T, stop <-chan struct{}) {
	t.Helper()
	l.runFor(t, 8*time.Second, stop)
}

func (l life) runFor(t *testing.T, idle time.Duration, stop <-chan struct{}) {
	t.Helper()
	l.runMuted(t, idle, stop, nil)
}

// runMuted is runFor with mutes that hold from the first instant on.
func (l life) runMuted(t *testing.T, idle time.Duration, stop <-chan struct{}, mutes []noise.Mute) {
	t.Helper()
	l.log.Stored = l.mentions
	engine, problems := alerts.New(alerts.Options{Log: l.log}, l.config)
	if problems != nil {
		t.Fatal(problems)
	}
	engine.Mute(mutes)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx, l.mentions) }()
	select {
	case <-time.After(idle): // of the bubble's time
	case <-stop:
	}
	if idle := time.Since(engine.Turning()); idle > time.Second {
		t.Errorf("the engine has not turned for %v", idle)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// An alert says when it was raised, and what its story had come to by then, which no
// two lives agree on.
var timeless = cmp.Options{
	cmpopts.IgnoreFields(earshot.Alert{}, "At", "RespondBy", "Story"),
	cmpopts.EquateEmpty(),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Summary" }, cmp.Transformer("timeless", func(line string) string {
		return storied.ReplaceAllString(line, "")
	})),
}

// storied is what a summary says of the story.
var storied = regexp.MustCompile(`, \d+ posts?( by \d+ authors?)?$`)

// outcome checks that each case told its team revision after revision, and
// returns the alerts sorted by ID.
func outcome(log *alertstest.Log) ([]earshot.Alert, error) {
	all := log.Alerts()
	told := map[string]int{}
	for _, a := range all {
		key := a.Case + "." + a.Team
		if told[key]++; a.Revision != told[key] {
			return nil, fmt.Errorf("alert %s came as number %d: %s", a.ID, told[key], a.Summary)
		}
	}
	sortAlerts(all)
	return all, nil
}

func sortAlerts(list []earshot.Alert) {
	slices.SortFunc(list, func(a, b earshot.Alert) int {
		return cmpstd.Or(cmpstd.Compare(a.Case, b.Case), cmpstd.Compare(a.Team, b.Team), cmpstd.Compare(a.Revision, b.Revision))
	})
}

func tell(t *testing.T, config alerts.Config, list []earshot.Stored) []earshot.Alert {
	t.Helper()
	var all []earshot.Alert
	synctest.Test(t, func(t *testing.T) {
		l := life{&alertstest.Log{}, &alertstest.Mentions{}, config}
		l.mentions.Add(list...)
		l.run(t, nil)
		var err error
		if all, err = outcome(l.log); err != nil {
			t.Error(err)
		}
	})
	return all
}

// Every alert exists exactly once, wherever the daemon dies and whatever the log
// last said.
func TestCrashAnywhere(t *testing.T) {
	list := story()
	want := tell(t, config, list)
	if len(want) < 12 {
		t.Fatalf("the story raises %d alerts only: %v", len(want), want)
	}
	for _, size := range []int{1, 3, 400} {
		for _, fault := range []alertstest.Fault{alertstest.Refused, alertstest.LostAck} {
			for call, over := 1, false; !over; call++ {
				over = crashAt(t, list, want, size, call, fault)
			}
		}
	}
}

func crashAt(t *testing.T, list []earshot.Stored, want []earshot.Alert, size, call int, fault alertstest.Fault) (over bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		died := make(chan struct{})
		log := &alertstest.Log{Break: func(n int, _ string) alertstest.Fault {
			switch {
			case n == call:
				close(died)
				return fault
			case n > call:
				return alertstest.Refused
			}
			return alertstest.Fine
		}}
		l := life{log, &alertstest.Mentions{Size: func(int) int { return size }}, config}
		l.mentions.Add(list...)
		l.run(t, died)
		over = log.Calls() < call
		log.Break = nil
		l.mentions.Rewind()
		l.run(t, nil)
		same(t, fmt.Sprintf("batches of %d, dead at call %d (%v)", size, call, fault), log, want, list)
	})
	return over
}

// Errors and lost acknowledgements of single calls change nothing either.
func TestErrorAnywhere(t *testing.T) {
	list := story()
	want := tell(t, config, list)
	for _, fault := range []alertstest.Fault{alertstest.Refused, alertstest.LostAck, alertstest.Conflict} {
		for call, over := 1, false; !over; call++ {
			synctest.Test(t, func(t *testing.T) {
				log := &alertstest.Log{Break: func(n int, _ string) alertstest.Fault {
					if n == call || n == call+2 {
						return fault
					}
					return alertstest.Fine
				}}
				l := life{log, &alertstest.Mentions{}, config}
				l.mentions.Add(list...)
				l.run(t, nil)
				over = log.Calls() < call
				same(t, fmt.Sprintf("fault %v at call %d", fault, call), log, want, list)
			})
		}
	}
}

// same compares what was told with what should have been. Of mentions that were
// edited or taken back later, in the list, an alert may have the ID alone.
func same(t *testing.T, when string, log *alertstest.Log, want []earshot.Alert, list []earshot.Stored) {
	t.Helper()
	got, err := outcome(log)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	want = slices.Clone(want)
	for i := range min(len(want), len(got)) {
		if bare(&got[i]) && want[i].Mention != nil && superseded(list, want[i].Mention) {
			want[i].Mention, want[i].Verdict = &earshot.Mention{ID: want[i].Mention.ID}, nil
			want[i].Summary = alerts.Summary(&want[i])
		}
	}
	if diff := cmp.Diff(want, got, timeless); diff != "" {
		t.Fatalf("%s: alerts differ (-want +got):\n%s", when, diff)
	}
	checkErased(t, log, list)
}

// bare reports whether an alert leaves out what its mention says.
func bare(a *earshot.Alert) bool { return a.Mention != nil && a.Mention.Network == "" }

func superseded(list []earshot.Stored, m *earshot.Mention) bool {
	return slices.ContainsFunc(list, func(s earshot.Stored) bool { return s.Mention.ID == m.ID && s.Mention.Heard.After(m.Heard) })
}

// The same log gives the same alerts, however it is cut into batches.
func TestDeterministic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := randomStory(rt)
		sizes := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 10).Draw(rt, "sizes")
		want := tell(t, config, list)
		synctest.Test(t, func(t *testing.T) {
			turn := 0
			l := life{&alertstest.Log{}, &alertstest.Mentions{Size: func(int) int { turn++; return sizes[turn%len(sizes)] }}, config}
			l.mentions.Add(list...)
			l.run(t, nil)
			same(t, fmt.Sprint("sizes ", sizes), l.log, want, nil)
			checkErased(t, l.log, list)
		})
	})
}

// A mention that was edited or deleted between a crash and the restart is read
// at its new place only; the alert stored for its old one is published all the same.
func TestMentionMovedWhileDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &alertstest.Log{}
		l := life{log, &alertstest.Mentions{}, config}
		l.mentions.Add(post(1, "a", angry), post(2, "b", angry))
		dieBetween(t, l)
		l.mentions = &alertstest.Mentions{}
		l.mentions.Add(post(2, "b", angry), post(3, "a", gone))
		l.run(t, nil)
		got, err := outcome(log)
		if err != nil {
			t.Fatal(err)
		}
		var whys []string
		for _, a := range log.Alerts() {
			whys = append(whys, string(a.Why))
		}
		if diff := cmp.Diff([]string{"new", "new", "withdrawn"}, whys); diff != "" || len(got) != 3 {
			t.Errorf("alerts differ (-want +got):\n%s", diff)
		}
	})
}

// What was decided before a crash is not decided again by a configuration that
// would decide otherwise.
func TestConfigurationChangedWhileDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &alertstest.Log{}
		l := life{log, &alertstest.Mentions{}, config}
		l.mentions.Add(post(1, "a", angry, links("https://acme.test/a"), danger))
		dieBetween(t, l)
		l.mentions.Rewind()
		l.config = alerts.Config{Teams: []alerts.Team{{Name: "cs"}}, Brands: []alerts.Brand{{Name: "acme", Domains: []string{"acme.test"}}}}
		l.run(t, nil)
		var teams []string
		for _, a := range log.Alerts() {
			teams = append(teams, a.Team)
		}
		if diff := cmp.Diff([]string{"cs", "pr"}, teams); diff != "" {
			t.Errorf("teams told (-want +got):\n%s", diff)
		}
	})
}

// A mention that comes a second time as new, long after the first, is not counted
// twice.
func TestHeardAgain(t *testing.T) {
	var list []earshot.Stored
	for i := range 500 {
		list = append(list, post(uint64(i+1), fmt.Sprint("chatter", i)))
	}
	list = append(list, post(501, "a", angry), post(502, "a", angry))
	if all := tell(t, config, list); len(all) == 0 || all[len(all)-1].Count != 1 {
		t.Errorf("alerts: %+v", all)
	}
}

// A hundred brands and a hundred teams at once stay within what the log takes in one write.
func TestBatchLimits(t *testing.T) {
	many := alerts.Config{}
	var to []earshot.Route
	for i := range 100 {
		name := fmt.Sprint("t", i)
		many.Teams = append(many.Teams, alerts.Team{Name: name})
		to = append(to, earshot.Route{Team: name, Kind: earshot.KindCustomer})
	}
	var list []earshot.Stored
	for i := range 110 {
		list = append(list, post(uint64(i+1), fmt.Sprint(i), routes(to[:max(1, 10*(i-99))]...), of(fmt.Sprint("b", i))))
	}
	if all := tell(t, many, list); len(all) != 100+550 {
		t.Errorf("%d alerts, want 650", len(all))
	}
}

// What another daemon stored after it had lost its turn, and could not publish any
// more, is told of all the same.
func TestAnotherDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, late := &alertstest.Log{}, &alertstest.Log{}
		life{late, mentionsOf([]earshot.Stored{post(2, "b", angry)}, []int{1}), config}.run(t, nil)

		mentions := &alertstest.Mentions{}
		mentions.Add(post(1, "a", angry))
		engine, _ := alerts.New(alerts.Options{Log: log}, config)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- engine.Run(ctx, mentions) }()
		synctest.Wait()
		if _, err := log.Append(t.Context(), late.All()); err == nil {
			t.Error("an event whose predecessor is not there is accepted")
		}
		stray := late.All()
		stray[0].Sequence = 0
		if _, err := log.Append(t.Context(), stray); err != nil {
			t.Fatal(err)
		}
		mentions.Add(post(2, "b", angry), post(3, "c", angry))
		<-time.After(time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		var told []string
		for _, a := range log.Alerts() {
			told = append(told, fmt.Sprint(a.Mention.ID, " ", a.Why))
		}
		if diff := cmp.Diff([]string{"mastodon:a new", "mastodon:b new", "mastodon:c new"}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// Mentions that end are fatal; a stop is not.
func TestRunEnds(t *testing.T) {
	engine, _ := alerts.New(alerts.Options{Log: &alertstest.Log{}}, config)
	broken := errors.New("the disk is gone")
	if err := engine.Run(t.Context(), ended{broken}); !errors.Is(err, broken) {
		t.Errorf("Run of mentions that end: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := engine.Run(ctx, &alertstest.Mentions{}); err != nil {
		t.Errorf("Run that was stopped: %v", err)
	}
}

type ended struct{ err error }

func (e ended) Next(context.Context, int) ([]earshot.Stored, error) { return nil, e.err }

// An alert costs two looks, at its case and at its author, and two writes, since
// each waits for the disk.
func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, mentions := &alertstest.Log{}, &alertstest.Mentions{}
		engine, _ := alerts.New(alerts.Options{Log: log}, config)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- engine.Run(ctx, mentions) }()
		var before int
		for i := range 10 {
			mentions.Add(post(uint64(i+1), fmt.Sprint(i), angry))
			synctest.Wait()
			if calls := log.Calls(); i > 0 && calls != before+4 {
				t.Errorf("alert %d took %d calls", i, calls-before)
			}
			before = log.Calls()
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
