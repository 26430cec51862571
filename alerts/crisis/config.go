package crisis

import (
	"fmt"
	"strings"
	"time"

	"earshot"
	"earshot/alerts/duty"
)

// Config is what the configuration says of crises. Zero values mean the default.
type Config struct {
	Mentions  int           `yaml:"mentions" jsonschema:"description=Mentions in an hour without which nothing is a crisis; 15 by default"`
	Authors   int           `yaml:"authors" jsonschema:"description=Different authors of negative mentions in an hour from which PR is told; accounts that copy one text count as one. 10 by default"`
	Crowd     int           `yaml:"crowd" jsonschema:"description=As authors but for a crisis; 30 by default"`
	Negative  float64       `yaml:"negative" jsonschema:"description=Least share of negative authors; more is asked of a brand that is used to complaints. 0.3 by default"`
	Networks  int           `yaml:"networks" jsonschema:"description=Networks with three negative authors each that confirm a crisis; 2 by default"`
	Reach     int64         `yaml:"reach" jsonschema:"description=Followers of all authors together that confirm a crisis too; 1000000 by default"`
	Times     float64       `yaml:"times" jsonschema:"description=How many times the usual number of negative authors confirms a crisis on one network alone; 10 by default"`
	Update    time.Duration `yaml:"update" jsonschema:"description=How often PR hears how it stands while a crisis lasts and a sixth as often while it is elevated; 1h by default"`
	Refrain   time.Duration `yaml:"refrain" jsonschema:"description=After a crisis or an elevated state how long only a crisis is told of again; 24h by default"`
	Budget    int           `yaml:"budget" jsonschema:"description=Elevated states in a week that are fine with PR: for each one more it takes as many authors again. A crisis is always told. 3 by default"`
	ColdStart time.Duration `yaml:"cold_start" jsonschema:"description=How long habits are learnt before they are trusted: until then it takes three times as many authors and most of them negative. 72h by default"`
	Timezone  string        `yaml:"timezone" jsonschema:"description=Time zone whose hours and days habits go by (IANA name); that of the first team that hears of crises and has hours or else UTC,example=Europe/Copenhagen"`
	Holidays  duty.Holidays `yaml:"holidays" jsonschema:"description=Days on which habits are those of weekends; with the time zone those of the team"`
	Planned   []Event       `yaml:"planned" jsonschema:"description=What is planned and will be talked about"`
	Watchlist Watchlist     `yaml:"watchlist" jsonschema:"description=Whose single negative mention is a story for PR at once"`
}

// Event is something planned that explains more mentions than usual, such as a
// launch. It does not explain that many of them are negative.
type Event struct {
	Name   string    `yaml:"name" jsonschema:"description=As alerts shall call it"`
	Brand  string    `yaml:"brand" jsonschema:"description=Brand it is of; every brand if left out"`
	From   time.Time `yaml:"from" jsonschema:"description=When it begins to be talked about"`
	To     time.Time `yaml:"to" jsonschema:"description=When the talk is over"`
	Topics []string  `yaml:"topics" jsonschema:"description=Topics of the brand it explains; all if left out"`
}

// In is the configuration with habits by the clocks of a team, unless it names a time
// zone of its own.
func (c Config) In(h duty.Hours) Config {
	if c.Timezone == "" {
		c.Timezone, c.Holidays = h.Zone, h.Holidays
	}
	return c
}

// longestEvent keeps a forgotten event from explaining everything for ever.
const longestEvent = 31 * 24 * time.Hour

// with fills in the defaults.
func (c Config) with() Config {
	orInt := func(value *int, usual int) {
		if *value == 0 {
			*value = usual
		}
	}
	orTime := func(value *time.Duration, usual time.Duration) {
		if *value == 0 {
			*value = usual
		}
	}
	orInt(&c.Mentions, 15)
	orInt(&c.Authors, 10)
	orInt(&c.Crowd, max(30, c.Authors))
	orInt(&c.Networks, 2)
	orInt(&c.Budget, 3)
	orTime(&c.Update, time.Hour)
	orTime(&c.Refrain, 24*time.Hour)
	orTime(&c.ColdStart, 72*time.Hour)
	if c.Negative == 0 {
		c.Negative = 0.3
	}
	if c.Reach == 0 {
		c.Reach = 1_000_000
	}
	if c.Times == 0 {
		c.Times = 10
	}
	return c
}

// Check tells what is wrong with the configuration. Paths begin at its section.
func (c Config) Check() earshot.Problems {
	var problems earshot.Problems
	report := func(path, what, hint string) {
		problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
	}
	for _, number := range []struct {
		path  string
		value float64
		hint  string
	}{
		{"mentions", float64(c.Mentions), "such as 15"},
		{"authors", float64(c.Authors), "such as 10"},
		{"crowd", float64(c.Crowd), "such as 30"},
		{"negative", c.Negative, "such as 0.3"},
		{"networks", float64(c.Networks), "such as 2"},
		{"reach", float64(c.Reach), "such as 1000000"},
		{"times", c.Times, "such as 10"},
		{"update", float64(c.Update), "such as 1h"},
		{"refrain", float64(c.Refrain), "such as 24h"},
		{"budget", float64(c.Budget), "such as 3"},
		{"cold_start", float64(c.ColdStart), "such as 72h"},
		{"watchlist.reach", float64(c.Watchlist.Reach), "such as 100000"},
	} {
		if !(number.value >= 0) {
			report(number.path, "it cannot be negative", number.hint+"; leave it out for the default")
		}
	}
	if c.Negative > 1 {
		report("negative", "a share is at most 1", "0.3 for three in ten")
	}
	if full := c.with(); full.Crowd < full.Authors {
		report("crowd", fmt.Sprintf("%d authors would be a crisis before %d are worth a message", full.Crowd, full.Authors), "make it at least authors")
	}
	if c.Update > 0 && c.Update < step {
		report("update", "nothing is looked at so often", "at least 5m")
	}
	for _, p := range duty.CheckWorkdays("timezone", c.Timezone, "", c.Holidays) {
		report(strings.TrimPrefix(p.Path, "."), p.What, p.Hint)
	}
	for i, event := range c.Planned {
		problems = append(problems, event.check(fmt.Sprintf("planned[%d]", i))...)
	}
	return append(problems, c.Watchlist.check()...)
}

func (e Event) check(path string) earshot.Problems {
	var problems earshot.Problems
	report := func(at, what, hint string) {
		problems = append(problems, earshot.Problem{Path: path + at, What: what, Hint: hint})
	}
	if e.Name == "" {
		report("", "the event has no name", "add name: launch of the lighthouse")
	}
	switch {
	case e.From.IsZero() || e.To.IsZero():
		report("", "the event has no beginning or no end", "add from: and to:, such as 2027-03-01T08:00:00Z")
	case !e.To.After(e.From):
		report(".to", "the event ends before it begins", "swap from and to")
	case e.To.Sub(e.From) > longestEvent:
		report(".to", "the event is longer than a month", "what is always so is habit: after three days it is learnt")
	}
	return problems
}

// planned is the event that explains more mentions at a time.
func (c *Config) planned(brand, topic string, at time.Time) string {
	for i := range c.Planned {
		e := &c.Planned[i]
		if e.Brand != "" && e.Brand != brand || at.Before(e.From) || !at.Before(e.To) {
			continue
		}
		explains := len(e.Topics) == 0 || topic == ""
		for _, of := range e.Topics {
			explains = explains || of == topic
		}
		if explains {
			return e.Name
		}
	}
	return ""
}
