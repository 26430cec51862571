package alerts_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
	"earshot/alerts/duty"
	"earshot/alerts/noise"
	"earshot/alerts/routing"
)

// What is over a team's limit is held back and counted, however often the daemon
// dies, and told of in a digest; danger goes through. Cases are there for all.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := life{&alertstest.Log{}, &alertstest.Mentions{}, config}
		l.config.Noise.Limits = map[string]noise.Limit{"cs": {Alerts: 2, Per: time.Hour}}
		l.config.Noise.Digest = time.Minute
		for n := range uint64(6) {
			l.mentions.Add(post(n+1, fmt.Sprint(n), angry))
			l.run(t, nil)
		}
		l.mentions.Add(post(7, "fire", danger, func(s *earshot.Stored) {
			s.Verdict.Routes = append(s.Verdict.Routes, earshot.Route{Team: "cs", Kind: earshot.KindCustomer})
		}))
		l.runFor(t, 2*time.Minute, nil)
		var got []string
		held := 0
		for _, a := range l.log.Alerts() {
			if a.Team == "cs" {
				got = append(got, fmt.Sprint(a.Why, " ", a.Urgency))
			}
			if a.Held != nil {
				held += a.Held.Alerts
			}
		}
		if diff := cmp.Diff([]string{"new high", "new high", "new critical", "digest high"}, got); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if held != 4 {
			t.Errorf("the digest counts %d", held)
		}
		open := map[string]bool{}
		for _, e := range l.log.All() {
			if e.Case.Team == "cs" && e.Case.State == earshot.Open {
				open[e.Case.ID] = true
			}
		}
		if len(open) != 7 {
			t.Errorf("%d cases are open", len(open))
		}
	})
}

// A mute holds back what it matches until it ends, and says so then.
func TestMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, mentions := &alertstest.Log{}, &alertstest.Mentions{}
		log.Stored = mentions
		engine, problems := alerts.New(alerts.Options{Log: log}, config)
		if problems != nil {
			t.Fatal(problems)
		}
		matchers, err := noise.Parse("team=cs,network=mastodon")
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		engine.Mute([]noise.Mute{{ID: "strike", Matchers: matchers, By: "ann", Why: "we know", From: now.Add(-time.Minute), Until: now.Add(10 * time.Minute)}})
		done := make(chan error, 1)
		ctx := t.Context()
		go func() { done <- engine.Run(ctx, mentions) }()
		<-time.After(time.Second)
		mentions.Add(post(1, "a", angry), post(2, "b", angry, func(s *earshot.Stored) { s.Mention.Network = "x" }))
		<-time.After(5 * time.Minute)
		count := func() (told []string) {
			for _, a := range log.Alerts() {
				told = append(told, string(a.Why))
			}
			return told
		}
		if diff := cmp.Diff([]string{"new"}, count()); diff != "" {
			t.Errorf("told while the mute holds (-want +got):\n%s", diff)
		}
		<-time.After(6 * time.Minute)
		if diff := cmp.Diff([]string{"new", "digest"}, count()); diff != "" {
			t.Errorf("told when it is over (-want +got):\n%s", diff)
		}
	})
}

// A line of routing leads to the one who knows.
func TestRouting(t *testing.T) {
	c := config
	c.Teams = []alerts.Team{{Name: "cs", People: []duty.Person{{Name: "ann", Skills: []string{"battery"}}, {Name: "bob"}}}, config.Teams[1]}
	c.Routes = []routing.Line{{Name: "battery", Match: routing.Match{Topics: []string{"battery"}}, To: routing.Target{Skill: "battery"}}}
	topic := func(s *earshot.Stored) { s.Verdict.Topics = []string{"battery"} }
	all := tell(t, c, []earshot.Stored{post(1, "a", angry, topic), post(2, "b", angry)})
	to := map[string][]string{}
	for _, a := range all {
		to[a.Mention.ID] = a.To
	}
	if diff := cmp.Diff(map[string][]string{"mastodon:a": {"ann"}, "mastodon:b": nil}, to); diff != "" {
		t.Errorf("to (-want +got):\n%s", diff)
	}
}
