package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

// request is a request whose refusal is not waited for: the server answers a flush
// behind it, and has said by then what it does not allow.
func (c *Client) request(ctx context.Context, subject string, data []byte) (*nats.Msg, error) {
	nc := c.link.nc
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := nc.PublishRequest(subject, inbox, data); err != nil {
		return nil, err
	}
	if err := nc.FlushWithContext(ctx); err != nil {
		return nil, err
	}
	if err := nc.LastError(); errors.Is(err, nats.ErrPermissionViolation) {
		return nil, err
	}
	reply, err := sub.NextMsgWithContext(ctx)
	if err == nil && len(reply.Data) == 0 && reply.Header.Get("Status") == "503" {
		err = nats.ErrNoResponders
	}
	return reply, err
}

// unanswered says why a request about cases got no answer.
func (c *Client) unanswered(ctx context.Context, team, person string, err error) error {
	switch denied := c.link.nc.LastError(); {
	case errors.Is(denied, nats.ErrPermissionViolation):
		return fmt.Errorf("the login may not act as %s of team %s (a person acts under the name and for the team of the login): %w", person, team, nats.ErrPermissionViolation)
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("no daemon answers: %w", earshot.ErrNotFound)
	case ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time: try again with the same request ID")
	}
	return err
}

// FollowCases tells of the last event of every case, and then of all events as
// they come, until ctx ends; reached is called when all there are have been told
// of, and now and then after that. Events may come twice after the server was away.
func (b *Bus) FollowCases(ctx context.Context, each func(*earshot.CaseEvent), reached func()) {
	f := follower{
		bus: b, stream: streamCases, latest: true, current: reached,
		of: jetstream.ConsumerConfig{Description: "the board of cases", FilterSubject: caseSubject("*", "*")},
	}
	f.hear = func(_ context.Context, m jetstream.Msg, sequence uint64) error {
		e, err := readCaseEvent(record{sequence: sequence, data: m.Data()})
		if err == nil {
			each(&e)
		}
		return nil //nolint:nilerr // what cannot be read has no place on a board; whoever acts on the case is told
	}
	f.run(ctx)
}

// CaseSince returns the first event of a case from a sequence on, or
// earshot.ErrNotFound.
func (b *Bus) CaseSince(ctx context.Context, team, id string, from uint64) (earshot.CaseEvent, error) {
	if err := tokens(team, id); err != nil {
		return earshot.CaseEvent{}, fmt.Errorf("reading case: %w", err)
	}
	r, err := b.link.next(ctx, streamCases, caseSubject(team, id), from)
	if err != nil {
		return earshot.CaseEvent{}, fmt.Errorf("reading case %s of %s from %d: %w", id, team, from, err)
	}
	return readCaseEvent(r)
}

