package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"earshot"
)

// Bounds of one Publish.
const (
	maxAlerts = 900
	maxBrands = 90
)

// Progress returns how far the alerts of a brand have come, zero for never.
func (b *Bus) Progress(ctx context.Context, brand string) (earshot.Progress, error) {
	if err := tokens(brand); err != nil {
		return earshot.Progress{}, fmt.Errorf("reading progress: %w", err)
	}
	r, err := b.last(ctx, streamAlerts, progressSubject(brand))
	if errors.Is(err, earshot.ErrNotFound) {
		return earshot.Progress{Brand: brand}, nil
	}
	if err != nil {
		return earshot.Progress{}, fmt.Errorf("reading progress of %s: %w", brand, err)
	}
	p := earshot.Progress{Brand: brand}
	if err := json.Unmarshal(r.data, &p); err != nil {
		return earshot.Progress{}, fmt.Errorf("reading progress of %s: %w", brand, err)
	}
	p.Revision = r.sequence
	return p, nil
}

// Publish stores alerts and progress, all or none, and returns the new revisions
// of the progress. Each progress is fenced by its Revision; alerts without any
// are refused, since nothing would keep them from existing twice.
func (b *Bus) Publish(ctx context.Context, alerts []earshot.Alert, progress []earshot.Progress) ([]uint64, error) {
	if len(alerts) > maxAlerts || len(progress) > maxBrands {
		return nil, fmt.Errorf("publishing %d alerts with the progress of %d brands: more than %d and %d at once",
			len(alerts), len(progress), maxAlerts, maxBrands)
	}
	if len(progress) == 0 {
		if len(alerts) == 0 {
			return nil, nil
		}
		return nil, errors.New("publishing alerts: no progress goes with them")
	}
	start := time.Now()
	id := rand.Text()
	fences := make([]fence, len(progress))
	for i, p := range progress {
		fences[i] = fence{progressSubject(p.Brand), p.Revision}
	}
	first, err := b.fenced(ctx, streamAlerts, id, func() ([]*nats.Msg, error) {
		return alertMessages(id, alerts, progress)
	}, &fences)
	b.metrics.published(time.Since(start), len(alerts), err)
	b.noteFull(ofAlerts, err)
	if err != nil {
		return nil, fmt.Errorf("publishing alerts: %w", err)
	}
	revisions := make([]uint64, len(progress))
	for i := range revisions {
		revisions[i] = first + uint64(len(alerts)+i)
	}
	return revisions, nil
}

func alertMessages(id string, alerts []earshot.Alert, progress []earshot.Progress) ([]*nats.Msg, error) {
	msgs := make([]*nats.Msg, 0, len(alerts)+len(progress))
	for i := range alerts {
		a := &alerts[i]
		if err := tokens(a.Team, a.Brand, string(a.Kind), string(a.Urgency)); err != nil {
			return nil, fmt.Errorf("alert %s: %w", a.ID, err)
		}
		m, err := message(alertSubject(a), event{
			id: a.ID, kind: "alert." + string(a.Why), source: "alerts", schema: "alert", at: a.At,
		}, a)
		if err != nil {
			return nil, err
		}
		msgs = append(msgs, m)
	}
	now := time.Now()
	for i := range progress {
		p := &progress[i]
		if err := tokens(p.Brand); err != nil {
			return nil, err
		}
		m, err := message(progressSubject(p.Brand), event{
			id: id + "." + p.Brand, kind: "progress", source: "alerts", schema: "progress", at: now,
		}, p)
		if err != nil {
			return nil, err
		}
		msgs = append(msgs, forever(replace(expect(m, p.Revision))))
	}
	return msgs, nil
}
