package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

// Erase makes sure that nothing is left of what a mention said before this
// version of it, nor of the messages in the stream of alerts with these
// sequences: the server overwrites them with noise. What is not there any more
// is no error.
func (b *Bus) Erase(ctx context.Context, version earshot.Stored, alerts []uint64) error {
	rest := "." + version.Brand + "." + version.Mention.Network + "." + version.Mention.Key()
	for _, area := range []string{"earshot.mentions", "earshot.private"} {
		if err := b.link.eraseBefore(ctx, streamMentions, area+rest, version.Sequence); err != nil {
			return fmt.Errorf("erasing what was taken back: %w", err)
		}
	}
	for _, sequence := range alerts {
		if err := b.link.erase(ctx, streamAlerts, sequence); err != nil {
			return fmt.Errorf("erasing alerts of what was taken back: %w", err)
		}
	}
	return nil
}

// eraseBefore erases the messages of a subject that others on it have taken the
// place of, as far as they lie before a sequence. Its last message stays.
func (l *link) eraseBefore(ctx context.Context, stream, subject string, before uint64) error {
	for {
		first, err := l.next(ctx, stream, subject, 1)
		if errors.Is(err, earshot.ErrNotFound) || err == nil && first.sequence >= before {
			return nil
		}
		if err != nil {
			return err
		}
		last, err := l.last(ctx, stream, subject)
		if err != nil || last.sequence == first.sequence {
			return err
		}
		if err := l.erase(ctx, stream, first.sequence); err != nil {
			return err
		}
	}
}

// eraseAll erases whatever is on a subject, which may have wildcards.
func (l *link) eraseAll(ctx context.Context, stream, subject string) error {
	for {
		r, err := l.next(ctx, stream, subject, 1)
		if errors.Is(err, earshot.ErrNotFound) {
			return nil
		}
		if err == nil {
			err = l.erase(ctx, stream, r.sequence)
		}
		if err != nil {
			return err
		}
	}
}

// erase overwrites one message in the files of the store and removes it.
func (l *link) erase(ctx context.Context, stream string, sequence uint64) error {
	body, err := json.Marshal(get{Sequence: sequence})
	if err != nil {
		return err
	}
	return l.retry(ctx, func() error {
		request, cancel := l.attempt(ctx)
		defer cancel()
		answer, err := l.nc.RequestWithContext(request, "$JS.API.STREAM.MSG.DELETE."+stream, body)
		if err != nil {
			return away(ctx, err)
		}
		var said struct {
			Error *jetstream.APIError `json:"error"`
		}
		if err := json.Unmarshal(answer.Data, &said); err != nil {
			return fmt.Errorf("%w: reading the answer: %w", errAway, err)
		}
		if said.Error == nil {
			return nil
		}
		// The server has several words for what is not there: look.
		_, err = l.one(ctx, stream, get{Sequence: sequence})
		switch {
		case errors.Is(err, earshot.ErrNotFound):
			return nil
		case err != nil:
			return err
		case said.Error.Code == 503:
			return fmt.Errorf("%w: %w", errAway, said.Error)
		}
		return said.Error
	})
}
