package casework

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"earshot"
)

func claim(c *earshot.Case, a *Action, now time.Time, _ Limits) error {
	switch c.Owner {
	case a.By:
		return ErrDone
	case "":
		own(c, a.By, now)
		return nil
	}
	return taken(c)
}

func assign(c *earshot.Case, a *Action, now time.Time, l Limits) error {
	if err := isPerson(a.To, l.People); err != nil {
		return err
	}
	if c.Owner == a.To {
		return ErrDone
	}
	own(c, a.To, now)
	return nil
}

// own gives a case to a person. Whoever has it is not called again.
func own(c *earshot.Case, person string, now time.Time) {
	c.Owner, c.Taken, c.PageAt = person, now, time.Time{}
	if c.State == earshot.Open || c.State == earshot.Escalated {
		c.State = earshot.Claimed
	}
}

func release(c *earshot.Case, a *Action, _ time.Time, _ Limits) error {
	switch c.Owner {
	case "":
		return ErrDone
	case a.By:
		c.Owner, c.Taken = "", time.Time{}
		if c.State == earshot.Claimed {
			c.State = earshot.Open
		}
		return nil
	}
	return taken(c)
}

func note(_ *earshot.Case, a *Action, _ time.Time, _ Limits) error {
	if strings.TrimSpace(a.Text) == "" {
		return refuse(BadRequest, "the note says nothing (put its words into text)")
	}
	return nil
}

func answer(c *earshot.Case, _ *Action, now time.Time, _ Limits) error {
	if p := c.Pin; p != nil && p.Hold {
		return refuse(Clash, "%s of %s holds replies since %s (%s): ask %[1]s", p.By, p.Team, clock(p.At), p.Line)
	}
	if c.State == earshot.Answered && !c.Spoke.After(c.Answered) {
		return ErrDone
	}
	c.State, c.Answered = earshot.Answered, now
	c.RespondBy, c.NextBy, c.PageAt = time.Time{}, time.Time{}, time.Time{}
	return nil
}

func wait(c *earshot.Case, _ *Action, _ time.Time, _ Limits) error {
	if c.Answered.IsZero() {
		return refuse(WrongState, "nobody has answered the customer yet: answer first, then wait")
	}
	c.State = earshot.Answered
	c.RespondBy, c.NextBy, c.PageAt = time.Time{}, time.Time{}, time.Time{}
	return nil
}

func resolve(c *earshot.Case, _ *Action, now time.Time, _ Limits) error {
	end(c, now)
	return nil
}

// end resolves a case and stops its clocks.
func end(c *earshot.Case, now time.Time) {
	c.State, c.Resolved, c.MutedTill = earshot.Resolved, now, time.Time{}
	c.RespondBy, c.NextBy, c.ResolveBy, c.PageAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
}

// reopen has the clocks run again: that of the next answer, or of the first one if
// there was none, from now on; that of the resolution without the time between.
func reopen(c *earshot.Case, _ *Action, now time.Time, l Limits) error {
	if c.Merged != "" {
		return stands(c, Reopen)
	}
	since := c.Answered
	if c.State == earshot.Resolved {
		since = c.Resolved
	}
	l.Clocks.Resume(c, since, now)
	if c.Answered.IsZero() {
		c.Reopened, c.RespondBy = now, time.Time{}
	}
	c.State, c.Spoke, c.Resolved = awake(c), now, time.Time{}
	l.Clocks.Wind(c)
	return nil
}

// awake is the state of a case that somebody has to do something about.
func awake(c *earshot.Case) earshot.State {
	if c.Owner != "" {
		return earshot.Claimed
	}
	return earshot.Open
}

func mute(c *earshot.Case, a *Action, now time.Time, l Limits) error {
	most := l.MaxMute
	if most <= 0 {
		most = usualMute
	}
	if c.Kind == earshot.KindCrisis || c.Band == earshot.Critical {
		return refuse(Forbidden, "a crisis or a critical case is never muted: resolve it, or assign it")
	}
	until, err := a.until(now)
	switch {
	case err != nil:
		return err
	case until.IsZero():
		return refuse(BadRequest, "a mute needs an end: say for how long, such as 8h, at most %s", inWords(most))
	case !until.After(now):
		return refuse(BadRequest, "a mute cannot end in the past (it is %s now)", clock(now))
	case until.Sub(now) > most:
		return refuse(BadRequest, "a mute of %s is too long: at most %s (noise.max_mute)", inWords(until.Sub(now)), inWords(most))
	}
	c.State, c.MutedTill = earshot.Muted, until.UTC()
	return nil
}

