package casework

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"earshot"
)

// Query asks for cases of a team. What is left out does not narrow the list,
// except that without states only cases are listed that somebody has to see to.
type Query struct {
	Sender  string          `json:"by,omitempty"` // who asks, if said: the credential decides
	States  []earshot.State `json:"states,omitempty"`
	All     bool            `json:"all,omitempty"`   // resolved, expired and merged ones as well
	Owner   string          `json:"owner,omitempty"` // a person
	Me      bool            `json:"me,omitempty"`    // the person who asks
	Free    bool            `json:"free,omitempty"`  // those that nobody has
	Brand   string          `json:"brand,omitempty"`
	Kinds   []earshot.Kind  `json:"kinds,omitempty"`
	Topic   string          `json:"topic,omitempty"`
	Bands   []earshot.Band  `json:"urgency,omitempty"`
	Story   string          `json:"story,omitempty"`
	Overdue bool            `json:"overdue,omitempty"`
	Since   string          `json:"since,omitempty"` // changed within the last 90m, 8h, 2d …
	Limit   int             `json:"limit,omitempty"` // at most 500; 50 if left out
	After   string          `json:"after,omitempty"` // what the page before gave as next
}

// Page is a part of a list, the most pressing cases first: by the time they are
// due, those without a limit last, then by urgency.
type Page struct {
	Cases []Item `json:"cases"`
	Total int    `json:"total"`          // of all pages
	Next  string `json:"next,omitempty"` // asks for the next page; empty for none
}

// Bounds of a page.
const (
	usualPage = 50
	maxPage   = 500
)

// List returns the cases of a team that a person asks for. The error is a *Refusal.
func (b *Board) List(team, person string, q Query, now time.Time) (Page, error) {
	if err := q.check(person); err != nil {
		return Page{}, err
	}
	since, err := q.since(now)
	if err != nil {
		return Page{}, err
	}
	after, err := readPlace(q.After)
	if err != nil {
		return Page{}, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	page := Page{Cases: []Item{}}
	first := shelf{most: q.Limit}
	for _, item := range b.teams[team] {
		if !q.wants(item, now) || item.Changed.Before(since) {
			continue
		}
		page.Total++
		if q.After == "" || placeOf(item).compare(after) > 0 {
			first.add(item)
		}
	}
	for _, item := range first.items {
		one := *item
		if one.Pin == nil {
			one.Pin = b.pinOf(one.Story, one.ID)
		}
		page.Cases = append(page.Cases, one)
	}
	if first.more {
		page.Next = placeOf(first.items[q.Limit-1]).String()
	}
	return page, nil
}

// shelf keeps the first items there are, in order, without sorting all others.
type shelf struct {
	most  int
	items []*Item
	more  bool // there were others
}

func (s *shelf) add(item *Item) {
	at := placeOf(item)
	if len(s.items) == s.most && at.compare(placeOf(s.items[s.most-1])) > 0 {
		s.more = true
		return
	}
	i, _ := slices.BinarySearchFunc(s.items, at, func(other *Item, at place) int { return placeOf(other).compare(at) })
	s.items = slices.Insert(s.items, i, item)
	if len(s.items) > s.most {
		s.items, s.more = s.items[:s.most], true
	}
}

// check refuses what no case can be, and fills in what was left out.
func (q *Query) check(person string) error {
	states := []earshot.State{earshot.Open, earshot.Claimed, earshot.Answered, earshot.Resolved, earshot.Muted, earshot.Escalated, earshot.Expired}
	for _, s := range q.States {
		if !slices.Contains(states, s) {
			return refuse(BadRequest, "there is no state %q (one of %s)", shown(string(s)), words(states))
		}
	}
	for _, k := range q.Kinds {
		if !slices.Contains(earshot.Kinds(), k) {
			return refuse(BadRequest, "there is no kind %q (one of %s)", shown(string(k)), words(earshot.Kinds()))
		}
	}
	for _, band := range q.Bands {
		if !slices.Contains(earshot.BandNames(), band) {
			return refuse(BadRequest, "there is no urgency %q (one of %s)", shown(string(band)), words(earshot.BandNames()))
		}
	}
	switch {
	case q.Limit < 0 || q.Limit > maxPage:
		return refuse(BadRequest, "a page of %d cases: from 1 to %d", q.Limit, maxPage)
	case q.Limit == 0:
		q.Limit = usualPage
	}
	if q.Me {
		q.Owner = person
	}
	return nil
}

func (q *Query) since(now time.Time) (time.Time, error) {
	if q.Since == "" {
		return time.Time{}, nil
	}
	d, err := Length(q.Since)
	if err != nil || d < 0 {
		return time.Time{}, refuse(BadRequest, "%q is no length of time (such as 90m, 8h, 2d, 1w)", shown(q.Since))
	}
	return now.Add(-d), nil
}

func (q *Query) wants(i *Item, now time.Time) bool {
	switch {
	case q.Owner != "" && i.Owner != q.Owner,
		q.Free && i.Owner != "",
		q.Brand != "" && i.Brand != q.Brand,
		q.Topic != "" && i.Topic != q.Topic,
		q.Story != "" && i.Story != q.Story,
		len(q.Kinds) > 0 && !slices.Contains(q.Kinds, i.Kind),
		len(q.Bands) > 0 && !slices.Contains(q.Bands, i.Band),
		q.Overdue && (i.Due.IsZero() || i.Due.After(now)):
		return false
	case len(q.States) > 0:
		return slices.Contains(q.States, i.State)
	}
	return q.All || slices.Contains(alive, i.State)
}

// place is where a case stands in a list.
type place struct {
	due     int64 // Unix milliseconds, the largest for none
	urgency int64
	id      string
}

const never = int64(1) << 60

func placeOf(i *Item) place {
	p := place{due: never, urgency: int64(i.Urgency), id: i.ID}
	if !i.Due.IsZero() {
		p.due = i.Due.UnixMilli()
	}
	return p
}

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.due, o.due), cmp.Compare(o.urgency, p.urgency), cmp.Compare(p.id, o.id))
}

// String is the place as it goes over the wire.
func (p place) String() string { return fmt.Sprintf("%d.%d.%s", p.due, p.urgency, p.id) }

func readPlace(text string) (place, error) {
	if text == "" {
		return place{}, nil
	}
	parts := strings.SplitN(text, ".", 3)
	if len(parts) == 3 {
		due, err1 := strconv.ParseInt(parts[0], 10, 64)
		urgency, err2 := strconv.ParseInt(parts[1], 10, 64)
		if err1 == nil && err2 == nil {
			return place{due, urgency, parts[2]}, nil
		}
	}
	return place{}, refuse(BadRequest, "after is not what a page gave as next")
}
