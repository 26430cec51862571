package alerts_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
	"earshot/alerts/noise"
)

// What is said beforehand of a mention is what becomes of it, and saying it changes
// nothing: whatever came before, mutes and limits included.
func TestOutlook(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		posts := outlookPosts(rt)
		limit := rapid.IntRange(1, 4).Draw(rt, "limit")
		muted := rapid.SampledFrom([]string{"network=x", "topic=battery", "author=@jo,team=cs", "brand=zeta"}).Draw(rt, "mute")
		var asked, unasked []string
		synctest.Test(t, func(t *testing.T) { asked = foretold(t, slices.Clone(posts), limit, muted, true) })
		synctest.Test(t, func(t *testing.T) { unasked = foretold(t, slices.Clone(posts), limit, muted, false) })
		if diff := cmp.Diff(unasked, asked); diff != "" {
			rt.Fatalf("asking changed what became of it (-unasked +asked):\n%s", diff)
		}
	})
}

// foretold has posts come one by one, asks about each before if wanted, and returns
// what became of them.
func foretold(t *testing.T, posts []earshot.Stored, limit int, muted string, ask bool) (became []string) {
	t.Helper()
	c := config
	c.Noise.Limits = map[string]noise.Limit{"cs": {Alerts: limit, Per: time.Hour}}
	log, mentions, engine := running(t, c)
	matchers, err := noise.Parse(muted)
	if err != nil {
		t.Fatal(err)
	}
	engine.Mute([]noise.Mute{{ID: "m1", Matchers: matchers, By: "ann", Why: "we know", From: time.Now(), Until: time.Now().Add(time.Hour)}})
	<-time.After(2 * time.Second)
	for i := range posts {
		posts[i].Mention.Heard, posts[i].Mention.Posted = time.Now(), time.Now()
		var said []alerts.Outlook
		if ask {
			if said, err = engine.Outlook(t.Context(), posts[i]); err != nil {
				t.Fatal(err)
			}
		}
		mentions.Add(posts[i])
		<-time.After(1130 * time.Millisecond) // never when the engine looks at the clock
		if ask {
			agree(t, log, &posts[i], said)
		}
	}
	<-time.After(time.Minute)
	for _, e := range log.All() {
		if e.Cause > 0 { // of what is due at one moment any may come first
			became = append(became, fmt.Sprint(e.Case.Team, " ", e.Case.ID, " ", e.Event, " ", e.Cause, " ", e.Held))
		}
	}
	return append(became, fmt.Sprint(len(log.Alerts()), " alerts"))
}

func outlookPosts(t *rapid.T) []earshot.Stored {
	posts := make([]earshot.Stored, rapid.IntRange(1, 7).Draw(t, "posts"))
	for i := range posts {
		s := post(uint64(i+1), fmt.Sprint(i))
		s.Mention.Author.Handle = rapid.SampledFrom([]string{"@jo", "@kim", "@lee"}).Draw(t, "author")
		s.Mention.Network = rapid.SampledFrom([]string{"mastodon", "x"}).Draw(t, "network")
		if i > 0 && rapid.Bool().Draw(t, "reply") {
			s.Mention.ReplyTo = posts[i-1].Mention.ID
		}
		if rapid.Bool().Draw(t, "battery") {
			s.Verdict.Topics = []string{"battery"}
		}
		for _, trait := range []option{angry, danger, calm} {
			if rapid.Bool().Draw(t, "trait") {
				trait(&s)
			}
		}
		posts[i] = s
	}
	return posts
}

// running is an engine that runs until the test ends.
func running(t *testing.T, c alerts.Config) (*alertstest.Log, *alertstest.Mentions, *alerts.Engine) {
	t.Helper()
	log, mentions := &alertstest.Log{}, &alertstest.Mentions{}
	log.Stored = mentions
	engine, problems := alerts.New(alerts.Options{Log: log}, c)
	if problems.Fatal() {
		t.Fatal(problems)
	}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- engine.Run(ctx, mentions) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return log, mentions, engine
}

// agree compares what was said with what is stored.
func agree(t *testing.T, log *alertstest.Log, s *earshot.Stored, said []alerts.Outlook) {
	t.Helper()
	events := map[string]earshot.CaseEvent{}
	for _, e := range log.All() {
		if e.Cause == s.Sequence {
			events[e.Case.Team] = e
		}
	}
	told := map[string]bool{}
	for _, a := range log.Alerts() {
		if a.Mention != nil && a.Mention.ID == s.Mention.ID {
			told[a.Team] = true
		}
	}
	if len(events) != len(said) {
		t.Errorf("%s: %d cases changed, and %+v was said", s.Mention.ID, len(events), said)
	}
	for _, o := range said {
		e := events[o.Team]
		if e.Case.ID != o.Case || e.Event != o.Event || e.Held != o.Held || told[o.Team] != o.Tells || o.Opens != (e.Event == alerts.Opened) || (o.Mute != nil) != (o.Held == "mute m1") {
			t.Errorf("%s at %s: %s of case %s, held by %q, told %v; it was said: %+v", s.Mention.ID, o.Team, e.Event, e.Case.ID, e.Held, told[o.Team], o)
		}
		if s.Verdict.Danger && slices.ContainsFunc(s.Verdict.Routes, func(r earshot.Route) bool { return r.Team == o.Team }) && o.Held != "" {
			t.Errorf("%s: danger is held back: %+v", s.Mention.ID, o)
		}
	}
}

// An engine that does not run answers in time that it cannot say.
func TestOutlookOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, problems := alerts.New(alerts.Options{Log: &alertstest.Log{}}, config)
		if problems.Fatal() {
			t.Fatal(problems)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := engine.Outlook(ctx, post(1, "a", angry)); !errors.Is(err, alerts.ErrBusy) {
			t.Errorf("%v", err)
		}
		_, _, running := running(t, config)
		<-time.After(2 * time.Second)
		if all, err := running.Outlook(t.Context(), earshot.Stored{Brand: "acme"}); err != nil || len(all) != 0 {
			t.Errorf("%v %v", all, err)
		}
	})
}
