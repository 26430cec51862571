package routing

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"earshot"
	"earshot/alerts/duty"
)

// target is where a line sends a route, and that in words.
func (t *Table) target(to *Target, m *earshot.Mention, r earshot.Route, now func(team string) time.Time) (Routed, string) {
	r.Team, r.Kind = cmp.Or(to.Team, r.Team), cmp.Or(to.Kind, r.Kind)
	routed := Routed{Route: r}
	if !to.person() {
		return routed, r.Team
	}
	people := t.people(to, m, r.Team, now(r.Team))
	if len(people) == 0 {
		return routed, "all of " + r.Team + ": " + missing(to, m.Lang)
	}
	routed.To = people
	return routed, strings.Join(people, ", ") + " of " + r.Team
}

// people are those of the team that the target means and that are there: all who
// are named, or the first who knows.
func (t *Table) people(to *Target, m *earshot.Mention, name string, now time.Time) []string {
	team := t.teams[name]
	here := team.People
	if team.Rota {
		here = team.Roster.OnDuty(now)
	}
	language := ""
	if to.Speaks {
		language = m.Lang
	}
	var found []string
	for _, p := range here {
		if len(to.People) > 0 && !slices.Contains(to.People, p.Name) || !p.Has(to.Skill, language) {
			continue
		}
		found = append(found, p.Name)
		if len(to.People) == 0 {
			break
		}
	}
	return found
}

// missing says who is not there.
func missing(to *Target, language string) string {
	var who []string
	if len(to.People) > 0 {
		who = append(who, "is "+strings.Join(to.People, " or "))
	}
	if to.Skill != "" {
		who = append(who, "knows "+to.Skill)
	}
	if to.Speaks && language != "" {
		who = append(who, "speaks "+language)
	}
	if len(who) == 0 {
		return "nobody is on duty"
	}
	return "nobody on duty " + strings.Join(who, " and ")
}

// check says what is wrong with a line.
func (t *Table) check(path string, line *Line) earshot.Problems {
	var problems earshot.Problems
	report := func(at, what, hint string) {
		problems = append(problems, earshot.Problem{Path: path + at, What: what, Hint: hint})
	}
	team := func(at, name string) {
		if _, known := t.teams[name]; !known {
			report(at, "there is no team \""+name+"\"", "there are: "+words(slices.Sorted(maps.Keys(t.teams))))
		}
	}
	kind := func(at string, k earshot.Kind) {
		if !slices.Contains(earshot.Kinds(), k) {
			report(at, "there is no kind \""+string(k)+"\"", "one of "+words(earshot.Kinds()))
		}
	}
	for i, name := range line.Match.Teams {
		team(at(".match.teams", i), name)
	}
	for i, k := range line.Match.Kinds {
		kind(at(".match.kinds", i), k)
	}
	if b := line.Match.Urgency; b != "" && !slices.Contains(earshot.BandNames(), b) {
		report(".match.urgency", "there is no urgency \""+string(b)+"\"", "one of "+words(earshot.BandNames()))
	}
	if line.Match.Reach < 0 {
		report(".match.reach", "nobody has fewer than no followers", "such as 10000")
	}
	if h := line.Match.Hours; h != "" && h != open && h != closed {
		report(".match.hours", "not a state of a team", "open or closed")
	}
	to := line.To
	if to.Team == "" && to.Kind == "" && !to.person() {
		report(".to", "the line goes nowhere", "add to: {team: pr}, or people or a skill of the team")
	}
	if to.Kind != "" {
		kind(".to.kind", to.Kind)
	}
	if to.Team != "" {
		team(".to.team", to.Team)
	}
	return append(problems, t.checkPeople(path, line)...)
}

// checkPeople looks for the people of a target in the teams it may be.
func (t *Table) checkPeople(path string, line *Line) earshot.Problems {
	to := &line.To
	candidates := line.Match.Teams
	if to.Team != "" {
		candidates = []string{to.Team}
	}
	if len(candidates) == 0 {
		for name := range t.teams {
			candidates = append(candidates, name)
		}
	}
	var people []duty.Person
	for _, name := range candidates {
		people = append(people, t.teams[name].People...)
	}
	var problems earshot.Problems
	for i, name := range to.People {
		if !slices.ContainsFunc(people, func(p duty.Person) bool { return p.Name == name }) {
			problems = append(problems, earshot.Problem{Path: path + at(".to.people", i), What: "nobody of the team is named \"" + name + "\"", Hint: "one of people of that team"})
		}
	}
	if to.Skill != "" && !slices.ContainsFunc(people, func(p duty.Person) bool { return p.Has(to.Skill, "") }) {
		problems = append(problems, earshot.Problem{Path: path + ".to.skill", What: "nobody of the team knows " + to.Skill, Hint: "add it to the skills of a person of that team"})
	}
	return problems
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func words[T ~string](list []T) string {
	plain := make([]string, len(list))
	for i, word := range list {
		plain[i] = string(word)
	}
	return strings.Join(plain, ", ")
}
