package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/crisis"
	"earshot/alerts/story"
)

// How an author must feel for a mention to count as negative or positive in the
// search for crises.
const mood = 3 * earshot.Unit / 10

// Accounts are new in their first month.
const newAccount = 30 * 24 * time.Hour

const (
	lookEvery = time.Minute     // at the clock, for crises
	saveEvery = 5 * time.Minute // what is known of a brand's habits
)

// watchKey is a brand and one of its topics; an empty one for all that is said of it.
type watchKey struct{ brand, topic string }

// watch is a watch with what must be known to go on after a restart.
type watch struct {
	*crisis.Watch

	saved    time.Time           // when it was last written
	from     uint64              // sequence after which mentions are missing from what is written
	heard    uint64              // the last mention it heard
	unspoken []crisis.Transition // that may not have been told of
}

// watchOf returns the watch of a key.
func (e *Engine) watchOf(set *settings, key watchKey) *watch {
	w, ok := e.watches[key]
	if !ok {
		w = &watch{Watch: crisis.NewWatch(set.crises, key.brand, key.topic), saved: e.now()}
		e.watches[key] = w
	}
	return w
}

// seen is what watches look at in a mention.
func seen(s *earshot.Stored, p story.Place) crisis.Seen {
	m := &s.Mention
	at := m.Heard
	if !m.Posted.IsZero() && m.Posted.Before(at) {
		at = m.Posted
	}
	return crisis.Seen{
		Key: m.Key(), Author: m.AuthorKey(), ID: m.ID, URL: m.URL, Network: m.Network, At: at,
		Negative: s.Verdict.Sentiment < -mood, Positive: s.Verdict.Sentiment > mood, Reach: m.Author.Followers,
		NewAccount: !m.Author.Created.IsZero() && !m.Posted.IsZero() && m.Posted.Sub(m.Author.Created) < newAccount,
		Repost:     p.How == story.Repost, Copy: p.How == story.Copy || p.Similarity > 0 && p.How != story.First,
		Text: m.Title + " " + m.Text, Rule: strongest(s.Verdict), Listener: m.Listener,
	}
}

// strongest is the rule that adds most to the urgency.
func strongest(v *earshot.Verdict) string {
	rule, most := "", earshot.Score(0)
	for i := range v.Reasons {
		if r := &v.Reasons[i]; r.Of == earshot.OfUrgency && r.Weight > most {
			rule, most = r.Rule, r.Weight
		}
	}
	return rule
}

// counts reports whether watches look at a mention.
func counts(s *earshot.Stored) bool {
	return s.Verdict != nil && !s.Verdict.OwnedAuthor && s.Mention.Visibility != earshot.Private && s.Brand != earshot.All
}

// hear has the watches of a brand see a mention, and returns what changed by then.
func (e *Engine) hear(set *settings, s *earshot.Stored, p story.Place) []change {
	if isAgain(s) {
		e.unhear(s)
	}
	if len(set.pagers) == 0 || !counts(s) {
		return nil
	}
	look := seen(s, p)
	changes := e.hearAs(set, watchKey{s.Brand, ""}, s, look)
	for _, topic := range s.Verdict.Topics {
		changes = append(changes, e.hearAs(set, watchKey{s.Brand, topic}, s, look)...)
	}
	return changes
}

// unhear has the watches of a brand forget what a mention was before.
func (e *Engine) unhear(s *earshot.Stored) {
	key := s.Mention.Key()
	for k, w := range e.watches {
		if k.brand == s.Brand && w.Remove(key, s.Mention.ID) {
			w.heard = max(w.heard, s.Sequence)
		}
	}
}

// change is a transition of one watch.
type change struct {
	key watchKey
	crisis.Transition
}

func (e *Engine) hearAs(set *settings, key watchKey, s *earshot.Stored, look crisis.Seen) []change {
	w := e.watchOf(set, key)
	changes := changesOf(key, w.advance(s.Mention.Heard))
	w.Hear(look)
	if s.Sequence > w.heard {
		w.heard = s.Sequence
	}
	return changes
}

