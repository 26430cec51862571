// Package mutes is what people do to mutes: list those that hold, see what one
// would hide, make one and end one, by their own credential and for the alerts of
// their own team. It does not hold alerts back (noise) and knows no wire (bus).
package mutes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/alerts/casework"
	"earshot/alerts/noise"
)

// Verb is what a person asks for.
type Verb string

// The verbs.
const (
	List    Verb = "list"
	Preview Verb = "preview"
	Add     Verb = "add"
	End     Verb = "end"
)

// Verbs lists every verb.
func Verbs() []Verb { return []Verb{List, Preview, Add, End} }

// Store is where mutes and alerts last. Its methods may be called concurrently.
type Store interface {
	// Mutes returns all that there are, also those that have ended, in any order.
	Mutes(ctx context.Context) ([]noise.Mute, error)
	// Add stores a mute whose ID nobody has used yet, else earshot.ErrConflict.
	Add(ctx context.Context, m noise.Mute) error
	// Drop deletes a mute. One that is not there is dropped already.
	Drop(ctx context.Context, id string) error
	// RaisedWithin calls each for every alert that was stored for a team, earshot.All
	// for all teams, since a moment and before another, unless that is zero, and that
	// nobody has taken back.
	RaisedWithin(ctx context.Context, team string, since, until time.Time, each func(*earshot.Alert) error) error
}

// Options is what a desk works with.
type Options struct {
	Store   Store
	Teams   func() []string                     // all there are now
	Brands  func() []string                     // all that alerts are raised for now; nil for unknown
	Longest func() time.Duration                // that a mute may last now
	Changed func(did, by string, m *noise.Mute) // called for what a person did; nil for nobody
	Now     func() time.Time                    // nil for the real time
}

// Desk serves people. Several may work on one store. It may be used concurrently.
type Desk struct{ Options }

