package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/alerts/story"
)

// What makes a story worth a team's while that wants to hear of stories: it is told
// of one at this size, and again each time that has doubled.
const (
	spreadPosts   = 20
	spreadAuthors = 10
)

// keepStories is how long a story is known after its last mention.
const keepStories = 4 * 24 * time.Hour

// Names of records: of stories, and of watches for crises.
const (
	storyRecord  = "story-"
	crisisRecord = "crisis-"
)

// recent is the sequences of the newest mentions that the index of stories
// remembers, to know from where to read them again.
type recent struct {
	ring []uint64
	at   int
}

func (r *recent) add(sequence uint64) {
	if len(r.ring) < maxPrints {
		r.ring = append(r.ring, sequence)
		return
	}
	r.ring[r.at] = sequence
	r.at = (r.at + 1) % len(r.ring)
}

// oldest is the first of them, 0 for none.
func (r *recent) oldest() uint64 {
	if len(r.ring) == 0 {
		return 0
	}
	return r.ring[r.at%len(r.ring)]
}

// maxPrints is how many mentions of all brands are compared with new ones.
const maxPrints = 100_000

// place finds the story of a mention, or takes it out of its story.
func (e *Engine) place(s *earshot.Stored, domains []string) story.Place {
	if s.Verdict == nil {
		e.stories.Remove(s.Brand, s.Mention.Key())
		return story.Place{}
	}
	p := e.stories.Place(story.Of(s, domains))
	if s.Sequence > e.placed {
		e.placed = s.Sequence
		e.recent.add(s.Sequence)
	}
	return p
}

// spreading adds the teams that hear of a mention because of its story: one that
// spreads, or one of somebody who is listened to.
func (b *batch) spreading(s *earshot.Stored, h *homes, p story.Place, routes []earshot.Route) []earshot.Route {
	if s.Verdict == nil || s.Verdict.OwnedAuthor || len(b.settings.tellers) == 0 {
		return routes
	}
	if s.Verdict.Sentiment < 0 {
		h.watched = b.settings.crises.Watchlist.Match(&s.Mention, s.Verdict)
	}
	if h.watched == "" && !b.engine.spreads(p) {
		return routes
	}
	added := slices.Clone(routes)
	for _, team := range b.settings.tellers {
		if !slices.ContainsFunc(added, func(r earshot.Route) bool { return r.Team == team }) {
			added = append(added, earshot.Route{Team: team, Kind: earshot.KindStory})
		}
	}
	return added
}

// spreads reports whether a story has just reached a size at which it is told of.
func (e *Engine) spreads(p story.Place) bool {
	if p.Count < spreadPosts {
		return false
	}
	size := p.Count / spreadPosts
	if p.Count%spreadPosts != 0 || size&(size-1) != 0 {
		return false
	}
	st := e.stories.Story(p.Story)
	return st != nil && st.Authors >= spreadAuthors
}

// changedStories are the records of stories that have changed, as what is to be
// written for each brand.
func (e *Engine) changedStories() error {
	for _, r := range e.stories.Changed() {
		record := earshot.Record{Name: storyRecord + r.Story.ID, Keep: keepStories}
		if !r.Gone {
			data, err := json.Marshal(r)
			if err != nil {
				return fmt.Errorf("writing story %s: %w", r.Story.ID, err)
			}
			record.Data = data
		}
		e.remind(r.Story.Brand, record)
	}
	return nil
}

// remind has a record written with the progress of its brand. It is kept until it
// is stored, over failures and further changes.
func (e *Engine) remind(brand string, record earshot.Record) {
	records := e.records[brand]
	i := slices.IndexFunc(records, func(r earshot.Record) bool { return r.Name == record.Name })
	if i < 0 {
		e.records[brand] = append(records, record)
	} else {
		records[i] = record
	}
}

// findSources has the stories of alerts say where people can look, as far as it is
// still there. A customer's alert does without: its mention is all that counts.
func (e *Engine) findSources(ctx context.Context, list []earshot.Alert) error {
	for i := range list {
		st := list[i].Story
		switch {
		case st == nil || st.First.URL != "" || len(st.Top) > 0 && st.Top[0].URL != "":
			continue
		case st.Count < 2:
			list[i].Story = nil
			continue
		case list[i].Kind == earshot.KindCustomer:
			st.First, st.Top = earshot.Source{}, nil
			continue
		}
		sources := append([]earshot.Source{st.First}, st.Top...)
		found := sources[:0]
		for n, source := range sources {
			stored, err := e.log.Mention(ctx, st.Brand, source.Mention)
			switch {
			case errors.Is(err, earshot.ErrNotFound), err == nil && stored.Verdict == nil:
				source = earshot.Source{}
			case err != nil:
				return fmt.Errorf("reading mention %s: %w", source.Mention, err)
			default:
				source.Mention, source.URL = stored.Mention.ID, stored.Mention.URL
			}
			if n == 0 {
				st.First = source
			} else if source.Mention != "" {
				found = append(found, source)
			}
		}
		st.Top = slices.Clone(found)
	}
	return nil
}

// recallStory takes over a story of an earlier life. One that cannot be read is
// left out: its mentions make a new one.
func (e *Engine) recallStory(record earshot.Record) error {
	var r story.Record
	if err := json.Unmarshal(record.Data, &r); err != nil {
		return fmt.Errorf("reading story %s: %w", strings.TrimPrefix(record.Name, storyRecord), err)
	}
	return e.stories.Restore(r)
}