func changesOf(key watchKey, transitions []crisis.Transition) []change {
	var all []change
	for _, t := range transitions {
		all = append(all, change{key, t})
	}
	return all
}

// look has every watch see that time has passed. It returns what changed.
func (e *Engine) look(now time.Time) []change {
	var all []change
	for _, key := range e.watchKeys() {
		all = append(all, changesOf(key, e.watches[key].advance(now))...)
	}
	return all
}

// lookBy has every watch see the time at which something was heard: while there is
// always something, nothing else would.
func (e *Engine) lookBy(heard time.Time) []change {
	if now := e.now(); heard.After(now) {
		heard = now
	}
	if heard.Sub(e.watched) < lookEvery {
		return nil
	}
	e.watched = heard
	return e.look(heard)
}

// advance is Advance. Its transitions are kept until what they bring about is stored:
// when there are new ones, those that may not have been told of come before them.
func (w *watch) advance(to time.Time) []crisis.Transition {
	transitions := w.Advance(to)
	if len(transitions) == 0 {
		return nil
	}
	w.unspoken = append(w.unspoken, transitions...)
	return w.unspoken
}

func (e *Engine) watchKeys() []watchKey {
	keys := make([]watchKey, 0, len(e.watches))
	for key := range e.watches {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b watchKey) int { return strings.Compare(a.brand+"\x00"+a.topic, b.brand+"\x00"+b.topic) })
	return keys
}

// alarm tells teams that a brand, or a topic of it, stands otherwise than before.
func (b *batch) alarm(ctx context.Context, changes []change) error {
	for i := range changes {
		ch := &changes[i]
		b.alarmed = append(b.alarmed, b.engine.watches[ch.key])
		if !ch.Tells() {
			continue
		}
		in, err := b.engine.brand(ctx, ch.key.brand)
		if err != nil {
			return err
		}
		for _, team := range b.settings.pagers {
			c, err := b.open(ctx, team, alarmCase(ch.key))
			if err != nil {
				return err
			}
			told, err := b.loudest(ctx, team, ch.key)
			if err != nil {
				return err
			}
			if event, tells := Alarm(b.settings.team(team), before(c), ch.key.brand, &ch.Transition, told, b.now); tells {
				b.touch(in)
				b.add(c, event)
			}
		}
	}
	return nil
}

func before(c *open) *earshot.Case {
	if !c.exists {
		return nil
	}
	return &c.Case
}

// alarmCase is the ID of the case of a brand's crises, or of those of a topic.
func alarmCase(key watchKey) string { return CaseID(key.brand, "crisis\x00"+key.topic) }

// loudest is the gravest state that a team was told of for another topic of the
// brand, or for all of it: one crisis is not told twice.
func (b *batch) loudest(ctx context.Context, team string, key watchKey) (earshot.Alarm, error) {
	loudest := earshot.Calm
	for other := range b.engine.watches {
		if other.brand != key.brand || other == key {
			continue
		}
		c, err := b.open(ctx, team, alarmCase(other))
		if err != nil {
			return loudest, err
		}
		if c.exists && gravity[c.Alarm] > gravity[loudest] {
			loudest = c.Alarm
		}
	}
	return loudest, nil
}

var gravity = map[earshot.Alarm]int{
	earshot.Calm: 1, earshot.Watch: 1, earshot.Recovering: 2, earshot.Elevated: 3, earshot.InCrisis: 4,
}

var alarmUrgency = map[earshot.Alarm]earshot.Band{
	earshot.Elevated: earshot.High, earshot.InCrisis: earshot.Critical, earshot.Recovering: earshot.Normal,
	earshot.Calm: earshot.Low, earshot.Watch: earshot.Low,
}

// Alarmed is the event of a case of crisis.
const Alarmed = "alarmed"

