package duty

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Person is somebody of a team.
type Person struct {
	Name      string    `yaml:"name" jsonschema:"description=Name of the person: the one under which the person signs in to the bus"`
	Skills    []string  `yaml:"skills" jsonschema:"description=What the person knows best: words of your choice such as battery or legal"`
	Languages []string  `yaml:"languages" jsonschema:"description=Languages that the person answers in: da or en for example"`
	Away      []Absence `yaml:"away" jsonschema:"description=When the person is not called"`
}

// Absence is a time in which somebody is away. A date alone is that whole day, the
// last one included.
type Absence struct {
	From string `yaml:"from" jsonschema:"description=First day (2026-12-21) or moment (2026-12-21 12:00)"`
	To   string `yaml:"to" jsonschema:"description=Last day (2027-01-03) or the moment at which it ends"`
}

// Has reports whether somebody has a skill and speaks a language, in whatever
// letters. An empty one is not asked for; a language is spoken in all its regions.
func (p Person) Has(skill, language string) bool {
	same := func(want string) func(string) bool {
		return func(have string) bool { return strings.EqualFold(have, want) }
	}
	base, _, _ := strings.Cut(language, "-")
	return (skill == "" || slices.ContainsFunc(p.Skills, same(skill))) &&
		(language == "" || slices.ContainsFunc(p.Languages, same(language)) || slices.ContainsFunc(p.Languages, same(base)))
}

var personName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// maxPeople keeps the question who is on duty cheap.
const maxPeople = 1000

func (r *reporter) people(people []Person) {
	if len(people) > maxPeople {
		r.report(".people", fmt.Sprintf("%d people are too many", len(people)), fmt.Sprintf("at most %d; make several teams", maxPeople))
		return
	}
	seen := map[string]bool{}
	for i, p := range people {
		at := fmt.Sprintf(".people[%d]", i)
		switch {
		case p.Name == "":
			r.report(at, "the person has no name", "add name: ann")
		case !personName.MatchString(p.Name):
			r.report(at+".name", fmt.Sprintf("%q cannot be a person's name", p.Name), "a to z, 0 to 9 and -, at most 63 characters: as under bus.users")
		case seen[p.Name]:
			r.report(at+".name", fmt.Sprintf("two people are named %q", p.Name), "give each its own name")
		}
		seen[p.Name] = true
		for j, a := range p.Away {
			r.period(fmt.Sprintf("%s.away[%d]", at, j), a)
		}
		for j, skill := range p.Skills {
			r.filled(fmt.Sprintf("%s.skills[%d]", at, j), skill)
		}
		for j, language := range p.Languages {
			r.filled(fmt.Sprintf("%s.languages[%d]", at, j), language)
		}
	}
}

func (r *reporter) filled(at, word string) {
	if strings.TrimSpace(word) == "" {
		r.report(at, "the word is missing", "write one or leave it out")
	}
}

func (r *reporter) period(at string, a Absence) {
	_, err := moment(a.From, time.UTC, false)
	_, err2 := moment(a.To, time.UTC, true)
	r.moment(at+".from", err)
	r.moment(at+".to", err2)
	if _, ok := periodOf(a, time.UTC); !ok && err == nil && err2 == nil {
		r.report(at+".to", "it ends before it begins", "a later day, or a later moment")
	}
}

func (r *reporter) moment(at string, err error) {
	if err != nil {
		r.report(at, "not a date", "2026-12-21, or with a time of day: 2026-12-21 12:00")
	}
}

// moment reads a date or a date with a time of day. A date alone is its beginning,
// or its end.
func moment(text string, zone *time.Location, end bool) (time.Time, error) {
	text = strings.Replace(text, "T", " ", 1)
	dayText, clock, timed := strings.Cut(text, " ")
	t, err := time.Parse(time.DateOnly, dayText)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading a date: %w", err)
	}
	minutes := 0
	if end {
		minutes = minutesADay
	}
	if timed {
		if minutes, err = clockTime(clock); err != nil {
			return time.Time{}, err
		}
	}
	return instant(zone, dayOf(t.Date()), minutes), nil
}

type period struct{ from, to time.Time }

func (p period) has(at time.Time) bool { return !at.Before(p.from) && at.Before(p.to) }

func periodOf(a Absence, zone *time.Location) (period, bool) {
	from, err := moment(a.From, zone, false)
	to, err2 := moment(a.To, zone, true)
	return period{from, to}, err == nil && err2 == nil && to.After(from)
}
