package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"earshot"
	"earshot/bus"
)

// held finds the copies that legal holds keep of what is asked for.
func (s *search) held(ctx context.Context, f *finds) error {
	of := map[string]*earshot.LegalHold{}
	err := s.walk(ctx, bus.InHeld, "held", func(c bus.Copy) bool {
		words := c.Tokens()
		name := strings.Join(words[:2], ".")
		if len(words) == 2 {
			var held earshot.Case
			if json.Unmarshal(c.Body, &held) == nil {
				of[name] = held.LegalHold
			}
			return false
		}
		if !s.keeps(c.Body) {
			return false
		}
		s.holds[name] = nil
		return true
	}, func(c bus.Copy) { f.held = append(f.held, c) })
	for name := range s.holds {
		s.holds[name] = of[name] // which may lie behind its copies
	}
	return err
}

// keeps reports whether a copy is of the author, or names one of the mentions.
func (s *search) keeps(body []byte) bool {
	var kept bus.Kept
	if json.Unmarshal(body, &kept) != nil {
		return false
	}
	if strings.HasPrefix(kept.Subject, "earshot.cases.") {
		var e earshot.CaseEvent
		return json.Unmarshal(kept.Body, &e) == nil && s.isIn(&e)
	}
	var m identity
	return json.Unmarshal(kept.Body, &m) == nil && s.concerns(&m)
}

// refusal says why what is held by law is not forgotten, or nothing.
func (s *search) refusal() error {
	names := slices.Sorted(maps.Keys(s.holds))
	if len(names) == 0 {
		return nil
	}
	why := make([]string, len(names))
	for i, name := range names {
		team, id, _ := strings.Cut(name, ".")
		why[i] = fmt.Sprintf("case %s of %s", id, team)
		if h := s.holds[name]; h != nil {
			why[i] += fmt.Sprintf(" until %s (%s, approved by %s, says %s)", h.Until.Format("2006-01-02"), oneLine(h.Reason), h.Approver, h.By)
		}
	}
	return fmt.Errorf("nothing is forgotten, for it is under legal hold: %s; repeat it when the hold is over (earshot cases unhold)", strings.Join(why, ", "))
}
