package zendesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot"
)

// follower is a sink that hears what becomes of tickets.
type follower struct{ *sink }

// stateName is what the position in the export is kept under.
const stateName = "export"

// position is how far the export was read.
type position struct {
	Cursor string    `json:"cursor,omitempty"`
	Since  time.Time `json:"since,omitzero"` // before there is a cursor
}

// page is an answer of the export of tickets that changed, which leaves out the last
// minute. https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
type page struct {
	Tickets []ticket `json:"tickets"`
	Cursor  string   `json:"after_cursor"`
	End     bool     `json:"end_of_stream"`
}

// Follow asks what changed until ctx ends. A position moves on only when everything
// before it was done.
func (f *follower) Follow(ctx context.Context) error {
	at, err := f.position(ctx)
	if err != nil {
		return err
	}
	tick := time.NewTicker(f.config.Every)
	defer tick.Stop()
	for {
		next, end, err := f.read(ctx, at)
		if err != nil {
			return err
		}
		if next != at {
			if err := f.keep(ctx, next); err != nil {
				return err
			}
			at = next
		}
		if !end {
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *follower) position(ctx context.Context) (position, error) {
	data, err := f.state.State(ctx, stateName)
	if err != nil {
		return position{}, err
	}
	var at position
	if data == nil || json.Unmarshal(data, &at) != nil || at == (position{}) {
		at = position{Since: time.Now().UTC().Add(-5 * time.Minute)}
		return at, f.keep(ctx, at)
	}
	return at, nil
}

func (f *follower) keep(ctx context.Context, at position) error {
	data, err := json.Marshal(at)
	if err != nil {
		return err
	}
	return f.state.SetState(ctx, stateName, data)
}

// read deals with one page of the export.
func (f *follower) read(ctx context.Context, at position) (position, bool, error) {
	a, err := f.account()
	if err != nil {
		return at, false, err
	}
	query := url.Values{"cursor": {at.Cursor}}
	if at.Cursor == "" {
		query = url.Values{"start_time": {fmt.Sprint(at.Since.Unix())}}
	}
	var p page
	if err := a.call(ctx, http.MethodGet, "/api/v2/incremental/tickets/cursor.json?"+query.Encode(), "", nil, &p); err != nil {
		return at, false, err
	}
	for i := range p.Tickets {
		if err := f.changed(ctx, &p.Tickets[i]); err != nil {
			return at, false, err
		}
	}
	if p.Cursor == "" || p.Cursor == at.Cursor {
		return at, true, nil
	}
	return position{Cursor: p.Cursor}, p.End || len(p.Tickets) == 0, nil
}

// changed does to the case what was done to its ticket.
func (f *follower) changed(ctx context.Context, t *ticket) error {
	team, id, ok := strings.Cut(strings.TrimPrefix(t.ExternalID, externalPrefix), ":")
	if !strings.HasPrefix(t.ExternalID, externalPrefix) || !ok || team != f.team {
		return nil
	}
	verb := verbOf(t)
	if verb == "" {
		return nil
	}
	by := "zendesk"
	if t.Assignee != 0 {
		by = fmt.Sprintf("zendesk:%d", t.Assignee)
	}
	err := f.act(ctx, team, id, verb, by)
	if errors.Is(err, earshot.ErrNotFound) {
		f.log.Info("a ticket of a case that is not there", zap.Int64("ticket", t.ID), zap.String("case", id))
		return nil
	}
	if err != nil {
		return fmt.Errorf("doing to case %s what was done to ticket %d: %w", id, t.ID, err)
	}
	return nil
}

// verbOf is what a status means to the case. A ticket that nobody has taken means
// nothing yet.
func verbOf(t *ticket) string {
	switch t.Status {
	case solved, closed:
		return "resolve"
	case pending, onHold:
		return "wait"
	case opened:
		if t.Assignee != 0 {
			return "claim"
		}
	}
	return ""
}