func unmute(c *earshot.Case, _ *Action, _ time.Time, _ Limits) error {
	c.State, c.MutedTill = Unmuted(c), time.Time{}
	return nil
}

// Unmuted is where a muted case stands when its mute ends, whoever ends it.
func Unmuted(c *earshot.Case) earshot.State {
	if !c.Answered.IsZero() && !c.Spoke.After(c.Answered) {
		return earshot.Answered
	}
	return awake(c)
}

func pin(c *earshot.Case, a *Action, now time.Time, _ Limits) error {
	line := strings.TrimSpace(a.Line)
	switch {
	case line == "" && !a.Hold:
		return refuse(BadRequest, "a pin says something or holds replies (line, hold)")
	case utf8.RuneCountInString(line) > maxLine:
		return refuse(BadRequest, "the line has %d characters: at most %d", utf8.RuneCountInString(line), maxLine)
	}
	if err := ofOthers(c, a); err != nil {
		return err
	}
	if p := c.Pin; p != nil && p.By == a.By && p.Line == line && p.Hold == a.Hold {
		return ErrDone
	}
	c.Pin = &earshot.Pin{Line: line, Hold: a.Hold, By: a.By, Team: a.Team, At: now}
	return nil
}

// maxLine is the longest line of a pin, in characters.
const maxLine = 500

func unpin(c *earshot.Case, a *Action, _ time.Time, _ Limits) error {
	if c.Pin == nil {
		return ErrDone
	}
	if err := ofOthers(c, a); err != nil {
		return err
	}
	c.Pin = nil
	return nil
}

// ofOthers refuses to touch the pin of another team.
func ofOthers(c *earshot.Case, a *Action) error {
	if p := c.Pin; p != nil && p.Team != a.Team {
		return refuse(Clash, "%s of %s pinned a line on %s: ask %[1]s to change it", p.By, p.Team, clock(p.At))
	}
	return nil
}

// until is when what the action asks for ends, zero when it does not say.
func (a *Action) until(now time.Time) (time.Time, error) {
	if a.For == "" {
		return a.Until, nil
	}
	if !a.Until.IsZero() {
		return time.Time{}, refuse(BadRequest, "for and until cannot both be said")
	}
	d, err := Length(a.For)
	if err != nil {
		return time.Time{}, refuse(BadRequest, "%q is no length of time (such as 90m, 8h, 2d, 1w)", a.For)
	}
	return now.Add(d), nil
}

// Length reads a length of time, days and weeks among them.
func Length(text string) (time.Duration, error) {
	const most = 100 * 365 * 24 // hours: more would not fit
	for unit, hours := range map[string]uint64{"d": 24, "w": 7 * 24} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseUint(number, 10, 32)
			if err == nil && n > most/hours {
				err = strconv.ErrRange
			}
			return time.Duration(n*hours) * time.Hour, err
		}
	}
	return time.ParseDuration(text)
}

func inWords(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d.Hours()/24)) + "d"
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.Round(time.Minute).String(), "0s"), "0m")
}

// isPerson checks a name of a person, who is one of those that are known, if any
// are: nobody is called any more about what a typing error has.
func isPerson(name string, known []string) error {
	switch {
	case name == "":
		return refuse(BadRequest, "whom it goes to is missing (put a person's name into to)")
	case name == earshot.Daemon || !personName(name):
		return refuse(BadRequest, "%q cannot be a person's name (letters, digits, - and _)", shown(name))
	case len(known) > 0 && !slices.Contains(known, name):
		return refuse(NotFound, "nobody there is named %q (there are: %s; others come under people of the team)", name, words(known[:min(len(known), mostNamed)]))
	}
	return nil
}

// mostNamed is how many names a refusal lists.
const mostNamed = 30

func personName(name string) bool {
	if len(name) > 63 {
		return false
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return name != ""
}
