package casework

import (
	"strings"
	"time"
	"unicode/utf8"

	"earshot"
)

// Config is what the configuration says of cases. Zero values mean the default.
type Config struct {
	MaxHold time.Duration `yaml:"max_hold" jsonschema:"description=How long a legal hold of a case may last at most; 520w (ten years) by default"`
}

// Bounds of a legal hold.
const (
	DefaultMaxHold = 520 * 7 * 24 * time.Hour
	longestHold    = 100 * 365 * 24 * time.Hour
	maxReason      = 500 // characters
)

// Check tells what is wrong with the configuration, whose section is at path.
func (c Config) Check(path string) earshot.Problems {
	if c.MaxHold >= 0 && c.MaxHold <= longestHold && (c.MaxHold == 0 || c.MaxHold >= 24*time.Hour) {
		return nil
	}
	return earshot.Problems{{Path: path + ".max_hold", What: "a legal hold lasts from a day to a hundred years", Hint: "such as 520w, which is ten years"}}
}

// hold keeps a case and what is said in it from being deleted. Two people answer
// for it: who asks and who approves.
func hold(c *earshot.Case, a *Action, now time.Time, l Limits) error {
	if err := approved(a, l); err != nil {
		return err
	}
	most := l.MaxHold
	if most <= 0 {
		most = DefaultMaxHold
	}
	until, err := a.until(now)
	switch {
	case err != nil:
		return err
	case until.IsZero():
		return refuse(BadRequest, "a legal hold needs an end: say for how long, such as 26w, at most %s", inWords(most))
	case !until.After(now):
		return refuse(BadRequest, "a legal hold ends in the future (it is %s now)", clock(now))
	case until.Sub(now) > most:
		return refuse(BadRequest, "a legal hold of %s is too long: at most %s (cases.max_hold)", inWords(until.Sub(now)), inWords(most))
	}
	if h := c.LegalHold; h != nil && until.Before(h.Until) {
		return refuse(Clash, "it is held until %s (approved by %s, says %s): end that first, with unhold", clock(h.Until), h.Approver, h.By)
	}
	c.LegalHold = &earshot.LegalHold{Reason: strings.TrimSpace(a.Reason), Approver: a.Approver, By: a.By, At: now, Until: until.UTC()}
	return nil
}

func unhold(c *earshot.Case, a *Action, _ time.Time, l Limits) error {
	if c.LegalHold == nil {
		return ErrDone
	}
	if err := approved(a, l); err != nil {
		return err
	}
	c.LegalHold = nil
	return nil
}

func approved(a *Action, l Limits) error {
	switch {
	case strings.TrimSpace(a.Reason) == "":
		return refuse(BadRequest, "the reason is missing, such as the number of the matter (reason)")
	case utf8.RuneCountInString(a.Reason) > maxReason:
		return refuse(BadRequest, "the reason has %d characters: at most %d", utf8.RuneCountInString(a.Reason), maxReason)
	case a.Approver == "" || a.Approver == a.By:
		return refuse(Forbidden, "somebody else has to approve it (approver)")
	}
	return isPerson(a.Approver, l.Everybody)
}
