package alerts

import (
	"fmt"
	"slices"
	"strings"

	"earshot"
	"earshot/alerts/duty"
	"earshot/alerts/noise"
	"earshot/alerts/wording"
)

// Team is a group of people who act on alerts.
type Team struct {
	Name            string         `yaml:"name" jsonschema:"description=Name of the team in subjects and routes: a-z 0-9 and -"`
	Kinds           []earshot.Kind `yaml:"kinds" jsonschema:"description=What reaches the team; everything if left out"`
	Lang            string         `yaml:"lang" jsonschema:"description=Language that sinks word the team's alerts in; English if left out,enum=da,enum=de,enum=en,enum=es,enum=fr"`
	RespondWithin   duty.Limits    `yaml:"respond_within" jsonschema:"description=How soon the team answers for the first time, by urgency; a band left out has no clock"`
	NextReplyWithin duty.Limits    `yaml:"next_reply_within" jsonschema:"description=How soon the team answers a further word of the customer, by urgency; as respond_within if left out, {} for no clock"`
	ResolveWithin   duty.Limits    `yaml:"resolve_within" jsonschema:"description=How soon the team resolves a case, by urgency, not counting the time in which it waits for the customer; a band left out has no clock"`
	WarnAt          float64        `yaml:"warn_at" jsonschema:"description=Share of a time limit after which it is near: 0.8 if left out,minimum=0,maximum=1"`
	AroundTheClock  []earshot.Band `yaml:"around_the_clock" jsonschema:"description=Urgencies whose clocks run outside the hours, too: critical if left out; [] for none"`
	Hours           duty.Hours     `yaml:"hours" jsonschema:"description=When the team works: its clocks run then; always if left out"`
	People          []duty.Person  `yaml:"people" jsonschema:"description=Who is in the team, as far as the rota and routes to people need it"`
	Lead            string         `yaml:"lead" jsonschema:"description=Name of the person who hears that a clock is near or has passed; the whole team if left out"`
	Rota            duty.Rota      `yaml:"rota" jsonschema:"description=Who is called when nobody claims a critical alert"`

	clocks *duty.Clocks // made once by prepared
	roster *duty.Roster // likewise
	noise  *noise.Config
}

// prepared is the team with what its configuration is turned into.
func (t Team) prepared() Team {
	clocks := t.Clocks()
	t.clocks, t.roster = &clocks, t.Roster()
	return t
}

// Clocks are the time limits of the team.
func (t Team) Clocks() duty.Clocks {
	if t.clocks != nil {
		return *t.clocks
	}
	c := t.limits()
	if c.Next == nil { // who promises a first answer does not mean to let the second question lie
		c.Next = t.RespondWithin
	}
	c.Calendar = t.Hours.Calendar()
	return c
}

func (t Team) limits() duty.Clocks {
	return duty.Clocks{First: t.RespondWithin, Next: t.NextReplyWithin, Resolve: t.ResolveWithin, Warn: t.WarnAt, Always: t.AroundTheClock}
}

// Roster is who of the team is on duty.
func (t Team) Roster() *duty.Roster {
	if t.roster != nil {
		return t.roster
	}
	return duty.NewRoster(t.People, t.Rota, t.Hours)
}

// hasRota reports whether anybody is called when a case lies unclaimed.
func (t Team) hasRota() bool { return len(t.Rota.Shifts) > 0 || t.Rota.Fallback != (duty.Fallback{}) }

func (t Team) check(path string, others map[string]Team) earshot.Problems {
	var problems earshot.Problems
	report := func(at, what, hint string) {
		problems = append(problems, earshot.Problem{Path: path + at, What: what, Hint: hint})
	}
	if t.Name == "" {
		report("", "the team has no name", "add name: cs")
	} else if !teamName.MatchString(t.Name) {
		report(".name", fmt.Sprintf("%q cannot be a team's name", t.Name), "a to z, 0 to 9 and -, at most 63 characters")
	} else if t.Name == earshot.All {
		report(".name", fmt.Sprintf("%q is reserved", t.Name), "it stands for all teams: choose another name")
	} else if _, double := others[t.Name]; double {
		report(".name", fmt.Sprintf("two teams are named %q", t.Name), "give each its own name")
	}
	for i, kind := range t.Kinds {
		if !slices.Contains(earshot.Kinds(), kind) {
			report(fmt.Sprintf(".kinds[%d]", i), fmt.Sprintf("there is no kind %q", kind), "one of "+list(earshot.Kinds()))
		}
	}
	if t.Lang != "" && !slices.Contains(wording.Languages(), t.Lang) {
		report(".lang", fmt.Sprintf("there are no words in %q", t.Lang), "one of "+strings.Join(wording.Languages(), ", "))
	}
	problems = append(problems, t.limits().Check(path)...)
	problems = append(problems, t.Hours.Check(path+".hours")...)
	if t.Lead != "" && !slices.ContainsFunc(t.People, func(p duty.Person) bool { return p.Name == t.Lead }) {
		report(".lead", fmt.Sprintf("nobody of the team is named %q", t.Lead), "one of people")
	}
	return append(problems, duty.CheckRota(path, t.People, t.Rota, t.Hours)...)
}

// checkFallbacks looks for the teams that stand in for others.
func checkFallbacks(teams []Team) earshot.Problems {
	var problems earshot.Problems
	for i, team := range teams {
		other := team.Rota.Fallback.Team
		switch {
		case other == "" || other == earshot.Ops:
		case other == team.Name:
			problems = append(problems, earshot.Problem{
				Path: fmt.Sprintf("teams[%d].rota.fallback.team", i), What: "the team cannot stand in for itself", Hint: "another team, or a person",
			})
		case !slices.ContainsFunc(teams, func(t Team) bool { return t.Name == other }):
			problems = append(problems, earshot.Problem{
				Path: fmt.Sprintf("teams[%d].rota.fallback.team", i), What: fmt.Sprintf("there is no team %q", other), Hint: "one of teams, or " + earshot.Ops,
			})
		}
	}
	return problems
}
