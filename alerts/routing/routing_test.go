package routing_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts/duty"
	"earshot/alerts/routing"
)

// Friday, five minutes after cs has gone home.
var friday = time.Date(2026, 11, 27, 18, 5, 0, 0, time.UTC)

func teams() []routing.Team {
	hours := duty.Hours{Zone: "UTC", Open: []duty.Span{{Days: []string{"mon-fri"}, From: "09:00", To: "18:00"}}}
	people := []duty.Person{
		{Name: "anna", Skills: []string{"battery"}, Languages: []string{"da"}},
		{Name: "bo", Languages: []string{"en"}},
		{Name: "eve", Skills: []string{"legal"}, Away: []duty.Absence{{From: "2026-11-27", To: "2026-11-28"}}},
	}
	rota := duty.Rota{Shifts: []duty.Shift{{From: "2026-11-23", Every: 7 * 24 * time.Hour, People: []string{"bo", "anna", "eve"}}}}
	return []routing.Team{
		{Name: "cs", People: people, Rota: true, Roster: duty.NewRoster(people, rota, hours), Calendar: hours.Calendar()},
		{Name: "pr", People: []duty.Person{{Name: "pia", Skills: []string{"press"}}}},
		{Name: "night"},
	}
}

func table(t testing.TB, lines ...routing.Line) *routing.Table {
	t.Helper()
	table, problems := routing.New("routing", lines, teams(), earshot.DefaultBands())
	if problems != nil {
		t.Fatal(problems)
	}
	return table
}

var (
	cs = earshot.Route{Team: "cs", Kind: earshot.KindCustomer, Topic: "battery"}
	pr = earshot.Route{Team: "pr", Kind: earshot.KindStory}
)

