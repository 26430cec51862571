package duty

import (
	"slices"
	"time"
)

// Roster answers who of a team is on duty. It never changes and may be used by
// many at once.
type Roster struct {
	people    map[string]Person
	away      map[string][]period
	shifts    []turns
	overrides []override
	fallback  Fallback
	zone      *time.Location
}

// turns is a shift that has been read.
type turns struct {
	first   day
	minutes int // of the day, at which turns change
	length  day // zero: one turn without end
	people  []string
	hours   *Calendar
}

type override struct {
	period
	person string
}

// NewRoster makes the roster of what CheckRota finds nothing wrong with. What is
// wrong is left out of it.
func NewRoster(people []Person, rota Rota, hours Hours) *Roster {
	zoneName := rota.Zone
	if zoneName == "" {
		zoneName = hours.Zone
	}
	zone, err := loadZone(zoneName)
	if err != nil {
		zone, zoneName = time.UTC, "UTC"
	}
	r := &Roster{people: map[string]Person{}, away: map[string][]period{}, fallback: rota.Fallback, zone: zone}
	for _, p := range people {
		r.people[p.Name] = p
		for _, a := range p.Away {
			if away, ok := periodOf(a, zone); ok {
				r.away[p.Name] = append(r.away[p.Name], away)
			}
		}
	}
	for _, s := range rota.Shifts {
		begins, err := moment(s.From, zone, false)
		if err != nil || len(s.People) == 0 {
			continue
		}
		local := begins.In(zone)
		r.shifts = append(r.shifts, turns{
			first: localDay(begins, zone), minutes: local.Hour()*60 + local.Minute(), length: day(s.Every / (24 * time.Hour)),
			people: s.People, hours: Hours{Zone: zoneName, Open: s.Hours}.shiftCalendar(),
		})
	}
	for _, o := range rota.Overrides {
		if p, ok := periodOf(Absence{o.From, o.To}, zone); ok {
			r.overrides = append(r.overrides, override{p, o.Person})
		}
	}
	return r
}

// shiftCalendar is the calendar of a shift, nil when it is always on duty.
func (h Hours) shiftCalendar() *Calendar {
	if len(h.Open) == 0 {
		return nil
	}
	return h.Calendar()
}

// OnDuty are the people to call at a moment, the first one first: who stands in,
// then whoever has the turn of each shift, then the others of the shifts as their
// turns would come. Who is away is left out.
func (r *Roster) OnDuty(at time.Time) []Person {
	var names []string
	for _, o := range r.overrides {
		if o.has(at) {
			names = append(names, o.person)
		}
	}
	var others []string
	for _, s := range r.shifts {
		if index, on := s.turn(at, r.zone); on {
			names = append(names, s.people[index])
			others = append(others, s.people[index+1:]...)
			others = append(others, s.people[:index]...)
		}
	}
	var people []Person
	for _, name := range append(names, others...) {
		person, known := r.people[name]
		called := slices.ContainsFunc(people, func(p Person) bool { return p.Name == name })
		if known && !called && !r.isAway(name, at) {
			people = append(people, person)
		}
	}
	return people
}

func (r *Roster) isAway(name string, at time.Time) bool {
	return slices.ContainsFunc(r.away[name], func(p period) bool { return p.has(at) })
}

// turn is whose turn it is, as an index of people; false when the shift is not on
// duty.
func (s turns) turn(at time.Time, zone *time.Location) (int, bool) {
	if at.Before(instant(zone, s.first, s.minutes)) || !s.hours.Open(at) {
		return 0, false
	}
	if s.length <= 0 {
		return 0, true
	}
	n := (localDay(at, zone) - s.first) / s.length
	if at.Before(instant(zone, s.first+n*s.length, s.minutes)) {
		n-- // today is a day of change, and it is earlier than that
	}
	return int(n) % len(s.people), true
}

// Call is who is to be told next of something that nobody has claimed.
type Call struct {
	Person  string // empty when it is a team
	Team    string // empty when it is a person
	Because string // why it is the fallback; empty when it is not
}

// Name is what stands for the call in a case: the person, or the team as
// team:name, which no person is named.
func (c Call) Name() string {
	if c.Person == "" && c.Team != "" {
		return "team:" + c.Team
	}
	return c.Person
}

// Why the fallback is called.
const (
	NobodyOnDuty  = "nobody of the rota is on duty"
	NobodyAnswers = "nobody of the rota has answered"
)

// Next is who is called at a moment after those who have been called, by the names
// of their calls: the next one on duty, and in the end the fallback, even if that
// person is away. It returns false when all have been called, or there is no rota.
func (r *Roster) Next(at time.Time, called []string) (Call, bool) {
	onDuty := r.OnDuty(at)
	for _, p := range onDuty {
		if !slices.Contains(called, p.Name) {
			return Call{Person: p.Name}, true
		}
	}
	call := Call{Person: r.fallback.Person, Team: r.fallback.Team, Because: NobodyAnswers}
	if len(onDuty) == 0 {
		call.Because = NobodyOnDuty
	}
	name := call.Name()
	return call, name != "" && !slices.Contains(called, name)
}

// WhoKnows are the people on duty who have a skill and speak a language, the first
// to be called first; an empty one is not asked for.
func (r *Roster) WhoKnows(at time.Time, skill, language string) []Person {
	return slices.DeleteFunc(r.OnDuty(at), func(p Person) bool { return !p.Has(skill, language) })
}

// Zone is the time zone of the rota: its own, or else that of the hours, or UTC.
func (r *Roster) Zone() *time.Location { return r.zone }
