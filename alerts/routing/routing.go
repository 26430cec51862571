// Package routing sends what the rule book routes to further teams, to other ones
// and to the people who know, by lines of the configuration, and says which line
// did what. It is pure: the time is an argument. It never takes what endangers
// people away from a team. What reaches a team in the end is for alerts to say.
package routing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/alerts/duty"
)

// Line is one line of the table.
type Line struct {
	Name    string `yaml:"name" jsonschema:"description=What explanations call the line"`
	Match   Match  `yaml:"match" jsonschema:"description=Which routes of the rules the line is for; all if left out"`
	To      Target `yaml:"to" jsonschema:"description=Where they go"`
	Instead bool   `yaml:"instead" jsonschema:"description=They go there instead of where the rules send them; the first such line counts. Danger is added and never taken away"`
}

// Match is what a route and its mention must be. What is left out is not asked.
type Match struct {
	Teams     []string       `yaml:"teams" jsonschema:"description=Teams that the rules send to"`
	Brands    []string       `yaml:"brands" jsonschema:"description=Brands"`
	Kinds     []earshot.Kind `yaml:"kinds" jsonschema:"description=Kinds of alert"`
	Topics    []string       `yaml:"topics" jsonschema:"description=Topics of the mention: one of them is enough"`
	Networks  []string       `yaml:"networks" jsonschema:"description=Networks"`
	Languages []string       `yaml:"languages" jsonschema:"description=Languages: da or en for example"`
	Urgency   earshot.Band   `yaml:"urgency" jsonschema:"description=Urgency at least,enum=low,enum=normal,enum=high,enum=critical"`
	Reach     int64          `yaml:"reach" jsonschema:"description=Followers of the author at least"`
	Hours     string         `yaml:"hours" jsonschema:"description=Whether the team that the rules send to is at work,enum=open,enum=closed"`
}

// Target is a team, and who of it. A skill is the one on duty who has it; where
// nobody has, it is the whole team.
type Target struct {
	Team   string       `yaml:"team" jsonschema:"description=The team; the one that the rules send to if left out"`
	Kind   earshot.Kind `yaml:"kind" jsonschema:"description=What the matter is to that team; as in the rules if left out"`
	People []string     `yaml:"people" jsonschema:"description=Names of people of the team"`
	Skill  string       `yaml:"skill" jsonschema:"description=What somebody of the team knows best"`
	Speaks bool         `yaml:"speaks" jsonschema:"description=Somebody of the team who speaks the language of the mention"`
}

func (t Target) person() bool { return len(t.People) > 0 || t.Skill != "" || t.Speaks }

// Team is what the table must know of a team.
type Team struct {
	Name     string
	People   []duty.Person
	Rota     bool // whether anybody takes turns; else all people are there
	Roster   *duty.Roster
	Calendar *duty.Calendar
}

// Routed is a route and the people of its team that it is for; nobody in
// particular if there are none.
type Routed struct {
	earshot.Route
	To []string `json:"to,omitempty"`
}

// Step is what one line did to one route.
type Step struct {
	Line  string        `json:"line"`
	Route earshot.Route `json:"route"` // of the rules
	Did   string        `json:"did"`   // for a person
}

// Table is the lines, ready to be applied. It never changes and may be used by
// many at once.
type Table struct {
	lines []Line
	teams map[string]Team
	bands earshot.Bands
}

const mostLines = 200

// Hours of Match.
const (
	open   = "open"
	closed = "closed"
)

// New makes the table of lines that stand below path, and says what is wrong with
// them.
func New(path string, lines []Line, teams []Team, bands earshot.Bands) (*Table, earshot.Problems) {
	t := &Table{lines: slices.Clone(lines), teams: make(map[string]Team, len(teams)), bands: bands}
	for _, team := range teams {
		t.teams[team.Name] = team
	}
	if len(lines) > mostLines {
		return t, earshot.Problems{{Path: path, What: fmt.Sprintf("%d lines are too many", len(lines)), Hint: fmt.Sprintf("at most %d", mostLines)}}
	}
	var problems earshot.Problems
	for i := range t.lines {
		at := fmt.Sprintf("%s[%d]", path, i)
		problems = append(problems, t.check(at, &t.lines[i])...)
		if t.lines[i].Name == "" {
			t.lines[i].Name = at
		}
	}
	return t, problems
}