// Alarm decides what a transition does to a team's case of it. It is pure. It
// returns false when the team is not to hear: it was told already, or hears of the
// same crisis by another topic that is as loud. What it was told of before, or what
// came before that, is not told again.
func Alarm(t Team, before *earshot.Case, brand string, tr *crisis.Transition, other earshot.Alarm, now time.Time) (earshot.CaseEvent, bool) {
	was := earshot.Calm
	if before != nil && before.Alarm != "" {
		was = before.Alarm
	}
	running := gravity[was] > gravity[earshot.Calm]
	switch {
	case !running && (gravity[tr.To] <= gravity[earshot.Recovering] || gravity[other] >= gravity[tr.To]),
		!tr.Update && was == tr.To,
		before != nil && !before.AlarmAt.Before(tr.At),
		before != nil && tr.Update && !before.ToldAt.Before(tr.At):
		return earshot.CaseEvent{}, false
	}
	c := earshot.Case{ID: alarmCase(watchKey{brand, tr.Evidence.Topic}), Team: t.Name, Brand: brand}
	if before != nil {
		c = *before
	}
	why := earshot.BecauseChanged
	switch {
	case !running:
		why = earshot.BecauseNew
		c.State, c.Owner, c.Opened, c.Spoke, c.Resolved = earshot.Open, "", tr.At, tr.At, time.Time{}
		c.RespondBy, c.NextBy, c.ResolveBy, c.Answered = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		c.Paged, c.PageAt, c.Clocks = nil, time.Time{}, nil
	case gravity[tr.To] > gravity[was]:
		why = earshot.BecauseEscalated
	}
	replaced, band := c.Alert, c.Band
	c.Kind, c.Topic, c.Alarm, c.Band = earshot.KindCrisis, tr.Evidence.Topic, tr.To, alarmUrgency[tr.To]
	c.AlarmAt = tr.At
	c.Count, c.Reach = tr.Evidence.Seen, tr.Evidence.Reach
	if tr.To == earshot.Calm {
		c.State, c.Resolved, c.PageAt = earshot.Resolved, now, time.Time{}
	} else {
		t.begin(&c, now)
	}
	alert := tell(&c, why, now)
	if replaced != "" && band != c.Band {
		alert.Replaces = replaced
	}
	alert.Evidence = &tr.Evidence
	alert.Summary = Summary(alert)
	return earshot.CaseEvent{Event: Alarmed, By: earshot.Daemon, At: now, Case: c, Alert: alert}, true
}

// remember has what watches have learnt written now and then.
func (e *Engine) saveWatches(now time.Time) {
	for key, w := range e.watches {
		// What may not have been told of must be seen again after a death.
		if now.Sub(w.saved) < saveEvery || w.heard <= w.from || len(w.unspoken) > 0 {
			continue
		}
		data, err := w.Save()
		if err == nil {
			data, err = json.Marshal(savedWatch{Topic: key.topic, Through: w.heard, Watch: data})
		}
		if err != nil {
			e.logger.Error("what is known of a brand's habits cannot be written", zap.String("brand", key.brand), zap.Error(err))
			continue
		}
		w.saved, w.from = now, w.heard
		e.remind(key.brand, earshot.Record{Name: crisisRecord + earshot.Key(key.topic), Data: data})
	}
}

// savedWatch is a watch as a record.
type savedWatch struct {
	Topic   string `json:"topic,omitempty"`
	Through uint64 `json:"through"` // sequence of the last mention that it has heard
	Watch   []byte `json:"watch"`
}

func (e *Engine) recallWatch(set *settings, brand string, record earshot.Record) error {
	var saved savedWatch
	if err := json.Unmarshal(record.Data, &saved); err != nil {
		return fmt.Errorf("reading the habits of brand %s: %w", brand, err)
	}
	w, err := crisis.Load(set.crises, saved.Watch)
	if err != nil {
		return fmt.Errorf("reading the habits of brand %s: %w", brand, err)
	}
	e.watches[watchKey{brand, saved.Topic}] = &watch{Watch: w, saved: e.now(), from: saved.Through, heard: saved.Through}
	return nil
}
