package alerts

import (
	"context"
	"time"

	"earshot"
)

// answer marks the cases of a customer answered when the brand has replied, however
// the reply was sent.
func (b *batch) answer(ctx context.Context, s *earshot.Stored) error {
	m := &s.Mention
	for _, root := range []string{m.ReplyTo, m.Conversation} {
		if root == "" || root == m.ID {
			continue
		}
		of, err := b.membership(ctx, s.Brand, earshot.Key(root))
		if err != nil {
			return err
		}
		found := false
		cases, err := b.involved(ctx, of.Seats)
		if err != nil {
			return err
		}
		for _, c := range cases {
			event, done := Reply(b.settings.team(c.Team), &c.Case, m, s.Sequence, b.now)
			found = found || isCustomers(&c.Case)
			if done {
				b.add(c, event)
			}
		}
		if found {
			return nil // the conversation is somebody else's when the reply is to one in it
		}
	}
	return nil
}

// Reply decides what a reply of the brand does to a case: it stops the clocks of a
// customer's. It is pure, and returns false when nothing changes.
func Reply(t Team, c *earshot.Case, reply *earshot.Mention, cause uint64, now time.Time) (earshot.CaseEvent, bool) {
	if !isCustomers(c) || closed(c.State) && c.Merged == "" || c.Through >= cause {
		return earshot.CaseEvent{}, false
	}
	after := *c
	after.Through = cause
	after.Answered = heard(reply, now)
	if c.Merged != "" { // it will matter if the merge is undone
		return earshot.CaseEvent{Event: Replied, By: earshot.Daemon, At: now, Cause: cause, Mention: reply.ID, Case: after}, true
	}
	after.PageAt = time.Time{}
	t.Clocks().Wind(&after)
	if after.State != earshot.Muted {
		after.State = earshot.Answered
	}
	return earshot.CaseEvent{Event: Replied, By: earshot.Daemon, At: now, Cause: cause, Mention: reply.ID, Case: after}, true
}