// CasesNow returns the last events of cases, named by team and ID, as far as they
// are there.
func (b *Bus) CasesNow(ctx context.Context, of [][2]string) ([]earshot.CaseEvent, error) {
	filters := make([]string, len(of))
	for i, ref := range of {
		if err := tokens(ref[0], ref[1]); err != nil {
			return nil, fmt.Errorf("reading cases: %w", err)
		}
		filters[i] = caseSubject(ref[0], ref[1])
	}
	found, err := b.link.lastOf(ctx, streamCases, filters)
	if err != nil {
		return nil, fmt.Errorf("reading cases: %w", err)
	}
	events := make([]earshot.CaseEvent, 0, len(found))
	for _, filter := range filters {
		r, ok := found[filter]
		if !ok {
			continue
		}
		e, err := readCaseEvent(r)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// History returns the newest events of a case, oldest first and without the case
// as it stood then, of their alerts urgency, story and evidence alone, and how many others there are.
func (b *Bus) History(ctx context.Context, team, id string, most int) ([]earshot.CaseEvent, int, error) {
	if err := tokens(team, id); err != nil {
		return nil, 0, fmt.Errorf("reading case: %w", err)
	}
	var events []earshot.CaseEvent
	earlier := 0
	err := b.link.each(ctx, streamCases, get{Next: caseSubject(team, id), Sequence: 1}, func(r record) error {
		var e struct {
			earshot.CaseEvent
			Case  struct{} `json:"case"` // of no use here, and large
			Alert struct {
				Urgency  earshot.Band      `json:"urgency"`
				Story    *earshot.Story    `json:"story"`
				Evidence *earshot.Evidence `json:"evidence"`
			} `json:"alert"`
		}
		if err := json.Unmarshal(r.data, &e); err != nil {
			return fmt.Errorf("reading a case event: %w", err)
		}
		e.Sequence = r.sequence
		if e.Alert.Evidence != nil || e.Alert.Story != nil {
			e.CaseEvent.Alert = &earshot.Alert{Urgency: e.Alert.Urgency, Story: e.Alert.Story, Evidence: e.Alert.Evidence}
		}
		if events = append(events, e.CaseEvent); len(events) >= 2*most {
			earlier += most
			events = append(events[:0], events[most:]...)
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading the history of case %s of %s: %w", id, team, err)
	}
	if extra := len(events) - most; extra > 0 {
		earlier += extra
		events = events[extra:]
	}
	return events, earlier, nil
}

// LastAlert returns the newest alert that went to the subject of another one, or
// earshot.ErrNotFound.
func (b *Bus) LastAlert(ctx context.Context, like *earshot.Alert) (earshot.Alert, error) {
	var a earshot.Alert
	if err := tokens(like.Team, like.Brand, string(like.Kind), string(like.Urgency)); err != nil {
		return a, fmt.Errorf("reading alert: %w", err)
	}
	r, err := b.link.last(ctx, streamAlerts, alertSubject(like))
	switch {
	case err != nil:
		return a, fmt.Errorf("reading alert: %w", err)
	case r.header.Get(headerWithdrawn) != "":
		return a, fmt.Errorf("reading alert: %w", earshot.ErrNotFound)
	}
	if err := json.Unmarshal(r.data, &a); err != nil {
		return a, fmt.Errorf("reading alert: %w", err)
	}
	return a, nil
}

// MentionsNow returns what is stored now of mentions, named by their keys, for a
// brand, as far as it is there and nobody has taken it back.
func (b *Bus) MentionsNow(ctx context.Context, brand string, keys []string) (map[string]earshot.Stored, error) {
	var filters []string
	for _, key := range keys {
		if err := tokens(brand, key); err != nil {
			return nil, fmt.Errorf("reading mentions: %w", err)
		}
		filters = append(filters, "earshot.mentions."+brand+".*."+key, "earshot.private."+brand+".*."+key)
	}
	found, err := b.link.lastOf(ctx, streamMentions, filters)
	if err != nil {
		return nil, fmt.Errorf("reading mentions: %w", err)
	}
	stored := make(map[string]earshot.Stored, len(found))
	for subject, r := range found {
		if r.header.Get(headerWithdrawn) != "" {
			continue
		}
		s, err := readStored(subject, r.sequence, r.data)
		if err != nil {
			continue // what cannot be read has no mention in it; readers of the log report it
		}
		stored[keyIn(subject)] = s
	}
	return stored, nil
}

// CaseWatch is the events of cases as they come. Close it.
type CaseWatch struct {
	sub      *Subscription
	messages <-chan *nats.Msg
}

// WatchCases subscribes to the events of the cases of a team, "" for all that the
// login may read.
func (c *Client) WatchCases(team string) (*CaseWatch, error) {
	if team == "" {
		team = "*"
	}
	sub, err := c.link.subscribe("earshot.cases." + strings.TrimSpace(team) + ".>")
	if err != nil {
		return nil, err
	}
	return &CaseWatch{sub: sub, messages: sub.messages}, nil
}

// Next waits for the next event.
func (w *CaseWatch) Next(ctx context.Context) (earshot.CaseEvent, error) {
	select {
	case m := <-w.messages:
		return readCaseEvent(record{data: m.Data})
	case <-ctx.Done():
		return earshot.CaseEvent{}, ctx.Err()
	}
}

// Close ends the watch.
func (w *CaseWatch) Close() { w.sub.Close() }
