package mutes

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/alerts/casework"
	"earshot/alerts/noise"
)

// Bounds of what is kept: every alert is held against every mute.
const (
	mostHeld = 100            // mutes of a team
	keep     = 24 * time.Hour // a mute that has ended, so that teams hear what it was
	idLength = 8
)

func (d *Desk) add(ctx context.Context, team, person string, r *Request) (any, error) {
	now := d.Now().UTC().Truncate(time.Second)
	m, err := muteOf(team, person, r, now)
	if err != nil {
		return nil, err
	}
	if err := d.known(&m); err != nil {
		return nil, err
	}
	length, err := casework.Length(r.For)
	if err != nil {
		return nil, refuse(casework.BadRequest, "a mute needs an end: %q is no length of time (such as 90m, 2h, 1d)", shown(r.For))
	}
	m.ID, m.Until = idOf(team, person, r.Request), now.Add(length)
	if problems := m.Check(d.Longest(), now); len(problems) > 0 {
		return nil, refuse(casework.BadRequest, "%s (%s)", problems[0].What, problems[0].Hint)
	}
	all, err := d.Store.Mutes(ctx)
	if err != nil {
		return nil, err
	}
	held := 0
	for _, other := range all {
		switch {
		case other.ID == m.ID && same(&other, &m):
			return Done{Again: true, Mute: other}, nil
		case other.Team == m.Team && other.Until.After(now):
			held++
		case now.Sub(other.Until) > keep:
			if err := d.Store.Drop(ctx, other.ID); err != nil {
				return nil, err
			}
		}
	}
	if held >= mostHeld {
		return nil, refuse(casework.Forbidden, "%d mutes hold already: end some that nobody needs (list shows them); what is never wanted is for the rules to say", held)
	}
	err = d.Store.Add(ctx, m)
	if errors.Is(err, earshot.ErrConflict) {
		return nil, refuse(casework.Clash, "somebody else was faster, or the request was made before and the mute ended since: look at the list, and try again with another request ID")
	}
	if err != nil {
		return nil, err
	}
	d.Changed(Added, person, &m)
	return Done{Did: Added, Mute: m}, nil
}

// idOf is the ID of a mute that is asked for: the same for the same request.
func idOf(team, person, request string) string {
	if request == "" {
		request = rand.Text()
	}
	return earshot.Key(team + "\x00" + person + "\x00" + request)[:idLength]
}

// same reports whether two mutes came of one request.
func same(a, b *noise.Mute) bool {
	return a.By == b.By && a.Team == b.Team && a.Why == b.Why && a.Matchers.String() == b.Matchers.String()
}

func (d *Desk) end(ctx context.Context, team, person, id string) (any, error) {
	mutes, err := d.held(ctx, team)
	if err != nil {
		return nil, err
	}
	id = strings.ToLower(strings.TrimSpace(id))
	var found []noise.Mute
	for _, m := range mutes {
		if id != "" && strings.HasPrefix(m.ID, id) {
			found = append(found, m)
		}
	}
	switch {
	case id == "":
		return nil, refuse(casework.BadRequest, "which mute? (its ID is missing: list shows those that hold)")
	case len(found) == 0:
		return nil, refuse(casework.NotFound, "there is no mute %q of %s (list shows those that hold)", shown(id), team)
	case len(found) > 1:
		return nil, refuse(casework.BadRequest, "%d mutes begin with %q: write more of the ID", len(found), shown(id))
	}
	m := found[0]
	if team != earshot.All && m.Team != team {
		return nil, refuse(casework.Forbidden, "mute %s holds for all teams: %s made it with the daemon's login, which ends it", m.ID, m.By)
	}
	if err := d.Store.Drop(ctx, m.ID); err != nil {
		return nil, err
	}
	m.Until = d.Now().UTC().Truncate(time.Second)
	d.Changed(Ended, person, &m)
	return Done{Did: Ended, Mute: m}, nil
}

// known refuses a mute of a brand or a team that there is not: it would hide nothing.
func (d *Desk) known(m *noise.Mute) error {
	names := map[string][]string{"team": append([]string{earshot.Ops}, d.Teams()...)}
	if d.Brands != nil {
		names["brand"] = d.Brands()
	}
	for _, one := range m.Matchers {
		if there, ok := names[one.Name]; ok && one.Op == noise.Is && !slices.Contains(there, one.Value) {
			return refuse(casework.NotFound, "there is no %s %q (one of %s)", one.Name, shown(one.Value), strings.Join(there, ", "))
		}
	}
	return nil
}