// NewDesk returns a desk.
func NewDesk(o Options) *Desk {
	if o.Changed == nil {
		o.Changed = func(string, string, *noise.Mute) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Desk{o}
}

// Request is what a person asks for. Who that is, and of which team, comes from the
// credential, never from the request.
type Request struct {
	Sender   string `json:"by,omitempty"`       // who asks, if said: anybody else is refused
	Request  string `json:"request,omitempty"`  // add: an ID of the sender's choice: the same one again is done once
	Matchers string `json:"matchers,omitempty"` // preview, add
	Since    string `json:"since,omitempty"`    // preview: how long back, such as 24h or 7d; 24h if left out
	For      string `json:"for,omitempty"`      // add: how long, such as 2h or 1d
	Why      string `json:"why,omitempty"`      // add: the reason, for the colleague who wonders
	ID       string `json:"id,omitempty"`       // end: which one
}

// Listed is the mutes that hold back alerts of a team, the first to end first.
type Listed struct {
	Mutes []noise.Mute `json:"mutes"`
}

// Done is what was done to a mute.
type Done struct {
	Did   string     `json:"did"`             // added or ended; empty when nothing had to be
	Again bool       `json:"again,omitempty"` // it had been done before
	Mute  noise.Mute `json:"mute"`
}

// What was done.
const (
	Added = "added"
	Ended = "ended"
)

func refuse(code casework.Code, format string, args ...any) error {
	return &casework.Refusal{Code: code, What: fmt.Sprintf(format, args...)}
}

// Serve answers one request of a person of a team; earshot.All is the team of
// whoever acts with the daemon's own login for all of them. The error is a
// *casework.Refusal when the person can do something about it.
func (d *Desk) Serve(ctx context.Context, team, person string, verb Verb, payload []byte) (any, error) {
	var r Request
	if err := casework.Read(payload, &r); err != nil {
		return nil, err
	}
	if err := d.allowed(team, person, &r); err != nil {
		return nil, err
	}
	switch verb {
	case List:
		mutes, err := d.held(ctx, team)
		return Listed{mutes}, err
	case Preview:
		return d.preview(ctx, team, &r)
	case Add:
		return d.add(ctx, team, person, &r)
	case End:
		return d.end(ctx, team, person, r.ID)
	}
	return nil, refuse(casework.BadRequest, "there is no verb %q for mutes", verb)
}

func (d *Desk) allowed(team, person string, r *Request) error {
	if err := casework.IsSelf(r.Sender, person); err != nil {
		return err
	}
	if person == earshot.Daemon {
		return refuse(casework.Forbidden, "%q is the daemon's own name: nobody acts under it", person)
	}
	if teams := d.Teams(); team != earshot.All && team != earshot.Ops && !slices.Contains(teams, team) {
		return refuse(casework.NotFound, "there is no team %q (one of %s)", team, strings.Join(teams, ", "))
	}
	return nil
}

// held are the mutes that hold back alerts of a team.
func (d *Desk) held(ctx context.Context, team string) ([]noise.Mute, error) {
	all, err := d.Store.Mutes(ctx)
	if err != nil {
		return nil, err
	}
	now := d.Now()
	mutes := []noise.Mute{}
	for _, m := range all {
		if m.Until.After(now) && (team == earshot.All || m.Team == "" || m.Team == team) {
			mutes = append(mutes, m)
		}
	}
	slices.SortFunc(mutes, func(a, b noise.Mute) int { return cmp.Or(a.Until.Compare(b.Until), strings.Compare(a.ID, b.ID)) })
	return mutes, nil
}

func (d *Desk) preview(ctx context.Context, team string, r *Request) (any, error) {
	now := d.Now().UTC()
	m, err := muteOf(team, "", r, now)
	if err != nil {
		return nil, err
	}
	back, err := casework.Length(cmp.Or(r.Since, "24h"))
	if err != nil || back <= 0 {
		return nil, refuse(casework.BadRequest, "%q is no length of time (such as 90m, 36h, 7d)", shown(r.Since))
	}
	return d.look(ctx, NewView(m, now.Add(-back), now), team, now)
}

// firstLook is the part of the time of a preview that is looked at first; each further
// one is twice as long.
const firstLook = 32

// look goes back from now in ever longer steps, so that what is there when the time is
// over is all of the newest alerts.
func (d *Desk) look(ctx context.Context, all *View, team string, now time.Time) (*View, error) {
	v := all.since(now)
	until := time.Time{}
	for step := now.Sub(all.Since) / firstLook; v.Since.After(all.Since); step *= 2 {
		since := v.Since.Add(-step)
		if since.Before(all.Since) {
			since = all.Since
		}
		next := v.since(since)
		err := d.Store.RaisedWithin(ctx, team, since, until, func(a *earshot.Alert) error {
			next.Add(a)
			return nil
		})
		if errors.Is(err, context.DeadlineExceeded) {
			if v.Alerts == 0 {
				return nil, refuse(casework.Unavailable, "there are more alerts since then than can be looked at in time: ask for a shorter time")
			}
			v.Partial = true
			return v, nil
		}
		if err != nil {
			return nil, err
		}
		v, until = next, since
	}
	return v, nil
}

// muteOf is the mute that a request describes, without its time.
func muteOf(team, person string, r *Request, now time.Time) (noise.Mute, error) {
	matchers, err := noise.Parse(r.Matchers)
	if err != nil {
		return noise.Mute{}, refuse(casework.BadRequest, "reading the matchers: %s", err)
	}
	m := noise.Mute{Matchers: matchers, By: person, Why: strings.TrimSpace(r.Why), From: now, Until: now}
	if team != earshot.All {
		m.Team = team
	}
	for _, problem := range m.Check(0, now) {
		if problem.Path == "matchers" {
			return m, refuse(casework.BadRequest, "%s (%s)", problem.What, problem.Hint)
		}
	}
	return m, nil
}

func shown(text string) string {
	const most = 40
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
