package duty

import (
	"fmt"
	"slices"
	"time"

	"earshot"
)

// Rota is who of a team is called. The zero value is nobody.
type Rota struct {
	Zone      string     `yaml:"zone" jsonschema:"description=Time zone of the rota and of absences (IANA name); that of the hours if left out"`
	Shifts    []Shift    `yaml:"shifts" jsonschema:"description=Who takes turns; the first shift is called first"`
	Overrides []Override `yaml:"overrides" jsonschema:"description=Who stands in for the rota and is called before it"`
	Fallback  Fallback   `yaml:"fallback" jsonschema:"description=Who is told when nobody of the rota is on duty or nobody of it answers"`
}

// Shift is people who take turns.
type Shift struct {
	From   string        `yaml:"from" jsonschema:"description=Day of the first turn (2026-11-23) or its moment (2026-11-23 09:00): turns change at that time of day"`
	Every  time.Duration `yaml:"every" jsonschema:"description=How long a turn is: whole days such as 1d or 1w"`
	People []string      `yaml:"people" jsonschema:"description=Who takes turns, in this order; who is next in it is called next"`
	Hours  []Span        `yaml:"hours" jsonschema:"description=When the shift is on duty; always if left out"`
}

// Override is a time in which somebody stands in.
type Override struct {
	Person string `yaml:"person" jsonschema:"description=Who stands in"`
	From   string `yaml:"from" jsonschema:"description=First day (2026-12-24) or moment (2026-12-24 12:00)"`
	To     string `yaml:"to" jsonschema:"description=Last day (2026-12-26) or the moment at which it ends"`
}

// Fallback is a person or a team.
type Fallback struct {
	Person string `yaml:"person" jsonschema:"description=Name of a person of the team"`
	Team   string `yaml:"team" jsonschema:"description=Name of another team"`
}

// CheckRota returns what is wrong with people and their rota, which stand below
// path. Whether the team of the fallback exists is for others to say.
func CheckRota(path string, people []Person, rota Rota, hours Hours) earshot.Problems {
	r := &reporter{path: path}
	r.people(people)
	known := make(map[string]bool, len(people))
	for _, p := range people {
		known[p.Name] = true
	}
	if rota.Zone != "" {
		r.zone(".rota.zone", rota.Zone)
	} else if hours.Zone == "" && dated(people, rota) {
		r.report(".rota", "whose clock? The time zone is missing", "add zone: Europe/Copenhagen to the rota")
	}
	for i, s := range rota.Shifts {
		r.shift(fmt.Sprintf(".rota.shifts[%d]", i), s, known)
	}
	for i, o := range rota.Overrides {
		at := fmt.Sprintf(".rota.overrides[%d]", i)
		r.period(at, Absence{o.From, o.To})
		r.person(at+".person", o.Person, known)
	}
	r.fallback(rota, known)
	return r.problems
}

func (r *reporter) shift(at string, s Shift, known map[string]bool) {
	_, err := moment(s.From, time.UTC, false)
	r.moment(at+".from", err)
	if len(s.People) == 0 {
		r.report(at, "nobody takes turns", "add people: [ann, bob]")
	}
	for i, name := range s.People {
		r.person(fmt.Sprintf("%s.people[%d]", at, i), name, known)
	}
	const aDay = 24 * time.Hour
	if s.Every < 0 || s.Every%aDay != 0 || s.Every > MaxLimit || s.Every == 0 && len(s.People) > 1 {
		r.report(at+".every", "not whole days", "1d or 1w for example; for turns within a day give each shift its hours")
	}
	r.spans(at+".hours", s.Hours)
}

func (r *reporter) fallback(rota Rota, known map[string]bool) {
	f := rota.Fallback
	switch {
	case f.Person != "" && f.Team != "":
		r.report(".rota.fallback", "two fallbacks", "give person or team")
	case f.Person != "":
		r.person(".rota.fallback.person", f.Person, known)
	case f.Team == "" && len(rota.Shifts)+len(rota.Overrides) > 0:
		r.report(".rota", "who is told when nobody answers? The fallback is missing", "add fallback: {team: pr}, or a person")
	}
}

func (r *reporter) person(at, name string, known map[string]bool) {
	if !known[name] {
		r.report(at, fmt.Sprintf("there is nobody named %q", name), "add the person to people of this team")
	}
}

func dated(people []Person, rota Rota) bool {
	return len(rota.Shifts)+len(rota.Overrides) > 0 || slices.ContainsFunc(people, func(p Person) bool { return len(p.Away) > 0 })
}