// Each line does what it says to the routes it matches, and says so.
func TestApply(t *testing.T) {
	mention := earshot.Mention{ID: "x:1", Network: "x", Lang: "da-DK", Author: earshot.Author{Followers: 5000}}
	verdict := earshot.Verdict{Brand: "acme", Urgency: 70 * earshot.Unit, Topics: []string{"battery", "price"}}
	danger := verdict
	danger.Danger = true
	night := earshot.Route{Team: "night", Kind: earshot.KindCustomer, Topic: "battery"}
	for name, test := range map[string]struct {
		lines   []routing.Line
		verdict *earshot.Verdict
		routes  []earshot.Route
		want    []routing.Routed
		steps   []string
	}{
		"no line": {routes: []earshot.Route{cs, pr}, want: []routing.Routed{{Route: cs}, {Route: pr}}},
		"added": {
			lines:  []routing.Line{{Name: "loud", Match: routing.Match{Teams: []string{"cs"}, Reach: 5000, Urgency: earshot.High}, To: routing.Target{Team: "pr", Kind: earshot.KindStory}}},
			routes: []earshot.Route{cs}, want: []routing.Routed{{Route: cs}, {Route: earshot.Route{Team: "pr", Kind: earshot.KindStory, Topic: "battery"}}},
			steps: []string{"loud: also to pr"},
		},
		"instead, the first wins": {
			lines: []routing.Line{
				{Name: "after hours", Match: routing.Match{Hours: "closed", Kinds: []earshot.Kind{earshot.KindCustomer}}, To: routing.Target{Team: "night"}, Instead: true},
				{Name: "never", To: routing.Target{Team: "pr"}, Instead: true},
			},
			routes: []earshot.Route{cs}, want: []routing.Routed{{Route: night}}, steps: []string{"after hours: to night instead of cs"},
		},
		"danger is not taken away": {
			lines:   []routing.Line{{Name: "after hours", Match: routing.Match{Hours: "closed"}, To: routing.Target{Team: "night"}, Instead: true}},
			verdict: &danger, routes: []earshot.Route{cs}, want: []routing.Routed{{Route: cs}, {Route: night}},
			steps: []string{"after hours: also to night: danger is not taken away from cs"},
		},
		"the one who knows": {
			lines:  []routing.Line{{Name: "battery", Match: routing.Match{Topics: []string{"battery"}, Languages: []string{"da"}}, To: routing.Target{Skill: "battery", Speaks: true}}},
			routes: []earshot.Route{cs}, want: []routing.Routed{{Route: cs, To: []string{"anna"}}}, steps: []string{"battery: for anna of cs"},
		},
		"nobody knows": {
			lines:  []routing.Line{{Name: "law", Match: routing.Match{Topics: []string{"price"}}, To: routing.Target{Team: "cs", Skill: "legal"}}},
			routes: []earshot.Route{cs}, want: []routing.Routed{{Route: cs}}, steps: []string{"law: for all of cs: nobody on duty knows legal"},
		},
		"people without a rota": {
			lines:  []routing.Line{{Name: "pia", Match: routing.Match{Teams: []string{"pr"}, Networks: []string{"x"}, Brands: []string{"acme"}}, To: routing.Target{People: []string{"pia"}}}},
			routes: []earshot.Route{pr}, want: []routing.Routed{{Route: pr, To: []string{"pia"}}}, steps: []string{"pia: for pia of pr"},
		},
		"nothing matches": {
			lines: []routing.Line{
				{Match: routing.Match{Brands: []string{"zen"}}, To: routing.Target{Team: "pr"}},
				{Match: routing.Match{Reach: 5001}, To: routing.Target{Team: "pr"}},
				{Match: routing.Match{Urgency: earshot.Critical}, To: routing.Target{Team: "pr"}},
				{Match: routing.Match{Hours: "open"}, To: routing.Target{Team: "pr"}},
				{Match: routing.Match{Languages: []string{"d"}}, To: routing.Target{Team: "pr"}},
			},
			routes: []earshot.Route{cs}, want: []routing.Routed{{Route: cs}},
		},
	} {
		v := test.verdict
		if v == nil {
			v = &verdict
		}
		got, did := table(t, test.lines...).Apply(&mention, v, test.routes, friday)
		var steps []string
		for _, s := range did {
			steps = append(steps, s.Line+": "+s.Did)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(test.steps, steps); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What cannot work is refused, with a place and a hint.
func TestCheck(t *testing.T) {
	_, problems := routing.New("routing", []routing.Line{
		{Match: routing.Match{Teams: []string{"cz"}, Kinds: []earshot.Kind{"custmer"}, Urgency: "hi", Reach: -1, Hours: "late"}},
		{To: routing.Target{Team: "px", Kind: "x"}},
		{To: routing.Target{Team: "pr", People: []string{"anna"}, Skill: "battery"}},
	}, teams(), earshot.DefaultBands())
	var got []string
	for _, p := range problems {
		if p.What == "" || p.Hint == "" {
			t.Errorf("%+v", p)
		}
		got = append(got, strings.TrimPrefix(p.Path, "routing"))
	}
	want := []string{
		"[0].match.teams[0]", "[0].match.kinds[0]", "[0].match.urgency", "[0].match.reach", "[0].match.hours", "[0].to",
		"[1].to.kind", "[1].to.team", "[2].to.people[0]", "[2].to.skill",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, problems := routing.New("routing", make([]routing.Line, 201), nil, earshot.DefaultBands()); len(problems) != 1 {
		t.Errorf("%v", problems)
	}
}

// Whatever the table says, danger reaches every team that the rules send it to,
// nothing is lost on the way, and the same question has the same answer.
func TestNothingIsLost(t *testing.T) {
	band := rapid.SampledFrom(append(earshot.BandNames(), ""))
	kind := rapid.SampledFrom(earshot.Kinds())
	name := rapid.SampledFrom([]string{"cs", "pr", "night"})
	line := rapid.Custom(func(t *rapid.T) routing.Line {
		l := routing.Line{Name: "l", Instead: rapid.Bool().Draw(t, "instead"), To: routing.Target{Team: name.Draw(t, "to")}}
		l.Match.Urgency = band.Draw(t, "urgency")
		l.Match.Hours = rapid.SampledFrom([]string{"", "open", "closed"}).Draw(t, "hours")
		l.Match.Teams = rapid.SliceOfN(name, 0, 2).Draw(t, "teams")
		l.To.Speaks = rapid.Bool().Draw(t, "speaks")
		if rapid.Bool().Draw(t, "as") {
			l.To.Kind = kind.Draw(t, "kind")
		}
		return l
	})
	rapid.Check(t, func(t *rapid.T) {
		table, problems := routing.New("routing", rapid.SliceOfN(line, 0, 8).Draw(t, "lines"), teams(), earshot.DefaultBands())
		if problems != nil {
			t.Fatal(problems)
		}
		var routes []earshot.Route
		for range rapid.IntRange(0, 4).Draw(t, "routes") {
			routes = append(routes, earshot.Route{Team: name.Draw(t, "team"), Kind: kind.Draw(t, "kind")})
		}
		m := earshot.Mention{Lang: rapid.SampledFrom([]string{"", "da", "en-GB", "fi"}).Draw(t, "lang")}
		v := earshot.Verdict{Danger: rapid.Bool().Draw(t, "danger"), Urgency: earshot.Score(rapid.IntRange(0, 100).Draw(t, "urgency")) * earshot.Unit}
		now := friday.Add(time.Duration(rapid.IntRange(-200, 200).Draw(t, "hours")) * time.Hour)
		got, steps := table.Apply(&m, &v, routes, now)
		again, _ := table.Apply(&m, &v, routes, now)
		if diff := cmp.Diff(got, again); diff != "" {
			t.Fatal(diff)
		}
		if (len(got) == 0) != (len(routes) == 0) {
			t.Fatalf("%v became %v", routes, got)
		}
		for _, r := range routes {
			kept := slices.ContainsFunc(got, func(g routing.Routed) bool { return g.Route == r })
			said := slices.ContainsFunc(steps, func(s routing.Step) bool { return s.Route == r && strings.Contains(s.Did, " instead of ") })
			if !kept && (v.Danger || !said) {
				t.Fatalf("%v is not in %v", r, got)
			}
		}
	})
}
