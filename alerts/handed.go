package alerts

import (
	"context"
	"slices"

	"earshot"
)

// handed leads a mention on to the teams that people have handed its case to: what
// becomes of it there is what becomes of it here. Routes are completed by theirs.
func (b *batch) handed(ctx context.Context, s *earshot.Stored, h *homes, known *earshot.Membership, routes []earshot.Route) ([]earshot.Route, error) {
	for i := 0; i < len(known.Seats); i++ { // it grows
		from := known.Seats[i]
		c, err := b.open(ctx, from.Team, from.Case)
		if err != nil {
			return nil, err
		}
		for _, team := range c.Handed {
			if slices.ContainsFunc(known.Seats, func(seat earshot.Seat) bool { return seat.Team == team }) {
				continue
			}
			there, err := b.open(ctx, team, from.Case)
			if err != nil {
				return nil, err
			}
			seat := earshot.Seat{Team: team, Case: from.Case, Old: from.Old, Member: find(there.Members, s.Mention.Key())}
			at := slices.IndexFunc(routes, func(r earshot.Route) bool { return r.Team == from.Team })
			if !there.exists || seat.Member == nil && (at < 0 || there.State == earshot.Expired) {
				continue
			}
			if seat.Member != nil {
				seat.Said = from.Said
			}
			known.Seats = append(known.Seats, seat)
			if at >= 0 && !slices.ContainsFunc(routes, func(r earshot.Route) bool { return r.Team == team }) {
				route := earshot.Route{Team: team, Kind: routes[at].Kind, Topic: routes[at].Topic}
				routes = append(slices.Clone(routes), route)
				h.unasked = append(slices.Clone(h.unasked), route)
			}
		}
	}
	return routes, nil
}

// involved lists the cases of seats as they stand now, with those of the teams that
// they were handed to, each once.
func (b *batch) involved(ctx context.Context, seats []earshot.Seat) ([]*open, error) {
	var all []*open
	add := func(team, id string) (*open, error) {
		c, err := b.open(ctx, team, id)
		if err == nil && c.exists && !slices.Contains(all, c) {
			all = append(all, c)
		}
		return c, err
	}
	for _, seat := range seats {
		c, err := add(seat.Team, seat.Case)
		if err != nil {
			return nil, err
		}
		for _, team := range c.Handed {
			if _, err := add(team, seat.Case); err != nil {
				return nil, err
			}
		}
	}
	for i := 0; i < len(all); i++ { // it grows
		if all[i].Merged == "" {
			continue
		}
		if _, err := add(all[i].Team, all[i].Merged); err != nil {
			return nil, err
		}
	}
	return all, nil
}
