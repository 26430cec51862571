// Package bluesky hears all public posts of Bluesky through Jetstream, with their
// edits and deletions. When an instance fails it goes on at another, without a
// gap and without repeating itself. Which posts concern a brand is the business of
// whoever takes the batches; retries are the runner's.
package bluesky

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

const (
	network = "bluesky"

	// rewind is how far back another instance is asked to begin: instances see a
	// post at different times, and some lag by minutes.
	rewind = 10 * time.Minute
	// quiet is how long nobody may post before an instance is taken for deaf.
	quiet = time.Minute
	// sweepEvery is how often posts of accounts that are gone are taken back.
	sweepEvery = 10 * time.Minute
)

// Driver is the bluesky kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: openParts}
}

func openParts(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	if problems := config.check(); len(problems) > 0 {
		return nil, problems
	}
	s := &source{
		config: config, client: setup.Stream, stored: setup.Stored, log: setup.Log,
		quiet: quiet, sweepEvery: sweepEvery,
	}
	s.people = func() (*profiles, error) {
		if !config.Profiles {
			return nil, nil
		}
		return newProfiles(setup.Client, config.API, setup.Queries, setup.Log)
	}
	return []listeners.Part{{Name: "posts", Source: s}}, nil
}

// source is the stream of all posts.
type source struct {
	config Config
	client *http.Client
	stored listeners.Stored
	log    *zap.Logger
	people func() (*profiles, error) // nil if nobody asks

	quiet, sweepEvery time.Duration
	vain              atomic.Uint32 // backfills that heard nothing: the next one asks another instance

	// Only Listen uses these; they spare work and decide nothing that lasts.
	deaf   string // the instance that was tried last, in vain
	recent recent
	who    *profiles
}

// Listen hears the stream from where the cursor says until ctx ends or the
// instance fails; the next Listen may choose another.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	at, err := readCursor(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, beginning as at first contact", zap.NamedError("err", err))
	}
	if s.who == nil {
		if s.who, err = s.people(); err != nil {
			return err
		}
	}
	h := &hearing{source: s, at: at, emit: emit, recent: &s.recent, server: s.choose(at.Server), swept: time.Now(), who: s.who}
	err = h.hear(ctx)
	if ctx.Err() != nil {
		return err
	}
	if s.deaf = ""; h.heard == 0 || errors.Is(err, errDeaf) {
		s.deaf = h.server
	}
	if retry, ok := errors.AsType[*listeners.RetryAfter](err); ok && len(s.config.Servers) > 1 {
		return fmt.Errorf("hearing %s: %w", host(h.server), retry.Err) // the others do not ask to be left alone
	}
	return err
}

// choose returns the instance that was heard last, unless it is deaf: then the
// one after it.
func (s *source) choose(last string) string {
	all := s.config.Servers
	if i := slices.Index(all, s.deaf); i >= 0 {
		return all[(i+1)%len(all)]
	}
	return all[max(0, slices.Index(all, last))]
}

// Backfill hears what the instance still holds of the time since. Jetstream keeps
// a day or two.
func (s *source) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	at, err := readCursor(from)
	if err != nil || at.Time == 0 {
		at = cursor{Version: cursorVersion, Time: since.UnixMicro()}
	}
	who, err := s.people()
	if err != nil {
		return err
	}
	all := s.config.Servers
	server := all[(max(0, slices.Index(all, at.Server))+int(s.vain.Load()))%len(all)]
	h := &hearing{
		source: s, at: at, emit: emit, recent: new(recent), server: server, swept: time.Now(),
		since: since, until: time.Now(), who: who,
	}
	if err = h.hear(ctx); err != nil && h.heard == 0 {
		s.vain.Add(1)
	}
	return err
}
