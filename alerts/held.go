package alerts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/noise"
)

// noiseRecord begins the names of the records of what is held back, by team.
const noiseRecord = "noise-"

// Mute has these mutes hold from now on, and no others.
func (e *Engine) Mute(mutes []noise.Mute) { e.mutes.Store(&mutes) }

// hold keeps an alert back that the team is not to hear now. The case goes on and
// counts it among what is untold, and the event says so: of what the gate counts
// nothing is lost between the cases and their alerts.
func (b *batch) hold(c *open, event *earshot.CaseEvent) {
	a := event.Alert
	if a == nil {
		return
	}
	if event.Held = b.gate.Pass(a, b.endangers(event.Event, a), b.now); event.Held == "" {
		return
	}
	event.Alert = nil
	event.Case.Told, event.Case.Alert, event.Case.ToldAt = c.Told, c.Alert, c.ToldAt
	event.Case.Untold = c.Untold + 1
	b.engine.metrics.held.WithLabelValues(a.Team, string(a.Kind)).Inc()
}

// endangers reports whether an alert is about danger to people, or calls somebody
// to what nobody has claimed.
func (b *batch) endangers(event string, a *earshot.Alert) bool {
	return event == Paged || a.Verdict != nil && a.Verdict.Danger || b.settings.danger[topicKey{a.Brand, a.Topic}]
}

// recount has the gate know of an alert that an earlier attempt has held back and
// did not live to count.
func (b *batch) recount(event *earshot.CaseEvent) {
	if event.By != earshot.Daemon || event.Held == "" {
		return
	}
	c := event.Case
	alert := tell(&c, earshot.BecauseChanged, event.At)
	if c.Alarm != "" {
		alert.Evidence = &earshot.Evidence{Topic: c.Topic, To: c.Alarm}
	}
	b.gate.Recall(alert, event.Held, false, event.At)
}

// saveGate has what is held back written with the batch, when that has changed.
func (b *batch) saveGate() error {
	e := b.engine
	for _, team := range b.gate.Teams() {
		data, err := b.gate.Save(team)
		if err != nil {
			return err
		}
		if string(data) == string(e.gateSaved[team]) {
			continue
		}
		e.gateSaved[team] = data
		e.ledger.changed = true
		e.remind(ledgerName, earshot.Record{Name: noiseRecord + team, Data: data})
	}
	return nil
}

// recallGate reads what was held back up to what the ledger has been told of: it
// was written together with it.
func (e *Engine) recallGate(ctx context.Context, set *settings) error {
	records, err := e.log.Records(ctx, ledgerName)
	if err != nil {
		return fmt.Errorf("reading what was held back: %w", err)
	}
	e.gate, e.gateSaved = noise.New(set.noise), map[string][]byte{}
	delete(e.records, ledgerName) // of an attempt that failed
	for _, r := range records {
		team, found := strings.CutPrefix(r.Name, noiseRecord)
		if !found {
			continue
		}
		if err := e.gate.Load(team, r.Data); err != nil {
			e.logger.Warn("beginning anew", zap.Error(err))
		}
		e.gateSaved[team] = r.Data
	}
	e.muted = nil
	e.muteGate()
	return nil
}

// muteGate has the gate know of the mutes as people have set them since.
func (e *Engine) muteGate() {
	if mutes := e.mutes.Load(); mutes != nil && mutes != e.muted {
		e.muted = mutes
		e.gate.Mute(slices.Clone(*mutes), e.now())
	}
}

// digest tells teams what was held back, when it is time.
func (e *Engine) digest(ctx context.Context, set *settings) error {
	now := e.now()
	e.muteGate()
	if due := e.gate.Due(); due.IsZero() || due.After(now) {
		return nil
	}
	b := e.begin(set)
	for _, a := range b.gate.Digests(now) {
		b.tell(*a)
	}
	return b.publish(ctx)
}
