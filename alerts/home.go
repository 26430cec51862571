package alerts

import (
	"cmp"
	"context"
	"slices"
	"time"

	"earshot"
	"earshot/alerts/story"
)

// together is how long further posts of a customer join the case that is open.
const together = 48 * time.Hour

// homes is where a mention belongs: the case of its author for teams that hear of
// customers, that of its story for the others.
type homes struct {
	story    string              // case of the story
	matter   string              // case of its thread or page, for customers nobody knows: two may use the same words
	author   string              // key; empty when the mention is nobody's in particular
	to       map[string][]string // people of teams it is for
	customer string              // case of the author; empty until looked for
	unasked  []earshot.Route     // of teams that no rule sends the mention to
	watched  string              // what of the watch list it is on
	comment  bool                // it shares something with words of its author's own
	quoted   bool                // teams were told what an earlier version of the mention said
}

// personal reports whether the author of a mention is somebody who can be
// answered: a post or a letter, not an article of a feed, and their own.
func personal(m *earshot.Mention) bool {
	article := m.Network == "rss" && m.Title != "" && m.Rating == 0
	return !article && m.RepostOf == ""
}

func (b *batch) homes(s *earshot.Stored, p story.Place) *homes {
	h := &homes{to: map[string][]string{}, story: p.Story, matter: p.Story}
	if h.story == "" || p.How == story.Copy { // taken back, or like another
		h.matter = CaseID(s.Brand, Matter(&s.Mention, b.settings.owned[s.Brand]))
	}
	h.story = cmp.Or(h.story, h.matter)
	if personal(&s.Mention) {
		h.author = s.Mention.AuthorKey()
	}
	return h
}

// home is the case at one team that a mention joins or opens.
func (b *batch) home(ctx context.Context, s *earshot.Stored, h *homes, known earshot.Membership, route earshot.Route) (seat earshot.Seat, err error) {
	seat = earshot.Seat{Team: route.Team}
	if route.Kind == earshot.KindCustomer && h.author != "" {
		if h.customer == "" {
			if h.customer, err = b.customerCase(ctx, s, h.author, route.Team); err != nil {
				return seat, err
			}
		}
		seat.Case = h.customer
		return seat, nil
	}
	seat.Case, err = b.storyCase(ctx, s, h, known, route)
	return seat, err
}

// customerCase is the case of an author: the one of the thread, if it is theirs;
// else the one that is open and was alive within two days; else a new one.
func (b *batch) customerCase(ctx context.Context, s *earshot.Stored, author, team string) (string, error) {
	for _, root := range thread(&s.Mention) {
		of, err := b.membership(ctx, s.Brand, earshot.Key(root))
		if err != nil {
			return "", err
		}
		for _, seat := range of.Seats {
			if seat.Old || seat.Team != team {
				continue
			}
			if c, err := b.open(ctx, seat.Team, seat.Case); err != nil || c.exists && c.Customer == author {
				return seat.Case, err
			}
		}
	}
	id, err := b.liveCase(ctx, s, author, team)
	if err != nil || id != "" {
		return id, err
	}
	return customerID(s, author), nil
}

// customerID is the case that a mention of an author opens.
func customerID(s *earshot.Stored, author string) string {
	return CaseID(s.Brand, "customer\x00"+author+"\x00"+s.Mention.ID)
}

// liveCase is the case of an author that further posts join, empty for none.
func (b *batch) liveCase(ctx context.Context, s *earshot.Stored, author, team string) (string, error) {
	of, err := b.membership(ctx, s.Brand, author)
	if err != nil {
		return "", err
	}
	for _, seat := range of.Seats {
		if seat.Team != team {
			continue
		}
		c, err := b.open(ctx, seat.Team, seat.Case)
		if err != nil {
			return "", err
		}
		now, _, err := b.whole(ctx, c, seat.Case)
		if err != nil {
			return "", err
		}
		alive := latest(now.Opened, now.Spoke, now.Answered)
		if c.exists && c.Customer == author && now.exists && !closed(now.State) && heard(&s.Mention, b.now).Sub(alive) <= together {
			return seat.Case, nil
		}
	}
	// Another team may have a case of the same matter, which then has the same ID.
	for _, seat := range of.Seats {
		if seat.Team == team {
			return "", nil
		}
		c, err := b.open(ctx, seat.Team, seat.Case)
		if err != nil {
			return "", err
		}
		if c, _, err = b.whole(ctx, c, seat.Case); err != nil {
			return "", err
		}
		if c.exists && !closed(c.State) && heard(&s.Mention, b.now).Sub(latest(c.Opened, c.Spoke)) <= together {
			return seat.Case, nil
		}
	}
	return "", nil
}

func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// storyCase is the case of what a mention is about: one it is in for another team;
// else the one its thread is in, which may be about a link that only the root
// has; else that of its story.
func (b *batch) storyCase(ctx context.Context, s *earshot.Stored, h *homes, known earshot.Membership, route earshot.Route) (string, error) {
	if h.watched == "" { // a crisis does not swallow those who are listened to
		if id, err := b.crisis(ctx, s.Brand, route); err != nil || id != "" {
			return id, err
		}
	}
	if id, err := b.shared(ctx, known.Seats, ""); err != nil || id != "" {
		return id, err
	}
	for _, root := range thread(&s.Mention) {
		if root == s.Mention.ID {
			continue
		}
		of, err := b.membership(ctx, s.Brand, earshot.Key(root))
		if err != nil {
			return "", err
		}
		seats := of.Seats
		if route.Kind != earshot.KindCustomer { // only what is shared of a customer's post is the customer's
			if seats, err = b.anonymous(ctx, seats); err != nil {
				return "", err
			}
		}
		if id, err := b.shared(ctx, seats, route.Team); err != nil || id != "" {
			return id, err
		}
	}
	if route.Kind == earshot.KindCustomer {
		return h.matter, nil
	}
	if c, err := b.open(ctx, route.Team, h.story); err != nil || c.exists {
		return h.story, err
	}
	return b.crowd(ctx, s, h, route)
}

