package casework

import (
	"strings"
	"time"
	"unicode/utf8"

	"earshot"
)

// Bounds of a legal hold.
const (
	maxHold   = 10 * 366 * 24 * time.Hour
	maxReason = 500 // characters
)

// hold keeps a case and what is said in it from being deleted. Two people answer
// for it: who asks and who approves.
func hold(c *earshot.Case, a *Action, now time.Time, _ Limits) error {
	if err := approved(a); err != nil {
		return err
	}
	until, err := a.until(now)
	switch {
	case err != nil:
		return err
	case until.IsZero():
		return refuse(BadRequest, "a legal hold needs an end: say for how long, such as 26w, at most ten years")
	case !until.After(now) || until.Sub(now) > maxHold:
		return refuse(BadRequest, "a legal hold ends in the future, at most in ten years (it is %s now)", clock(now))
	}
	if h := c.LegalHold; h != nil && until.Before(h.Until) {
		return refuse(Clash, "it is held until %s (approved by %s): end that first, with unhold", clock(h.Until), h.Approver)
	}
	c.LegalHold = &earshot.LegalHold{Reason: strings.TrimSpace(a.Reason), Approver: a.Approver, By: a.By, At: now, Until: until.UTC()}
	return nil
}

func unhold(c *earshot.Case, a *Action, _ time.Time, _ Limits) error {
	if c.LegalHold == nil {
		return ErrDone
	}
	if err := approved(a); err != nil {
		return err
	}
	c.LegalHold = nil
	return nil
}

func approved(a *Action) error {
	switch {
	case strings.TrimSpace(a.Reason) == "":
		return refuse(BadRequest, "the reason is missing, such as the number of the matter (reason)")
	case utf8.RuneCountInString(a.Reason) > maxReason:
		return refuse(BadRequest, "the reason has %d characters: at most %d", utf8.RuneCountInString(a.Reason), maxReason)
	case a.Approver == "" || a.Approver == a.By:
		return refuse(Forbidden, "somebody else has to approve it (approver)")
	}
	return isPerson(a.Approver)
}
