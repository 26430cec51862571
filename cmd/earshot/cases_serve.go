package main

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/casework"
	"earshot/bus"
)

// caseLog is where the desk of cases reads and writes.
type caseLog struct{ *bus.Bus }

// CasesNow returns the last events of several cases.
func (l caseLog) CasesNow(ctx context.Context, of []casework.Ref) ([]earshot.CaseEvent, error) {
	refs := make([][2]string, len(of))
	for i, ref := range of {
		refs[i] = [2]string{ref.Team, ref.ID}
	}
	return l.Bus.CasesNow(ctx, refs)
}

// Story returns a story as it stands now.
func (l caseLog) Story(ctx context.Context, brand, id string) (*earshot.Story, error) {
	return alerts.StoryNow(id, func(name string) (earshot.Record, error) { return l.RecordNow(ctx, brand, name) })
}

// serveCases has the daemon answer what people ask about cases.
func (d *daemon) serveCases() error {
	d.board = casework.NewBoard()
	desk := casework.NewDesk(casework.Options{
		Log: caseLog{d.bus}, Board: d.board, Now: d.now,
		Teams:  func() []string { return teamNames(d.config.Load()) },
		Limits: func(team string) casework.Limits { return caseLimits(d.config.Load(), team) },
	})
	verbs := make([]string, 0, len(casework.Served()))
	for _, verb := range casework.Served() {
		verbs = append(verbs, string(verb))
	}
	return d.bus.ServePeople(bus.Cases, verbs, func(ctx context.Context, team, person, verb string, request []byte) (any, error) {
		return desk.Serve(ctx, team, person, casework.Verb(verb), request)
	})
}

// caseLimits is what the people of a team may ask for, and its clocks.
func caseLimits(c *Config, team string) casework.Limits {
	l := casework.Limits{MaxMute: c.Noise.MaxMute, MaxHold: c.Cases.MaxHold, Bands: c.Bands}
	know := func(name, of string) {
		if !slices.Contains(l.Everybody, name) {
			l.Everybody = append(l.Everybody, name)
		}
		if of == team && !slices.Contains(l.People, name) {
			l.People = append(l.People, name)
		}
	}
	for _, t := range c.Teams {
		if t.Name == team {
			l.Clocks = t.Clocks()
		}
		for _, p := range t.People {
			know(p.Name, t.Name)
		}
	}
	for _, u := range c.Bus.Users {
		if u.Role == bus.Person {
			know(u.Name, u.Team)
		}
	}
	return l
}

// pruneEvery is how often the board drops cases that the log has forgotten.
const pruneEvery = time.Hour

// keepBoard feeds the board of cases until ctx ends.
func (d *daemon) keepBoard(ctx context.Context) {
	pruned := time.Now()
	keeper := newKeeper(d.bus, d.log.Named("legal hold"))
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		keeper.run(ctx)
	}()
	defer func() { <-kept }()
	each := func(e *earshot.CaseEvent) {
		d.board.Put(e)
		keeper.see(e)
	}
	var begun sync.Once
	d.bus.FollowCases(ctx, each, func() {
		d.board.Loaded()
		begun.Do(d.sayFormer)
		if now := time.Now(); now.Sub(pruned) > pruneEvery {
			pruned = now
			d.board.Prune(now.Add(-2*d.config.Load().Retention - pruneEvery))
		}
	})
}

// sayFormer names the teams that the configuration has no longer and whose cases
// nobody would see to. Before the cases have been read it says nothing.
func (d *daemon) sayFormer() {
	teams := append(teamNames(d.config.Load()), earshot.Ops)
	left := d.board.Alive()
	for _, team := range slices.Sorted(maps.Keys(left)) {
		if slices.Contains(teams, team) {
			continue
		}
		d.log.Warn("a team that is gone has open cases", zap.String("team", team), zap.Int("open", left[team]),
			zap.String("hint", "put it back into teams, or hand them over: earshot cases --team "+team+" lists them, earshot cases escalate ID --team "+team+" --to another gives them away"))
	}
}
