package bus

import (
	"context"
	"fmt"

	"earshot"
)

// Events returns the events of all cases that were stored after a sequence, in
// the order of the log: what a crash may have kept from being told of.
func (b *Bus) Events(ctx context.Context, after uint64) ([]earshot.CaseEvent, error) {
	var events []earshot.CaseEvent
	err := b.link.each(ctx, streamCases, get{Next: caseSubject("*", "*"), Sequence: after + 1}, func(r record) error {
		e, err := readCaseEvent(r)
		events = append(events, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading case events after %d: %w", after, err)
	}
	return events, nil
}
