package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"earshot"
)

// Old news is gathered until it stops coming, or until it has come for a while.
const (
	backlogQuiet = 2 * time.Second
	backlogLimit = 30 * time.Second
)

const maxListeners = 3 // named in a summary

// brand is how far the alerts of one brand have come and what they remember.
type brand struct {
	progress earshot.Progress
	backlog  *backlog
	lastOld  time.Time // when the backlog grew last
	windows  uint64    // as it was read, until stories and habits are there
}

// backlog is old news that nobody was told of yet. It commits with the progress
// over its mentions.
type backlog struct {
	First string    `json:"first"` // key of the first mention
	Since time.Time `json:"since"`
	Teams []heap    `json:"teams"`
}

// heap is the part of a backlog that one team will hear of.
type heap struct {
	Team      string        `json:"team"`
	Kind      earshot.Kind  `json:"kind"`
	Topic     string        `json:"topic,omitempty"`
	Count     int           `json:"count"`
	Reach     int64         `json:"reach,omitempty"`
	Oldest    time.Duration `json:"oldest"`
	Listeners []string      `json:"listeners,omitempty"`
	Shown     *shown        `json:"shown,omitempty"`
}

// shown is the most urgent mention of a heap. It repeats nothing of it: what its
// author takes back is in no progress.
type shown struct {
	Mention  string        `json:"mention"` // Mention.Key
	Urgency  earshot.Score `json:"urgency"`
	Reach    int64         `json:"reach,omitempty"`
	Sequence uint64        `json:"sequence"`
}

// memory is what a progress remembers, with the version of its form.
type memory struct {
	Version int      `json:"version"`
	Backlog *backlog `json:"backlog,omitempty"`
	Windows uint64   `json:"windows,omitempty"` // the first mention that stories and habits of all brands are made of
}

const memoryVersion = 1

var errMemory = errors.New("the state is not of this version of earshot (install the newer version again)")

// brand returns the progress of a brand, from the log if need be.
func (e *Engine) brand(ctx context.Context, name string) (*brand, error) {
	if in, ok := e.brands[name]; ok {
		return in, nil
	}
	progress, err := e.log.Progress(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("reading the progress of brand %s: %w", name, err)
	}
	progress.Brand = name
	var m memory
	if err := recall(progress, &m.Version, &m); err != nil {
		return nil, err
	}
	in := &brand{progress: progress, backlog: m.Backlog, lastOld: e.now(), windows: m.Windows}
	e.brands[name] = in
	return in, nil
}

// recall reads what a progress remembers, if anything. What another version
// wrote in a form of its own is left alone.
func recall(p earshot.Progress, version *int, memory any) error {
	if len(p.State) == 0 {
		return nil
	}
	if err := json.Unmarshal(p.State, memory); err != nil || *version != memoryVersion {
		return fmt.Errorf("reading the state of %s: %w", p.Brand, errors.Join(errMemory, err))
	}
	return nil
}

func (in *brand) caseID() string { return CaseID(in.progress.Brand, "backlog\x00"+in.backlog.First) }

func (in *brand) save(e *Engine) (earshot.Progress, error) {
	windows := in.windows
	if from := e.windows(); e.remembered && from > 0 { // none: nothing has been read again yet, and must be in the next life
		windows = from
	}
	state, err := json.Marshal(memory{memoryVersion, in.backlog, windows})
	if err != nil {
		return in.progress, fmt.Errorf("writing the state of brand %s: %w", in.progress.Brand, err)
	}
	in.progress.State, in.progress.Records = state, e.records[in.progress.Brand]
	return in.progress, nil
}

func (in *brand) saved(e *Engine, revision uint64) {
	in.progress.Revision, in.progress.Records = revision, nil
	delete(e.records, in.progress.Brand)
}

// remember adds an old mention to the backlog of each team it would have reached.
func (in *brand) remember(s *earshot.Stored, routes []earshot.Route, now time.Time) {
	if len(routes) == 0 {
		return
	}
	if in.backlog == nil {
		in.backlog = &backlog{First: s.Mention.Key(), Since: now}
	}
	in.lastOld = now
	for _, route := range routes {
		h := in.backlog.heap(route.Team)
		h.Count++
		h.Reach += s.Mention.Author.Followers
		h.Oldest = max(h.Oldest, s.Mention.Age())
		if kindRank[route.Kind] > kindRank[h.Kind] {
			h.Kind, h.Topic = route.Kind, route.Topic
		}
		if !slices.Contains(h.Listeners, s.Mention.Listener) && len(h.Listeners) <= maxListeners {
			h.Listeners = append(h.Listeners, s.Mention.Listener)
		}
		if h.Shown == nil || s.Verdict.Urgency > h.Shown.Urgency {
			h.show(s)
		}
	}
}

