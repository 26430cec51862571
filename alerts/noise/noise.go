// Package noise keeps teams from hearing more than they can act on: mutes,
// inhibitions and limits, in the terms of Prometheus Alertmanager, and digests of
// what they hold back. It is pure: the time is an argument, and its state can be
// saved. What endangers people is never held back, and what is held back is
// counted. It does not raise, store or send alerts: that is for alerts and bus.
package noise

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"earshot"
)

// Config is what the configuration says of noise. Zero values mean the default.
type Config struct {
	MaxMute time.Duration    `yaml:"max_mute" jsonschema:"description=How long a mute may last at most; 7d by default"`
	Digest  time.Duration    `yaml:"digest" jsonschema:"description=How long after something was held back the team gets a digest; 1h by default. What a mute holds back is told when the mute ends and at least once a day"`
	Group   time.Duration    `yaml:"group_interval" jsonschema:"description=How long a team is left alone after it was told of a case that only grows; 5m by default"`
	Repeat  time.Duration    `yaml:"repeat_interval" jsonschema:"description=How often a team hears again of an open case that nobody has claimed; never by default"`
	Inhibit []Inhibit        `yaml:"inhibit" jsonschema:"description=What a crisis holds back: if left out customers below high urgency and stories of the same brand; [] for nothing"`
	Limits  map[string]Limit `yaml:"limits" jsonschema:"description=How many alerts a team gets at most; team: {alerts: 30 and per: 1h}. Critical alerts and crises are not limited"`
}

// Inhibit has a running crisis hold alerts back.
type Inhibit struct {
	When  string   `yaml:"when" jsonschema:"description=Matchers of the crisis such as kind=crisis and state=crisis"`
	Hides string   `yaml:"hides" jsonschema:"description=Matchers of the alerts it holds back"`
	Same  []string `yaml:"same" jsonschema:"description=What crisis and alert must have in common; brand if left out"`
}

// Limit is how many alerts a team gets within a time.
type Limit struct {
	Alerts int           `yaml:"alerts" jsonschema:"description=Alerts at most"`
	Per    time.Duration `yaml:"per" jsonschema:"description=In this time; 1h if left out"`
}

// Defaults of Config.
const (
	DefaultMaxMute = 7 * 24 * time.Hour
	DefaultDigest  = time.Hour
)

const (
	leastDigest = time.Minute
	leastRepeat = 15 * time.Minute
	mostInhibit = 50
	mostAlerts  = 100_000
	longestPer  = 7 * 24 * time.Hour
)

// DefaultInhibit is what a crisis holds back unless the configuration says
// otherwise.
func DefaultInhibit() []Inhibit {
	const when = `kind=crisis,state=crisis`
	return []Inhibit{
		{When: when, Hides: `kind=customer,urgency=~"low|normal"`},
		{When: when, Hides: `kind=story,urgency!=critical`},
	}
}

func (c Config) with() Config {
	c.MaxMute = c.Longest()
	c.Digest = cmp.Or(c.Digest, DefaultDigest)
	if c.Inhibit == nil {
		c.Inhibit = DefaultInhibit()
	}
	limits := make(map[string]Limit, len(c.Limits))
	for team, limit := range c.Limits {
		limit.Per = cmp.Or(limit.Per, time.Hour)
		limits[team] = limit
	}
	c.Limits = limits
	return c
}

// Longest is how long a mute may last.
func (c Config) Longest() time.Duration { return cmp.Or(c.MaxMute, DefaultMaxMute) }

// Again is when a team hears again of a case: open and claimed by nobody for the
// repeat interval since it was told. It returns false for never.
func (c Config) Again(k *earshot.Case) (time.Time, bool) {
	if c.Repeat <= 0 || k.State != earshot.Open || k.Owner != "" || k.ToldAt.IsZero() {
		return time.Time{}, false
	}
	return k.ToldAt.Add(c.Repeat), true
}

// Check tells what is wrong with the configuration, whose section is at path, for
// these teams.
func (c Config) Check(path string, teams []string) earshot.Problems {
	var problems earshot.Problems
	report := func(at, what, hint string) {
		problems = append(problems, earshot.Problem{Path: path + at, What: what, Hint: hint})
	}
	if c.MaxMute < 0 || c.MaxMute > 31*24*time.Hour {
		report(".max_mute", "a mute lasts a month at most", "such as 7d; what is never wanted is for the rules to say")
	}
	if c.Digest < 0 || c.Digest > 0 && c.Digest < leastDigest || c.Digest > 24*time.Hour {
		report(".digest", "digests come once a minute at most and once a day at least", "such as 1h")
	}
	if c.Group < 0 || c.Group > 24*time.Hour {
		report(".group_interval", "nobody is left alone for longer than a day", "such as 5m")
	}
	if c.Repeat < 0 || c.Repeat > 0 && c.Repeat < leastRepeat {
		report(".repeat_interval", "who hears the same all the time listens no more", "at least 15m, such as 4h; leave it out for never")
	}
	if len(c.Inhibit) > mostInhibit {
		report(".inhibit", fmt.Sprintf("%d inhibitions are too many", len(c.Inhibit)), fmt.Sprintf("at most %d", mostInhibit))
	}
	for i, one := range c.Inhibit {
		_, wrong := one.compile(fmt.Sprintf("%s.inhibit[%d]", path, i))
		problems = append(problems, wrong...)
	}
	for _, team := range slices.Sorted(maps.Keys(c.Limits)) {
		at, limit := ".limits."+team, c.Limits[team]
		if !slices.Contains(teams, team) {
			report(at, fmt.Sprintf("there is no team %q", team), "there are: "+strings.Join(teams, ", "))
		}
		if limit.Alerts < 1 || limit.Alerts > mostAlerts {
			report(at+".alerts", "not a number of alerts", "such as 30; leave the team out for no limit")
		}
		if limit.Per < 0 || limit.Per > longestPer || limit.Per > 0 && limit.Per < time.Minute {
			report(at+".per", "not a time to count alerts in", "from 1m to 7d, such as 1h")
		}
	}
	return problems
}

type inhibition struct {
	when, hides Matchers
	same        []string
}

func (c Inhibit) compile(path string) (inhibition, earshot.Problems) {
	var problems earshot.Problems
	read := func(at, text string) Matchers {
		m, err := Parse(text)
		if p, ok := asProblem(err); ok {
			p.Path = path + at
			problems = append(problems, p)
		}
		return m
	}
	one := inhibition{when: read(".when", c.When), hides: read(".hides", c.Hides), same: c.Same}
	if c.Same == nil {
		one.same = []string{"brand"}
	}
	for i, name := range one.same {
		if !slices.Contains(Names(), name) {
			problems = append(problems, unknownName(name, 0).at(fmt.Sprintf("%s.same[%d]", path, i)))
		}
	}
	return one, problems
}

// hidden reports whether the crisis holds the alert back.
func (i *inhibition) hidden(crisis, alert *Subject) bool {
	if !i.when.Match(crisis) || !i.hides.Match(alert) {
		return false
	}
	for _, name := range i.same {
		if !slices.Equal(crisis.values(name), alert.values(name)) {
			return false
		}
	}
	return true
}
