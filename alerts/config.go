package alerts

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/alerts/crisis"
	"earshot/alerts/duty"
	"earshot/alerts/noise"
	"earshot/alerts/routing"
)

// Config is what alerts takes from the configuration.
type Config struct {
	Teams  []Team
	Brands []Brand
	Bands  earshot.Bands  // zero means earshot.DefaultBands
	MaxAge time.Duration  // what was posted longer ago pages nobody; zero means DefaultMaxAge
	Crises crisis.Config  // when a brand is in a crisis
	Noise  noise.Config   // what is held back
	Routes []routing.Line // where else the routes of rules go
}

// Brand is what grouping must know of a brand.
type Brand struct {
	Name    string
	Domains []string // its own websites: a link to them does not make two mentions one matter
	Danger  []string // its topics that are marked danger: they name a matter before other topics do
}

// DefaultGroup is how long a team is left alone after it was told of a case that
// grows, unless it becomes more urgent or its customer speaks.
const DefaultGroup = 5 * time.Minute

// DefaultMaxAge is the age from which a post is old news.
const DefaultMaxAge = 24 * time.Hour

// maxTeams keeps what one mention brings about within one batch of the log.
const maxTeams = 100

var teamName = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

// settings is a checked configuration, never changed once made.
type settings struct {
	teams  map[string]Team
	brands []string
	owned  map[string][]string // brand: domains, lower case
	danger map[topicKey]bool
	bands  earshot.Bands
	maxAge time.Duration
	group  time.Duration

	crises  crisis.Config
	noise   noise.Config
	table   *routing.Table
	tellers []string // teams that hear of stories
	pagers  []string // teams that hear of crises
}

type topicKey struct{ brand, topic string }

func compile(c Config) (*settings, earshot.Problems) {
	s := &settings{
		teams:  make(map[string]Team, len(c.Teams)),
		owned:  make(map[string][]string, len(c.Brands)),
		danger: map[topicKey]bool{},
		bands:  c.Bands,
		maxAge: c.MaxAge,
		group:  cmp.Or(c.Noise.Group, DefaultGroup),
	}
	var problems earshot.Problems
	for i, team := range c.Teams {
		problems = append(problems, team.check(fmt.Sprintf("teams[%d]", i), s.teams)...)
		s.teams[team.Name] = team.prepared()
	}
	problems = append(problems, checkFallbacks(c.Teams)...)
	s.noise = c.Noise
	for name, team := range s.teams {
		team.noise = &s.noise
		s.teams[name] = team
	}
	problems = append(problems, c.Noise.Check("noise", slices.Sorted(maps.Keys(s.teams)))...)
	s.tellers, s.pagers = c.hearing(earshot.KindStory), c.hearing(earshot.KindCrisis)
	s.crises = c.Crises.In(c.hoursOf(s.pagers))
	for _, p := range c.Crises.Check() {
		p.Path = "crisis." + p.Path
		problems = append(problems, p)
	}
	if len(c.Teams) > maxTeams {
		problems = append(problems, earshot.Problem{
			Path: "teams", What: fmt.Sprintf("%d teams are too many", len(c.Teams)),
			Hint: fmt.Sprintf("at most %d", maxTeams),
		})
	}
	for _, brand := range c.Brands {
		s.brands = append(s.brands, brand.Name)
		for _, domain := range brand.Domains {
			s.owned[brand.Name] = append(s.owned[brand.Name], strings.ToLower(domain))
		}
		for _, topic := range brand.Danger {
			s.danger[topicKey{brand.Name, topic}] = true
		}
	}
	if s.bands == (earshot.Bands{}) {
		s.bands = earshot.DefaultBands()
	}
	if b := s.bands; b.Normal <= 0 || b.High <= b.Normal || b.Critical <= b.High {
		problems = append(problems, earshot.Problem{
			Path: "urgency", What: "the bands do not rise",
			Hint: "0 < normal < high < critical, such as 30, 60 and 85",
		})
	}
	table, wrong := routing.New("routing", c.Routes, s.routingTeams(c.Teams), s.bands)
	s.table = table
	problems = append(problems, wrong...)
	switch {
	case s.maxAge == 0:
		s.maxAge = DefaultMaxAge
	case s.maxAge < 0:
		problems = append(problems, earshot.Problem{Path: "alert_max_age", What: "an age cannot be negative", Hint: "such as 24h"})
	}
	return s, problems
}

// routingTeams is what routing must know of teams.
func (s *settings) routingTeams(teams []Team) []routing.Team {
	known := make([]routing.Team, 0, len(teams))
	for _, t := range teams {
		t = s.teams[t.Name]
		known = append(known, routing.Team{
			Name: t.Name, People: t.People, Rota: len(t.Rota.Shifts)+len(t.Rota.Overrides) > 0,
			Roster: t.Roster(), Calendar: t.Clocks().Calendar,
		})
	}
	return known
}

// Table is the table of further routes of a configuration that holds.
func Table(c Config) *routing.Table {
	s, _ := compile(c)
	return s.table
}

// hearing are the teams that ask for a kind by name: what earshot finds out by itself
// goes to those, and not to every team that takes whatever rules send it.
func (c Config) hearing(kind earshot.Kind) []string {
	var names []string
	for _, t := range c.Teams {
		if slices.Contains(t.Kinds, kind) {
			names = append(names, t.Name)
		}
	}
	return names
}

// hoursOf are the hours of the first of some teams that has any.
func (c Config) hoursOf(names []string) duty.Hours {
	for _, t := range c.Teams {
		if slices.Contains(names, t.Name) && t.Hours.Zone != "" {
			return t.Hours
		}
	}
	return duty.Hours{}
}

func list[T ~string](words []T) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(word))
	}
	return b.String()
}