func (h *heap) show(s *earshot.Stored) {
	h.Shown = &shown{Mention: s.Mention.Key(), Urgency: s.Verdict.Urgency, Reach: s.Mention.Author.Followers, Sequence: s.Sequence}
}

func (b *backlog) heap(team string) *heap {
	i := slices.IndexFunc(b.Teams, func(h heap) bool { return h.Team == team })
	if i < 0 {
		i = len(b.Teams)
		b.Teams = append(b.Teams, heap{Team: team})
	}
	return &b.Teams[i]
}

// revise does to the backlog what an edit or a deletion of the mention it shows
// asks for. A mention that now endangers people leaves it for a case of its own.
func (in *brand) revise(s *earshot.Stored, routes []earshot.Route) {
	if in.backlog == nil {
		return
	}
	key := s.Mention.Key()
	for i := range in.backlog.Teams {
		h := &in.backlog.Teams[i]
		if h.Shown == nil || h.Shown.Mention != key {
			continue
		}
		if slices.ContainsFunc(routes, func(r earshot.Route) bool { return r.Team == h.Team }) && !s.Verdict.Danger {
			h.show(s)
			continue
		}
		h.Count--
		h.Reach -= h.Shown.Reach
		h.Shown = nil
	}
	in.drop()
}

// drop takes the teams out of the backlog for which nothing is left in it.
func (in *brand) drop() {
	in.backlog.Teams = slices.DeleteFunc(in.backlog.Teams, func(h heap) bool { return h.Count < 1 })
	if len(in.backlog.Teams) == 0 {
		in.backlog = nil
	}
}

// told empties the part of a team.
func (b *backlog) told(team string) { b.heap(team).Count = 0 }

// summarise tells of the old news that has stopped coming, or has come for long.
func (e *Engine) summarise(ctx context.Context) error {
	now := e.now()
	for _, name := range slices.Sorted(maps.Keys(e.brands)) {
		in := e.brands[name]
		if in.backlog == nil || (now.Sub(in.lastOld) < backlogQuiet && now.Sub(in.backlog.Since) < backlogLimit) {
			continue
		}
		if err := e.flush(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// flush tells each team of its part of a backlog, and forgets it.
func (e *Engine) flush(ctx context.Context, in *brand) error {
	b := e.begin(e.settings.Load())
	for i := range in.backlog.Teams {
		h := &in.backlog.Teams[i]
		words, err := e.shown(ctx, in, h)
		if err != nil {
			return err
		}
		event := h.event(in, words, b.settings, b.now)
		b.events = append(b.events, reference(event))
		b.tell(*event.Alert)
		if err := b.place(ctx, &event); err != nil {
			return err
		}
	}
	sequences, err := e.log.Append(ctx, b.events)
	if err != nil {
		return fmt.Errorf("storing the case of old news: %w", err)
	}
	if err := e.stored(ctx, sequences); err != nil {
		return err
	}
	in.backlog = nil
	b.touch(in)
	return b.publish(ctx)
}

// shown reads the mention that a heap shows, as it is stored now: nil if nothing
// is left of it.
func (e *Engine) shown(ctx context.Context, in *brand, h *heap) (*earshot.Stored, error) {
	if h.Shown == nil {
		return nil, nil
	}
	stored, err := e.log.Mention(ctx, in.progress.Brand, h.Shown.Mention)
	switch {
	case errors.Is(err, earshot.ErrNotFound), err == nil && stored.Verdict == nil:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading mention %s: %w", h.Shown.Mention, err)
	}
	return &stored, nil
}

// event opens the case of old news at one team, with a mention to look at if there
// is one. However urgent the mentions were once, it is of low urgency now.
func (h *heap) event(in *brand, look *earshot.Stored, set *settings, now time.Time) earshot.CaseEvent {
	c := earshot.Case{
		ID: in.caseID(), Team: h.Team, Brand: in.progress.Brand, State: earshot.Open, Kind: h.Kind, Topic: h.Topic,
		Band: earshot.Low, Opened: in.backlog.Since, Count: h.Count, Reach: h.Reach,
	}
	if look != nil {
		c.Opening = look.Mention.ID
		c.Members = []earshot.Member{{Mention: h.Shown.Mention, Reach: h.Shown.Reach, Kind: h.Kind, Topic: h.Topic}}
	}
	set.teams[h.Team].Clocks().Wind(&c)
	alert := tell(&c, earshot.BecauseNew, now)
	alert.Summary = h.summary(&c)
	event := earshot.CaseEvent{Event: Opened, By: earshot.Daemon, At: now, Mention: c.Opening, Case: c, Alert: alert}
	if look != nil {
		alert.Mention, alert.Verdict = bounded(&look.Mention, look.Verdict)
		event.Cause = h.Shown.Sequence
		event.Seat = &earshot.Seat{Team: h.Team, Case: c.ID, Member: &c.Members[0], Said: digest(look), Old: true}
	}
	return event
}