// Apply returns where a mention goes: the routes of the rules, in their order,
// each with what the lines made of it, and what each line did.
func (t *Table) Apply(m *earshot.Mention, v *earshot.Verdict, routes []earshot.Route, now time.Time) ([]Routed, []Step) {
	return t.ApplyAt(m, v, routes, func(string) time.Time { return now })
}

// ApplyAt is Apply for whoever means another moment for each team: the same hour of
// its own time zone.
func (t *Table) ApplyAt(m *earshot.Mention, v *earshot.Verdict, routes []earshot.Route, now func(team string) time.Time) ([]Routed, []Step) {
	var all []Routed
	var steps []Step
	for _, route := range routes {
		own := Routed{Route: route}
		var added []Routed
		moved := false
		for i := range t.lines {
			line := &t.lines[i]
			if !t.matches(&line.Match, m, v, route, now(route.Team)) || line.Instead && moved {
				continue
			}
			to, did := t.target(&line.To, m, route, now)
			step := Step{Line: line.Name, Route: route}
			switch {
			case to.Route == own.Route:
				own.To, did = join(own.To, to.To), "for "+did
			case !line.Instead:
				added, did = append(added, to), "also to "+did
			case v.Danger:
				added, did = append(added, to), "also to "+did+": danger is not taken away from "+route.Team
			default:
				own, moved, did = to, true, "to "+did+" instead of "+route.Team
			}
			step.Did = did
			steps = append(steps, step)
		}
		all = put(all, own)
		for _, one := range added {
			all = put(all, one)
		}
	}
	return all, steps
}

// put adds a route unless it is there; then it is for the people of both.
func put(all []Routed, one Routed) []Routed {
	i := slices.IndexFunc(all, func(r Routed) bool { return r.Route == one.Route })
	if i < 0 {
		return append(all, one)
	}
	if len(all[i].To) == 0 || len(one.To) == 0 {
		all[i].To = nil // one of them is for the whole team
	} else {
		all[i].To = join(all[i].To, one.To)
	}
	return all
}

func join(a, b []string) []string {
	for _, name := range b {
		if !slices.Contains(a, name) {
			a = append(slices.Clip(a), name)
		}
	}
	return a
}

func (t *Table) matches(x *Match, m *earshot.Mention, v *earshot.Verdict, r earshot.Route, now time.Time) bool {
	rank := func(b earshot.Band) int { return slices.Index(earshot.BandNames(), b) }
	return among(x.Teams, r.Team) && among(x.Brands, v.Brand) && among(x.Kinds, r.Kind) && among(x.Networks, m.Network) &&
		(len(x.Topics) == 0 || slices.ContainsFunc(x.Topics, func(topic string) bool { return topic == r.Topic || slices.Contains(v.Topics, topic) })) &&
		(len(x.Languages) == 0 || slices.ContainsFunc(x.Languages, func(l string) bool { return speaks(l, m.Lang) })) &&
		(x.Urgency == "" || rank(t.bands.Of(v.Urgency)) >= rank(x.Urgency)) &&
		m.Author.Followers >= x.Reach &&
		(x.Hours == "" || (x.Hours == open) == t.teams[r.Team].Calendar.Open(now))
}

func among[T comparable](list []T, one T) bool { return len(list) == 0 || slices.Contains(list, one) }

// speaks reports whether a language of the configuration is that of a mention, in
// whatever region.
func speaks(language, of string) bool {
	base, _, _ := strings.Cut(of, "-")
	return strings.EqualFold(language, of) || strings.EqualFold(language, base)
}
