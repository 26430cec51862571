package alerts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
)

// All that is wrong is said at once, with the place and what to write instead.
func TestProblems(t *testing.T) {
	broken := alerts.Config{
		Teams: []alerts.Team{
			{},
			{Name: "Customer Service"},
			{Name: "cs", Kinds: []earshot.Kind{earshot.KindCrisis, "rant"}, RespondWithin: map[earshot.Band]time.Duration{"urgent": time.Hour, earshot.High: 0}},
			{Name: "cs"},
			{Name: earshot.All},
		},
		Bands:  earshot.Bands{Normal: 60, High: 30, Critical: 85},
		MaxAge: -time.Hour,
	}
	want := `teams[0]: the team has no name (add name: cs)
teams[1].name: "Customer Service" cannot be a team's name (a to z, 0 to 9 and -, at most 63 characters)
teams[2].kinds[1]: there is no kind "rant" (one of customer, delight, silence, lookalike, story, crisis)
teams[2].respond_within.high: nobody can answer in no time (such as 1h; leave it out for no clock)
teams[2].respond_within.urgent: there is no urgency "urgent" (one of low, normal, high, critical)
teams[3].name: two teams are named "cs" (give each its own name)
teams[4].name: "all" is reserved (it stands for all teams: choose another name)
urgency: the bands do not rise (0 < normal < high < critical, such as 30, 60 and 85)
alert_max_age: an age cannot be negative (such as 24h)`
	engine, problems := alerts.New(alerts.Options{Log: &alertstest.Log{}}, broken)
	if diff := cmp.Diff(want, problems.Error()); diff != "" || engine != nil {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	many := alerts.Config{}
	for i := range 101 {
		many.Teams = append(many.Teams, alerts.Team{Name: fmt.Sprint("t", i)})
	}
	if _, problems := alerts.New(alerts.Options{}, many); !problems.Fatal() {
		t.Error("101 teams are accepted")
	}
}

// A reload is taken over between batches; a bad one leaves the old configuration.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, mentions := &alertstest.Log{}, &alertstest.Mentions{}
		core, logs := observer.New(zap.InfoLevel)
		registry := prometheus.NewPedanticRegistry()
		engine, _ := alerts.New(alerts.Options{Log: log, Logger: zap.New(core), Metrics: registry}, config)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- engine.Run(ctx, mentions) }()

		hr := routes(earshot.Route{Team: "hr", Kind: earshot.KindCustomer})
		mentions.Add(post(1, "a", hr), post(2, "b", hr))
		synctest.Wait()
		if problems := engine.Reload(alerts.Config{Teams: []alerts.Team{{Name: "H R"}}}); !problems.Fatal() {
			t.Error("a bad configuration is accepted")
		}
		if n := logs.FilterMessage("a rule sends to a team that does not exist").Len(); n != 1 {
			t.Errorf("the unknown team was logged %d times, want once", n)
		}
		if problems := engine.Reload(alerts.Config{Teams: []alerts.Team{{Name: "hr"}}}); problems != nil {
			t.Error(problems)
		}
		mentions.Add(post(3, "c", hr))
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if all := log.Alerts(); len(all) != 1 || all[0].Mention.ID != "mastodon:c" {
			t.Errorf("alerts: %+v", all)
		}
		checkMetrics(t, registry)
	})
}

func checkMetrics(t *testing.T, registry *prometheus.Registry) {
	t.Helper()
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("metrics: %v %v", problems, err)
	}
	want := `
# HELP earshot_alerts_progress_sequence Sequence of the last mention dealt with.
# TYPE earshot_alerts_progress_sequence gauge
earshot_alerts_progress_sequence 3
# HELP earshot_alerts_total Alerts raised.
# TYPE earshot_alerts_total counter
earshot_alerts_total{kind="customer",team="hr",urgency="low",why="new"} 1
# HELP earshot_alerts_unknown_team_total Routes dropped because their team does not exist.
# TYPE earshot_alerts_unknown_team_total counter
earshot_alerts_unknown_team_total 2
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "earshot_alerts_total", "earshot_alerts_unknown_team_total", "earshot_alerts_progress_sequence"); err != nil {
		t.Error(err)
	}
}

// The state of a newer version is left alone.
func TestNewerState(t *testing.T) {
	log := &alertstest.Log{}
	if _, err := log.Publish(t.Context(), nil, nil, []earshot.Progress{{Brand: "acme", State: []byte(`{"version":2}`)}}); err != nil {
		t.Fatal(err)
	}
	engine, _ := alerts.New(alerts.Options{Log: log}, config)
	mentions := &alertstest.Mentions{}
	mentions.Add(post(1, "a", angry))
	if err := engine.Run(t.Context(), mentions); err == nil || !strings.Contains(err.Error(), "state of acme") {
		t.Errorf("Run on the state of a newer version: %v", err)
	}
	if all := log.All(); len(all) > 0 {
		t.Errorf("it wrote %+v", all)
	}
}
