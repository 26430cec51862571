package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/listeners"
)

// sinkPatience is how long nothing may get through to a sink before ops is told.
const sinkPatience = 15 * time.Minute

// sinkWatch is a part of the operation that posts when nothing gets through to a sink,
// alerts lie aside or became too old to be sent, and deletes the post when that is over.
// What is told is in its cursor.
type sinkWatch struct {
	status func(context.Context) ([]alerts.SinkStatus, error) // of all sinks, by those who deliver
	acting func() bool                                        // whether this daemon is the one that tells
	every  time.Duration
}

// sinkTrouble is what was told of one sink.
type sinkTrouble struct {
	Post   string `json:"post"`              // ID of the mention
	Title  string `json:"title,omitempty"`   // what it says
	TooOld int    `json:"too_old,omitempty"` // alerts that were not sent, when it was told
}

// Listen looks at the sinks until ctx ends.
func (w *sinkWatch) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	told := map[string]sinkTrouble{}
	if len(from) > 0 {
		if err := json.Unmarshal(from, &told); err != nil {
			return fmt.Errorf("reading which sinks were told of: %w", err)
		}
	}
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !w.acting() {
			continue // what another daemon tells moves the cursor, and the next batch is refused
		}
		if err := w.look(ctx, told, time.Now().UTC(), emit); err != nil {
			return err
		}
	}
}

func (w *sinkWatch) look(ctx context.Context, told map[string]sinkTrouble, now time.Time, emit listeners.Emit) error {
	all, err := w.status(ctx)
	if err != nil {
		return fmt.Errorf("asking how the sinks are doing: %w", err)
	}
	var batch listeners.Batch
	known := map[string]bool{}
	for _, s := range all {
		known[s.Sink] = true
		was, open := told[s.Sink]
		title, text := trouble(&s, was.TooOld, now)
		over := title == "" && s.Failing.IsZero() && s.State != alerts.SinkStandby
		another := title != "" && title != was.Title
		if open && (over || another) {
			delete(told, s.Sink)
			batch.Mentions = append(batch.Mentions, untold(was))
		}
		if another {
			id := fmt.Sprintf("%s:sink/%s/%d", listeners.OperationNetwork, s.Sink, now.UnixMilli())
			told[s.Sink] = sinkTrouble{Post: id, Title: title, TooOld: s.TooOld}
			batch.Mentions = append(batch.Mentions, earshot.Mention{
				ID: id, Network: listeners.OperationNetwork, Channel: listeners.ChannelSilence, Posted: now,
				Author: earshot.Author{Handle: s.Sink}, Title: "sink " + s.Sink + " " + title, Text: text, Lang: "en",
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		if !known[name] {
			batch.Mentions = append(batch.Mentions, untold(told[name]))
			delete(told, name)
		}
	}
	if len(batch.Mentions) == 0 {
		return nil
	}
	if batch.Next, err = json.Marshal(told); err != nil {
		return fmt.Errorf("writing which sinks were told of: %w", err)
	}
	return emit(ctx, batch)
}

func untold(was sinkTrouble) earshot.Mention {
	return earshot.Mention{ID: was.Post, Network: listeners.OperationNetwork, Change: earshot.Deleted}
}

// trouble says what ops should know of a sink, or nothing.
func trouble(s *alerts.SinkStatus, tooOld int, now time.Time) (title, text string) {
	switch {
	case !s.Failing.IsZero() && now.Sub(s.Failing) >= sinkPatience:
		return "does not get through", fmt.Sprintf("Nothing has got through since %s; %s wait for it. %s", s.Failing.Format(time.RFC3339), plural(s.Waiting, "alert"), s.Err)
	case s.Aside > 0:
		return "has set alerts aside", fmt.Sprintf("%s its peer does not take: earshot sinks --aside says why, and earshot sinks retry %s sends them again or drops them.", plural(s.Aside, "alert"), s.Sink)
	case s.TooOld > tooOld:
		return "did not send alerts for their age", fmt.Sprintf("%s were older than the max_age of the sink; they are on the bus.", plural(s.TooOld, "alert"))
	}
	return "", ""
}

// sinkPart is the part of the operation that looks at sinks.
func (d *daemon) sinkPart() listeners.Part {
	every := d.look
	if every <= 0 {
		every = 30 * time.Second
	}
	return listeners.Part{Name: "sinks", Source: &sinkWatch{every: every, acting: d.acting, status: func(ctx context.Context) ([]alerts.SinkStatus, error) {
		return askSinkStatus(ctx, d.bus)
	}}}
}
