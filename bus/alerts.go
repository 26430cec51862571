package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
	return b.link.progress(ctx, brand)
}

func (l *link) progress(ctx context.Context, brand string) (earshot.Progress, error) {
	if err := tokens(brand); err != nil {
		return earshot.Progress{}, fmt.Errorf("reading progress: %w", err)
	}
	r, err := l.last(ctx, streamAlerts, progressSubject(brand))
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

// Publish stores alerts, memberships and progress, all or none, and returns the
// new revisions of the progress. Each progress is fenced by its Revision; alerts
// and memberships without any are refused, since nothing would keep them from
// existing twice. Publish adds to each membership where the alerts lie that quote
// its mention.
func (b *Bus) Publish(ctx context.Context, alerts []earshot.Alert, memberships []earshot.Membership, progress []earshot.Progress) ([]uint64, error) {
	rest := len(alerts) + len(memberships) + countRecords(progress)
	if rest > maxAlerts || len(progress) > maxBrands {
		return nil, fmt.Errorf("publishing %d alerts, memberships and records with the progress of %d brands: more than %d and %d at once",
			rest, len(progress), maxAlerts, maxBrands)
	}
	if len(progress) == 0 {
		if rest == 0 {
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
	quotes := quotesOf(alerts)
	first, err := b.fenced(ctx, streamAlerts, id, func() ([]*nats.Msg, error) {
		msgs, err := alertMessages(alerts, rest+len(progress))
		if err != nil {
			return nil, err
		}
		if msgs, err = addMemberships(msgs, id, memberships, quotes); err != nil {
			return nil, err
		}
		if msgs, err = addRecords(msgs, id, progress); err != nil {
			return nil, err
		}
		return addProgress(msgs, id, progress)
	}, &fences)
	b.metrics.published(time.Since(start), len(alerts), err)
	if err != nil {
		return nil, fmt.Errorf("publishing alerts: %w", err)
	}
	for i := range memberships {
		m := &memberships[i]
		for _, place := range quotes[quoted{m.Brand, m.Mention}] {
			m.Quoted = append(m.Quoted, first+place)
		}
	}
	revisions := make([]uint64, len(progress))
	for i := range revisions {
		revisions[i] = first + uint64(rest+i)
	}
	return revisions, nil
}

func alertMessages(alerts []earshot.Alert, room int) ([]*nats.Msg, error) {
	msgs := make([]*nats.Msg, 0, room)
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
	return msgs, nil
}

func addMemberships(msgs []*nats.Msg, id string, memberships []earshot.Membership, quotes map[quoted][]uint64) ([]*nats.Msg, error) {
	for i, of := range memberships {
		if err := tokens(of.Brand, of.Mention); err != nil {
			return nil, err
		}
		m, err := message(membershipSubject(of.Brand, of.Mention), event{
			id: fmt.Sprintf("%s.m%d", id, i), kind: "membership", source: "alerts", schema: "membership",
		}, of)
		if err != nil {
			return nil, err
		}
		if places := quotes[quoted{of.Brand, of.Mention}]; len(places) > 0 {
			m.Header[headerQuoted] = []string{strings.Trim(fmt.Sprint(places), "[]")}
		}
		msgs = append(msgs, replace(m))
	}
	return msgs, nil
}

func addProgress(msgs []*nats.Msg, id string, progress []earshot.Progress) ([]*nats.Msg, error) {
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
