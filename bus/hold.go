package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// subjectHold is where a backup asks the daemon to stop writing for a while.
const subjectHold = "earshot.ctl.hold"

// holdFor is how long writers wait for a backup that says nothing any more.
const holdFor = 10 * time.Second

// holdRequest takes (no ID), keeps, or ends a hold. It is the answer too.
type holdRequest struct {
	ID    string `json:"id,omitempty"`
	End   bool   `json:"end,omitempty"`
	Error string `json:"error,omitempty"`
}

// hold keeps all writers of this daemon waiting while a backup copies the
// streams: a rollup in the middle of a copy would leave neither the old message
// nor the new one in it.
type hold struct {
	bus     *Bus
	id      string
	expires *time.Timer
}

func (b *Bus) serveHold(ctx context.Context) error {
	requests := make(chan *nats.Msg, 16)
	sub, err := b.link.nc.ChanSubscribe(subjectHold, requests)
	if err != nil {
		return fmt.Errorf("listening for backups: %w", err)
	}
	b.done.Go(func() {
		defer func() { _ = sub.Unsubscribe() }()
		h := &hold{bus: b, expires: time.NewTimer(0)}
		defer h.end()
		for {
			select {
			case m := <-requests:
				h.answer(ctx, m)
			case <-h.expires.C:
				h.end()
			case <-ctx.Done():
				return
			}
		}
	})
	return nil
}

func (h *hold) answer(ctx context.Context, m *nats.Msg) {
	var r holdRequest
	if err := json.Unmarshal(m.Data, &r); err != nil {
		r.Error = "not a request for a hold"
	} else if err := h.serve(ctx, &r); err != nil {
		r.Error = err.Error()
	}
	data, err := json.Marshal(r)
	if err == nil {
		err = m.Respond(data)
	}
	if err != nil {
		h.bus.log.Sugar().Debugw("answering a backup", "err", err)
	}
}

func (h *hold) serve(ctx context.Context, r *holdRequest) error {
	switch {
	case r.ID == "" && h.id != "":
		return errors.New("another backup is under way")
	case r.ID == "":
		if err := h.take(ctx); err != nil {
			return err
		}
		h.id = rand.Text()
		r.ID = h.id
	case r.ID != h.id:
		return errors.New("the hold is over: the daemon has written since")
	case r.End:
		h.end()
		return nil
	}
	h.expires.Reset(holdFor)
	return nil
}

// take waits for the batches under way and keeps new ones out.
func (h *hold) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	for n := range cap(h.bus.batches) {
		select {
		case h.bus.batches <- struct{}{}:
		case <-ctx.Done():
			for range n {
				<-h.bus.batches
			}
			return errors.New("the daemon is too busy to be held")
		}
	}
	h.bus.held.Store(true)
	return nil
}

func (h *hold) end() {
	if h.id == "" {
		return
	}
	h.id = ""
	h.expires.Stop()
	h.bus.held.Store(false)
	for range cap(h.bus.batches) {
		<-h.bus.batches
	}
}
