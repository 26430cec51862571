package alerts_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
)

// Each story says what a team is told: why, the kind, the urgency, how many
// mentions, and whether the alert takes the place of one on another subject.
func TestStories(t *testing.T) {
	review := func(s *earshot.Stored) { s.Mention.Rating = 1 }
	cases := []struct {
		name string
		list []earshot.Stored
		want []string
	}{
		{"chatter tells nobody", []earshot.Stored{post(1, "a"), post(2, "a", edited), post(3, "a", gone)}, nil},
		{"a customer", []earshot.Stored{post(1, "a", angry)}, []string{"cs: new customer high 1"}},
		{
			"two customers are two cases",
			[]earshot.Stored{post(1, "a", angry), post(2, "b", angry)},
			[]string{"cs: new customer high 1", "cs: new customer high 1"},
		},
		{
			"one customer in four posts is one case",
			[]earshot.Stored{post(1, "a", angry, by("jane")), post(2, "b", angry, by("jane"), replying("a")), post(3, "c", angry, by("jane")), post(4, "d", angry, by("Jane"))},
			[]string{"cs: new customer high 1", "cs: changed customer high 2", "cs: changed customer high 3", "cs: changed customer high 4"},
		},
		{
			"each customer of a thread has a case",
			[]earshot.Stored{post(1, "a", angry), post(2, "b", angry, replying("a")), post(3, "c", angry, replying("a"))},
			[]string{"cs: new customer high 1", "cs: new customer high 1", "cs: new customer high 1"},
		},
		{
			"what is shared of a customer's post is the customer's",
			[]earshot.Stored{post(1, "a", angry), post(2, "b", angry, reposting("a")), post(3, "c", angry, reposting("a"))},
			[]string{"cs: new customer high 1", "cs: changed customer high 3"},
		},
		{
			"a thread is one story",
			[]earshot.Stored{post(1, "a", spreads), post(2, "b", spreads, replying("a")), post(3, "c", spreads, replying("a"))},
			[]string{"pr: new story low 1", "pr: changed story low 3"},
		},
		{
			"a thread goes where its root went",
			[]earshot.Stored{
				post(1, "a", spreads, article("https://news.example/a", "Fire")), post(2, "b", spreads, replying("a")), post(3, "c", spreads, links("http://m.news.example/a/")),
			},
			[]string{"pr: new story low 1", "pr: changed story low 3"},
		},
		{
			"a root heard after its replies",
			[]earshot.Stored{post(1, "b", spreads, replying("a")), post(2, "a", spreads)},
			[]string{"pr: new story low 1", "pr: changed story low 2"},
		},
		{
			"links to the brand's own site do not group",
			[]earshot.Stored{
				post(1, "a", angry, links("https://shop.acme.example/help")), post(2, "b", angry, links("https://shop.acme.example/help")),
			},
			[]string{"cs: new customer high 1", "cs: new customer high 1"},
		},
		{
			"reviews on one page are customers of their own",
			[]earshot.Stored{
				post(1, "a", angry, article("https://store.example/toy", "Bad"), review), post(2, "b", angry, article("https://store.example/toy", "Poor"), review),
			},
			[]string{"cs: new customer high 1", "cs: new customer high 1"},
		},
		{
			"more urgent",
			[]earshot.Stored{post(1, "a", angry, calm), post(2, "b", angry, by("a"), replying("a"))},
			[]string{"cs: new customer normal 1", "cs: escalated customer high 2 replaces"},
		},
		{
			"less urgent mentions do not calm",
			[]earshot.Stored{post(1, "a", angry), post(2, "b", angry, calm, by("a"), replying("a"))},
			[]string{"cs: new customer high 1", "cs: changed customer high 2"},
		},
		{
			"an edit calms",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", angry, calm, edited)},
			[]string{"cs: new customer high 1", "cs: changed customer normal 1 replaces"},
		},
		{
			"an edit of the words",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", angry, edited, says("worse"))},
			[]string{"cs: new customer high 1", "cs: changed customer high 1"},
		},
		{
			"counters and time make it a little more urgent",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", angry, edited, more(3))},
			[]string{"cs: new customer high 1"},
		},
		{
			"counters make it critical",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", angry, edited, more(30))},
			[]string{"cs: new customer high 1", "cs: escalated customer critical 1 replaces"},
		},
		{
			"an edit of nothing that matters",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", angry, edited, likes)},
			[]string{"cs: new customer high 1"},
		},
		{"an edit that begins to matter", []earshot.Stored{post(1, "a"), post(2, "a", angry, edited)}, []string{"cs: new customer high 1"}},
		{
			"an edit that ceases to matter",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", edited)},
			[]string{"cs: new customer high 1", "cs: withdrawn customer high 0"},
		},
		{
			"a deletion",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", gone), post(3, "a", gone)},
			[]string{"cs: new customer high 1", "cs: withdrawn customer high 0"},
		},
		{
			"a deletion of one of two",
			[]earshot.Stored{post(1, "a", angry, calm), post(2, "b", angry, by("a"), replying("a")), post(3, "b", gone)},
			[]string{"cs: new customer normal 1", "cs: escalated customer high 2 replaces", "cs: changed customer normal 1 replaces"},
		},
		{
			"a case that begins again",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", gone), post(3, "b", angry, replying("a"))},
			[]string{"cs: new customer high 1", "cs: withdrawn customer high 0", "cs: new customer high 1"},
		},
		{"a scare at two teams", []earshot.Stored{post(1, "a", angry, danger)}, []string{"cs: new customer critical 1", "pr: new crisis critical 1"}},
		{
			"an edit that turns into a scare",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", angry, danger, edited)},
			[]string{"cs: new customer high 1", "cs: escalated customer critical 1 replaces", "pr: new crisis critical 1"},
		},
		{"what a team does not hear of", []earshot.Stored{post(1, "a", routes(earshot.Route{Team: "pr", Kind: earshot.KindCustomer}))}, nil},
		{
			"the most severe route of a team",
			[]earshot.Stored{post(1, "a", routes(
				earshot.Route{Team: "pr", Kind: earshot.KindStory}, earshot.Route{Team: "pr", Kind: earshot.KindCrisis, Topic: "x"}, earshot.Route{Team: "pr", Kind: earshot.KindCrisis, Topic: "y"}))},
			[]string{"pr: new crisis low 1"},
		},
		{
			"a more severe kind",
			[]earshot.Stored{
				post(1, "a", routes(earshot.Route{Team: "pr", Kind: earshot.KindStory})), post(2, "b", replying("a"), routes(earshot.Route{Team: "pr", Kind: earshot.KindCrisis})),
			},
			[]string{"pr: new story low 1", "pr: escalated crisis low 2 replaces"},
		},
		{"the brand itself", []earshot.Stored{post(1, "a", angry, danger, func(s *earshot.Stored) { s.Verdict.OwnedAuthor = true })}, nil},
		{"a team that does not exist", []earshot.Stored{post(1, "a", angry, routes(earshot.Route{Team: "hr", Kind: earshot.KindCrisis}))}, nil},
		{
			"a post without a date is fresh",
			[]earshot.Stored{post(1, "a", angry, func(s *earshot.Stored) { s.Mention.Posted = time.Time{} })},
			[]string{"cs: new customer high 1"},
		},
		{"old danger pages", []earshot.Stored{post(1, "a", danger, old)}, []string{"pr: new crisis critical 1"}},
		{"old news", []earshot.Stored{post(1, "a", angry, old), post(2, "b", angry, old)}, []string{"cs: new customer low 2"}},
		{
			"old news joins nothing",
			[]earshot.Stored{post(1, "a", angry), post(2, "b", angry, old, replying("a"))},
			[]string{"cs: new customer high 1", "cs: new customer low 1"},
		},
		{
			"an old edit of a live case",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", angry, old, edited, says("worse"))},
			[]string{"cs: new customer high 1", "cs: changed customer high 1"},
		},
		{
			"an edit of old news wakes nobody",
			[]earshot.Stored{post(1, "a", angry, old), post(2, "a", angry, old, edited, says("b"))},
			[]string{"cs: new customer low 1"},
		},
		{"old news taken back in time", []earshot.Stored{post(1, "a", angry, old), post(2, "a", gone)}, nil},
		{"a sequence seen before", []earshot.Stored{post(2, "a", angry), post(1, "b", angry)}, []string{"cs: new customer high 1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := life{&alertstest.Log{}, &alertstest.Mentions{}, config}
				l.mentions.Add(c.list...)
				l.run(t, nil)
				var got []string
				for _, a := range l.log.Alerts() {
					line := fmt.Sprintf("%s: %s %s %s %d", a.Team, a.Why, a.Kind, a.Urgency, a.Count)
					if a.Replaces != "" {
						line += " replaces"
					}
					got = append(got, line)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("alerts differ (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Routes of one verdict to one team that differ only in topic are one alert, of the
// topic named first.
func TestTopics(t *testing.T) {
	all := tell(t, config, []earshot.Stored{post(1, "a", routes(
		earshot.Route{Team: "cs", Kind: earshot.KindCustomer, Topic: "delivery"},
		earshot.Route{Team: "cs", Kind: earshot.KindCustomer, Topic: "missing"},
	))})
	if len(all) != 1 || all[0].Topic != "delivery" || len(all[0].Verdict.Routes) != 2 {
		t.Errorf("alerts: %+v", all)
	}
}

// A route with a topic says more than one without, and danger says most.
func TestTopicOfTheSeverest(t *testing.T) {
	c := config
	c.Brands = []alerts.Brand{{Name: "acme", Danger: []string{"safety"}}}
	plain := earshot.Route{Team: "cs", Kind: earshot.KindCustomer}
	missing := earshot.Route{Team: "cs", Kind: earshot.KindCustomer, Topic: "missing"}
	safety := earshot.Route{Team: "cs", Kind: earshot.KindCustomer, Topic: "safety"}
	for want, sent := range map[string][]earshot.Route{
		"missing": {plain, missing},
		"safety":  {plain, missing, safety},
	} {
		all := tell(t, c, []earshot.Stored{post(1, "a", routes(sent...))})
		if len(all) != 1 || all[0].Topic != want {
			t.Errorf("want %s: %+v", want, all)
		}
	}
}

func more(points int64) func(*earshot.Stored) {
	return func(s *earshot.Stored) { s.Verdict.Urgency += earshot.Score(points) * earshot.Unit }
}

func likes(s *earshot.Stored) { s.Mention.Engagement.Likes = 1000 }

// The deadline counts from the first mention, comes nearer with the urgency and
// never moves away.
func TestRespondBy(t *testing.T) {
	at := func(sequence int, within time.Duration) time.Time {
		return noon.Add(time.Duration(sequence)*time.Second + within)
	}
	want := []time.Time{at(1, 8*time.Hour), at(1, time.Hour), at(1, time.Hour), {}, at(5, time.Hour)}
	var got []time.Time
	for _, a := range tell(t, config, []earshot.Stored{post(1, "a", angry, calm), post(2, "a", angry, edited), post(3, "a", angry, calm, edited), post(4, "a", gone), post(5, "a", angry, edited)}) {
		got = append(got, a.RespondBy)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deadlines differ (-want +got):\n%s", diff)
	}
}

// A case of many mentions remembers some of them, counts all, and loses neither
// its urgency nor its kind.
func TestManyMembers(t *testing.T) {
	bands := earshot.DefaultBands()
	step := func(i int, kind earshot.Kind, urgency earshot.Score) alerts.Step {
		m := &earshot.Mention{ID: fmt.Sprint("m:", i), Heard: noon}
		return alerts.Step{
			Team: alerts.Team{Name: "pr"}, Brand: "acme", Case: "c", Cause: uint64(i), Mention: m, Verdict: &earshot.Verdict{},
			Is: &earshot.Member{Mention: m.Key(), Kind: kind, Urgency: urgency, Reach: 2},
		}
	}
	first, _ := alerts.From(step(1, earshot.KindCrisis, 0), bands, noon)
	c := first.Case
	for i := 2; i <= 300; i++ {
		s := step(i, earshot.KindStory, 40*earshot.Unit)
		before := c
		s.Before = &before
		event, _ := alerts.From(s, bands, noon)
		c = event.Case
	}
	if c.Count != 300 || c.Reach != 600 || len(c.Members) != 200 || c.Kind != earshot.KindCrisis || c.Band != earshot.Normal {
		t.Errorf("case of 300: count %d, reach %d, members %d, kind %s, band %s", c.Count, c.Reach, len(c.Members), c.Kind, c.Band)
	}
	for i := 1; i <= 300; i++ {
		s := step(i, earshot.KindStory, 40*earshot.Unit)
		before := c
		s.Before, s.Was, s.Is = &before, s.Is, nil
		event, _ := alerts.From(s, bands, noon)
		c = event.Case
		if m := event.Alert; m.Mention != nil || m.Verdict != nil || (m.Why == earshot.BecauseWithdrawn) != (i == 300) {
			t.Fatalf("alert after %d left: %+v", i, m)
		}
	}
	if c.Count != 0 || c.Reach != 0 || c.State != earshot.Expired {
		t.Errorf("case that all left: %+v", c)
	}
}

// A case that is no longer in the log is not missed by a mention that leaves it,
// and begins again with one that is edited.
func TestForgottenCase(t *testing.T) {
	m := post(1, "a", angry)
	member := &earshot.Member{Mention: m.Mention.Key(), Kind: earshot.KindCustomer, Reach: 10}
	step := alerts.Step{Team: alerts.Team{Name: "cs"}, Brand: "acme", Case: "c", Cause: 1, Mention: &m.Mention, Verdict: m.Verdict, Was: member}
	if event, news := alerts.From(step, earshot.DefaultBands(), noon); news {
		t.Errorf("leaving: %+v", event)
	}
	step.Is = member
	if event, _ := alerts.From(step, earshot.DefaultBands(), noon); event.Event != alerts.Opened || event.Case.Count != 1 || event.Alert.Why != earshot.BecauseNew {
		t.Errorf("staying: %+v", event)
	}
}

// An alert carries all a person needs, and nothing that its author took back.
func TestAlertCarries(t *testing.T) {
	list := []earshot.Stored{post(1, "a", angry, danger), post(2, "b", angry, by("a"), replying("a")), post(3, "a", gone)}
	all := tell(t, config, list)
	all = slices.DeleteFunc(all, func(a earshot.Alert) bool { return a.Team != "cs" })
	first := all[0]
	want := earshot.Alert{
		ID: first.Case + ".cs.1", Case: first.Case, Revision: 1, Team: "cs", Brand: "acme", Kind: earshot.KindCustomer,
		Urgency: earshot.Critical, Why: earshot.BecauseNew, At: first.At, Mention: &list[0].Mention, Verdict: list[0].Verdict,
		Summary: "critical · acme · “Lost my astronaut a” — @a on mastodon", Count: 1, Reach: 10, RespondBy: noon.Add(15*time.Minute + time.Second),
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("alert differs (-want +got):\n%s", diff)
	}
	left := all[2]
	if left.Why != earshot.BecauseChanged || left.Mention != nil || left.Verdict != nil || left.Replaces != all[1].ID {
		t.Errorf("alert after a deletion: %+v", left)
	}
}

// An alert stays far smaller than a message may be, and its reasons add up.
func TestAlertIsBounded(t *testing.T) {
	huge := post(1, "a", angry, func(s *earshot.Stored) {
		for i := range 100 {
			s.Mention.Links = append(s.Mention.Links, fmt.Sprintf("https://news.example/%d?q=%s", i, strings.Repeat("x", 8000)))
		}
		for i := range 5000 {
			of := []earshot.Quality{earshot.OfSentiment, earshot.OfUrgency}[i%2]
			s.Verdict.Reasons = append(s.Verdict.Reasons, earshot.Reason{Of: of, Rule: "word", Field: "text", Span: &earshot.Span{i, i + 1}, Weight: earshot.Score(i)})
		}
	})
	sums := func(reasons []earshot.Reason) map[earshot.Quality]earshot.Score {
		sum := map[earshot.Quality]earshot.Score{}
		for _, r := range reasons {
			sum[r.Of] += r.Weight
		}
		return sum
	}
	a := tell(t, config, []earshot.Stored{huge})[0]
	body, err := json.Marshal(a)
	if err != nil || len(body) > 200<<10 {
		t.Errorf("the alert has %d bytes (%v)", len(body), err)
	}
	if diff := cmp.Diff(sums(huge.Verdict.Reasons), sums(a.Verdict.Reasons)); diff != "" {
		t.Errorf("sums of reasons (-want +got):\n%s", diff)
	}
	if len(a.Mention.Links) == 0 || len(huge.Mention.Links) != 100 || len(huge.Verdict.Reasons) != 5000 {
		t.Error("the mention itself was cut, or all of its links")
	}
}
