package alerts

import (
	"context"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/crisis"
	"earshot/alerts/noise"
	"earshot/alerts/story"
)

// restore reads what is remembered of stories and habits. What cannot be read is
// learnt anew; the mentions that came since are read again.
func (e *Engine) restore(ctx context.Context) error {
	set := e.settings.Load()
	e.blank()
	for _, brand := range set.brands {
		records, err := e.log.Records(ctx, brand)
		if err != nil {
			return fmt.Errorf("reading what is remembered of brand %s: %w", brand, err)
		}
		for _, r := range records {
			var err error
			switch {
			case strings.HasPrefix(r.Name, storyRecord):
				err = e.recallStory(r)
			case strings.HasPrefix(r.Name, crisisRecord):
				err = e.recallWatch(set, brand, r)
			}
			if err != nil {
				e.logger.Warn("beginning anew", zap.Error(err))
			}
		}
	}
	return nil
}

// blank is an engine that remembers nothing of stories and habits.
func (e *Engine) blank() {
	e.stories, e.watches, e.records = story.New(story.Options{Prints: maxPrints}), map[watchKey]*watch{}, map[string][]earshot.Record{}
	e.recent, e.placed = recent{}, 0
	if e.gate == nil { // it is read again with the ledger
		e.gate, e.gateSaved = noise.New(e.settings.Load().noise), map[string][]byte{}
	}
}

// Resume is the sequence after which mentions are read again at a start: those that
// no alert has accounted for begin after a sequence, and what makes stories and
// habits lies before.
func (e *Engine) Resume(ctx context.Context, after uint64) (uint64, error) {
	var newest earshot.Progress
	for _, brand := range e.settings.Load().brands {
		p, err := e.log.Progress(ctx, brand)
		if err != nil {
			return 0, fmt.Errorf("reading the progress of brand %s: %w", brand, err)
		}
		if p.Revision > newest.Revision {
			newest = p
		}
	}
	var m memory
	if err := recall(newest, &m.Version, &m); err != nil {
		return 0, err
	}
	if m.Windows > 0 {
		after = min(after, m.Windows-1)
	}
	return after, nil
}

// windows is the first mention that stories and habits are made of beyond what is
// written of them, 0 for none.
func (e *Engine) windows() uint64 {
	first := e.recent.oldest()
	for _, w := range e.watches {
		if w.heard > w.from && (first == 0 || w.from+1 < first) {
			first = w.from + 1
		}
	}
	return first
}

// known lets stories and watches see a mention that was dealt with in an earlier
// life. What changed by it was told then; a last change that the daemon did not
// live to tell is told when all is read again.
func (e *Engine) known(set *settings, s *earshot.Stored) {
	p := e.place(s, set.owned[s.Brand])
	for _, ch := range e.hear(set, s, p) {
		e.watches[ch.key].unspoken = []crisis.Transition{ch.Transition}
	}
}

// speakUp returns the changes that may not have been told of: seen again after a
// death, or seen in a batch that could not be stored.
func (e *Engine) speakUp() []change {
	var changes []change
	for _, key := range e.watchKeys() {
		changes = append(changes, changesOf(key, e.watches[key].unspoken)...)
	}
	return changes
}

// reconfigure has watches work by a configuration that was read again.
func (e *Engine) reconfigure(set *settings) {
	if e.made == set {
		return
	}
	e.made = set
	e.gate = e.gate.With(set.noise)
	for key, w := range e.watches {
		data, err := w.Save()
		if err == nil {
			w.Watch, err = crisis.Load(set.crises, data)
		}
		if err != nil {
			e.logger.Error("what is known of a brand's habits is lost", zap.String("brand", key.brand), zap.Error(err))
			w.Watch = crisis.NewWatch(set.crises, key.brand, key.topic)
		}
	}
}