// crisis is the case of a crisis that runs: what belongs to it joins it.
func (b *batch) crisis(ctx context.Context, brand string, route earshot.Route) (string, error) {
	if route.Kind != earshot.KindStory && route.Kind != earshot.KindCrisis || !slices.Contains(b.settings.pagers, route.Team) {
		return "", nil
	}
	for _, topic := range slices.Compact([]string{route.Topic, ""}) {
		key := watchKey{brand, topic}
		if b.engine.watches[key] == nil {
			continue
		}
		c, err := b.open(ctx, route.Team, alarmCase(key))
		if err != nil {
			return "", err
		}
		if gravity[c.Alarm] >= gravity[earshot.Elevated] {
			return alarmCase(key), nil
		}
	}
	return "", nil
}

// Two matters of one dangerous topic in an hour are told of one by one; those that
// come after them within the hour join the second.
const (
	crowdAfter  = 2
	crowdWithin = time.Hour
)

// crowd is the case of a matter that is new, unless too many such matters of one
// topic are.
func (b *batch) crowd(ctx context.Context, s *earshot.Stored, h *homes, route earshot.Route) (string, error) {
	if route.Kind != earshot.KindCrisis || route.Topic == "" {
		return h.story, nil
	}
	of, err := b.membership(ctx, s.Brand, crowdKey(route.Team, route.Topic))
	if err != nil {
		return "", err
	}
	fresh := 0
	for _, seat := range of.Seats {
		c, err := b.open(ctx, seat.Team, seat.Case)
		if err != nil {
			return "", err
		}
		if c.exists && !closed(c.State) && b.now.Sub(c.Opened) < crowdWithin {
			fresh++
		}
	}
	if fresh >= crowdAfter {
		return of.Seats[len(of.Seats)-1].Case, nil
	}
	return h.story, b.matter(ctx, s.Brand, route.Team, route.Topic, h.story)
}

func crowdKey(team, topic string) string { return earshot.Key("topic\x00" + team + "\x00" + topic) }

// matter notes a new matter of a topic.
func (b *batch) matter(ctx context.Context, brand, team, topic, id string) error {
	of, err := b.membership(ctx, brand, crowdKey(team, topic))
	if err != nil || slices.ContainsFunc(of.Seats, func(seat earshot.Seat) bool { return seat.Case == id }) {
		return err
	}
	of.Seats = append(slices.Clone(of.Seats), earshot.Seat{Team: team, Case: id})
	of.Seats = of.Seats[max(0, len(of.Seats)-crowdAfter):]
	b.move(of)
	return nil
}

// anonymous are the seats in cases that are nobody's alone.
func (b *batch) anonymous(ctx context.Context, seats []earshot.Seat) ([]earshot.Seat, error) {
	var kept []earshot.Seat
	for _, seat := range seats {
		c, err := b.open(ctx, seat.Team, seat.Case)
		if err != nil {
			return nil, err
		}
		if c.Customer == "" {
			kept = append(kept, seat)
		}
	}
	return kept, nil
}

// shared is a case that live news would join: one of a team's, of whatever sort,
// or else one that is nobody's alone.
func (b *batch) shared(ctx context.Context, seats []earshot.Seat, team string) (string, error) {
	for _, seat := range seats {
		if seat.Team == team && !seat.Old {
			return seat.Case, nil
		}
	}
	for _, seat := range seats {
		if seat.Old {
			continue
		}
		c, err := b.open(ctx, seat.Team, seat.Case)
		if err != nil {
			return "", err
		}
		if c.exists && c.Customer == "" && c.Alarm == "" {
			return seat.Case, nil
		}
	}
	return "", nil
}

// settle notes which case of an author further posts join.
func (b *batch) settle(ctx context.Context, brand, author string, seat earshot.Seat) error {
	if author == "" {
		return nil
	}
	of, err := b.membership(ctx, brand, author)
	if err != nil {
		return err
	}
	seats := []earshot.Seat{{Team: seat.Team, Case: seat.Case}}
	for _, other := range of.Seats {
		if other.Team != seat.Team {
			seats = append(seats, other)
		} else if other.Case == seat.Case {
			return nil
		}
	}
	of.Seats = seats
	b.move(of)
	return nil
}

// further adds, to where a mention goes by its verdict, the teams that have the
// thread of it as a case of its author: what a customer replies belongs to it,
// though no rule asks for it.
func (b *batch) further(ctx context.Context, s *earshot.Stored, h *homes, routes []earshot.Route) ([]earshot.Route, error) {
	if h.author == "" || s.Verdict == nil || s.Verdict.OwnedAuthor {
		return routes, nil
	}
	asked := len(routes)
	for _, root := range thread(&s.Mention) {
		of, err := b.membership(ctx, s.Brand, earshot.Key(root))
		if err != nil {
			return nil, err
		}
		for _, seat := range of.Seats {
			if seat.Old || slices.ContainsFunc(routes, func(r earshot.Route) bool { return r.Team == seat.Team }) {
				continue
			}
			c, err := b.open(ctx, seat.Team, seat.Case)
			if err != nil {
				return nil, err
			}
			if c.exists && c.Customer == h.author && c.State != earshot.Expired {
				routes = append(slices.Clone(routes), earshot.Route{Team: seat.Team, Kind: earshot.KindCustomer})
			}
		}
	}
	h.unasked = routes[asked:]
	return routes, nil
}
