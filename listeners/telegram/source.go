package telegram

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

const (
	cursorVersion = 1

	// forgetful is after how much silence the numbers of updates may begin
	// anywhere: Telegram says a week, and keeps nothing longer than a day.
	forgetful = 6 * 24 * time.Hour
	// breath is the least time between two answers that say nothing.
	breath = time.Second
)

// state is where a bot's queue was left: its cursor.
type state struct {
	Version int       `json:"v"`
	Bot     string    `json:"bot,omitempty"`    // whose numbers they are
	Offset  int64     `json:"offset,omitempty"` // the next update
	At      time.Time `json:"at,omitzero"`      // when the last one came
}

func readState(from earshot.Cursor) (*state, error) {
	fresh := &state{Version: cursorVersion}
	if len(from) == 0 {
		return fresh, nil
	}
	var st state
	if err := json.Unmarshal(from, &st); err != nil {
		return fresh, fmt.Errorf("reading cursor: %w", err)
	}
	if st.Version != cursorVersion || st.Offset < 0 {
		return fresh, fmt.Errorf("reading cursor: version %d and offset %d make none", st.Version, st.Offset)
	}
	return &st, nil
}

// source hears one bot's queue.
type source struct {
	config Config
	bot    bot
	log    *zap.Logger
}

// Listen waits for updates and emits them. What is emitted is confirmed by the
// next question, after it is stored.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, hearing all that Telegram still holds", zap.NamedError("err", err))
	}
	token, number, err := s.bot.token()
	if err != nil {
		return err
	}
	if st.Bot != number {
		*st = state{Version: cursorVersion, Bot: number}
	}
	listeners.Report(ctx, listeners.Outlook{Note: "long polling"})
	for {
		if time.Since(st.At) > forgetful {
			st.Offset = 0
		}
		asked := time.Now()
		raws, err := s.bot.updates(ctx, token, st.Offset)
		if err != nil {
			return err
		}
		before := st.Offset
		if err := s.emit(ctx, st, raws, emit); err != nil {
			return err
		}
		if st.Offset == before {
			if err := wait(ctx, breath-time.Since(asked)); err != nil {
				return err
			}
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err() // both may be true
	}
}

// emit hands updates over in their order, each once, and moves on if there are any
// that were not heard.
func (s *source) emit(ctx context.Context, st *state, raws []json.RawMessage, emit listeners.Emit) error {
	var all []update
	var batch listeners.Batch
	for _, raw := range raws {
		u, err := parseUpdate(raw, st.Bot)
		switch {
		case u.ID == 0:
			return fmt.Errorf("%w: an update that has no number: %w", listeners.ErrMalformed, err)
		case u.ID < st.Offset:
			continue // it has been heard
		case err != nil:
			batch.Dead = append(batch.Dead, earshot.DeadLetter{Reason: "reading an update: " + err.Error(), Body: raw})
		}
		all = append(all, u)
	}
	slices.SortStableFunc(all, func(a, b update) int { return cmp.Compare(a.ID, b.ID) })
	moved := state{Version: cursorVersion, Bot: st.Bot, Offset: st.Offset, At: time.Now().UTC()}
	var newest time.Time
	for _, u := range all {
		if u.ID < moved.Offset {
			continue // it came twice
		}
		moved.Offset = u.ID + 1
		if u.mention != nil && s.wanted(u) {
			batch.Mentions = append(batch.Mentions, *u.mention)
			newest = u.mention.Posted
		}
	}
	if moved.Offset == st.Offset {
		return nil
	}
	var err error
	if batch.Next, err = json.Marshal(moved); err != nil {
		return fmt.Errorf("writing cursor: %w", err)
	}
	if err := emit(ctx, batch); err != nil {
		return err
	}
	*st = moved
	listeners.Report(ctx, listeners.Outlook{Posted: newest})
	return nil
}

// wanted reports whether the configuration asks for the update's chat.
func (s *source) wanted(u update) bool {
	if u.direct && !s.config.Direct {
		return false
	}
	return len(s.config.Chats) == 0 || u.direct || slices.ContainsFunc(s.config.Chats, u.isOf)
}
