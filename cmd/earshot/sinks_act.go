package main

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/casework"
)

// act does to a case what somebody did to it in a system that alerts are sent to, as
// if that person had done it here. What the case does not allow stays undone: it is
// somebody else's by now, or has gone on.
func (d *daemon) act(ctx context.Context, team, id, verb, by string) error {
	desk := casework.NewDesk(casework.Options{
		Log: caseLog{d.bus}, Board: d.board,
		Teams:  func() []string { return teamNames(d.config.Load()) },
		Limits: func(team string) casework.Limits { return caseLimits(d.config.Load(), team) },
	})
	_, err := desk.Do(ctx, casework.Action{Verb: casework.Verb(verb), By: by, Team: team, Case: id})
	refusal, refused := errors.AsType[*casework.Refusal](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, earshot.ErrNotFound), refused && refusal.Code == casework.NotFound:
		return fmt.Errorf("acting on case %s: %w", id, earshot.ErrNotFound)
	case refused && refusal.Code != casework.Unavailable:
		d.log.Info("what was done elsewhere is not done here", zap.String("team", team), zap.String("case", id),
			zap.String("verb", verb), zap.String("by", by), zap.String("why", string(refusal.Code)))
		return nil
	}
	return fmt.Errorf("acting on case %s: %w", id, err)
}
