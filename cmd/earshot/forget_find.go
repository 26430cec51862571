package main

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"earshot"
	"earshot/bus"
)

// whose is what a person asks for: an author, or one mention by its ID.
type whose struct {
	text    string // as given
	author  string // folded; empty for an ID
	network string // the only one looked at; empty for all
}

var looksLikeID = regexp.MustCompile(`^[a-z0-9-]+:.`)

// newWhose takes what looks like network:id for an ID. A DID is the name of an
// author, though it looks like one.
func newWhose(text, network string) whose {
	w := whose{text: strings.TrimSpace(text), network: network}
	if !looksLikeID.MatchString(w.text) || strings.HasPrefix(w.text, "did:") {
		w.author = foldAuthor(w.text)
	}
	return w
}

func (w *whose) wrote(network string, a *earshot.Author) bool {
	return w.author != "" && (w.network == "" || w.network == network) && authorOf(a) == w.author
}

// post is what is needed of a mention, a tombstone or the mention of an alert.
type identity struct {
	ID       string         `json:"id"`
	Network  string         `json:"network"`
	Author   earshot.Author `json:"author"`
	RepostOf string         `json:"repost_of"`
}

// finds are the copies of what somebody wrote, by place.
type finds struct {
	mentions    []held // tombstones among them
	memberships []bus.Copy
	alerts      []bus.Copy
	told        map[string]int // alerts by team
	alertIDs    []string
	letters     []bus.Copy
	drills      []bus.Copy
	events      []bus.Copy // of cases
	notes       []bus.Copy
	held        []bus.Copy // by legal holds: they stay
}

// held is a copy of a mention.
type held struct {
	bus.Copy
	identity
}

func (f *finds) count() int {
	return len(f.mentions) + len(f.memberships) + len(f.alerts) + len(f.letters) + len(f.drills) + len(f.events) + len(f.notes)
}

// search finds the copies of what somebody wrote. It remembers the IDs it has met,
// which lead to copies that do not name the author.
type search struct {
	client   *bus.Client
	whose    whose
	isOut    func(id string) bool // forgotten before, perhaps not to the end
	ids      map[string]bool
	keys     map[string]string             // of the ids
	networks map[string]bool               // where the author was met
	keysOf   map[string]bool               // of the author, on those networks and others that were met
	cases    map[string]bool               // team and ID of those that name a mention
	holds    map[string]*earshot.LegalHold // by team and ID of cases whose copies are of the author
	seen     func(n int)                   // progress, in messages
	each     func(what string, c bus.Copy) error
}

func newSearch(client *bus.Client, who whose) *search {
	s := &search{
		client: client, whose: who, ids: map[string]bool{}, keys: map[string]string{}, networks: map[string]bool{},
		keysOf: map[string]bool{}, cases: map[string]bool{}, holds: map[string]*earshot.LegalHold{},
		isOut: func(string) bool { return false }, seen: func(int) {}, each: func(string, bus.Copy) error { return nil },
	}
	if who.author == "" {
		s.meet(who.text)
	} else if who.network != "" {
		s.networks[who.network] = true
		s.meetOn(who.network)
	}
	return s
}

func (s *search) meet(id string) {
	if !s.ids[id] {
		s.ids[id] = true
		s.keys[earshot.Key(id)] = id
	}
}

// meetOn remembers by which key a case knows the author as its customer.
func (s *search) meetOn(network string) {
	m := earshot.Mention{Network: network, Author: earshot.Author{Handle: s.whose.author}}
	if key := m.AuthorKey(); key != "" {
		s.keysOf[key] = true
	}
}

// concerns reports whether a mention is asked for, or repeats one that is, and
// remembers its ID then.
func (s *search) concerns(m *identity) bool {
	switch {
	case m.ID == "":
		return false
	case s.whose.wrote(m.Network, &m.Author):
		s.networks[m.Network] = true
	case s.ids[m.ID], s.isOut(m.ID), m.RepostOf != "" && s.ids[m.RepostOf]:
	default:
		return false
	}
	s.meet(m.ID)
	s.meetOn(m.Network) // a tombstone names no author
	return true
}

// run goes through the whole store once, mentions first.
func (s *search) run(ctx context.Context) (*finds, error) {
	f := &finds{told: map[string]int{}}
	for _, step := range []func(context.Context, *finds) error{s.mentions, s.memberships, s.alerts, s.caseEvents, s.notes, s.held, s.letters, s.drills} {
		if err := step(ctx, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// walk goes through a place and hands on what is asked for.
func (s *search) walk(ctx context.Context, in bus.Place, what string, is func(bus.Copy) bool, found func(bus.Copy)) error {
	return s.client.Walk(ctx, in, func(c bus.Copy) error {
		s.seen(1)
		if !is(c) {
			return nil
		}
		if err := s.each(what, c); err != nil {
			return err
		}
		c.Body = nil // there may be many
		found(c)
		return nil
	})
}

// mentions goes through them twice where an author is asked for: somebody may have
// repeated a post that lies further on, since it was edited.
func (s *search) mentions(ctx context.Context, f *finds) error {
	in, rounds := bus.InMentions, 2
	if s.whose.author == "" {
		rounds = 1
	}
	each := s.each
	defer func() { s.each = each }()
	for round := range rounds {
		f.mentions = nil
		if s.each = each; round < rounds-1 {
			s.each = func(string, bus.Copy) error { return nil }
		}
		before := len(s.ids)
		var m identity
		err := s.walk(ctx, in, "mention", func(c bus.Copy) bool {
			m = identity{}
			return json.Unmarshal(c.Body, &m) == nil && s.concerns(&m)
		}, func(c bus.Copy) { f.mentions = append(f.mentions, held{c, m}) })
		if err != nil {
			return err
		}
		if len(s.ids) == 0 && before == 0 {
			return nil
		}
	}
	return nil
}

func (s *search) memberships(ctx context.Context, f *finds) error {
	return s.walk(ctx, bus.InMemberships, "", func(c bus.Copy) bool { return s.keys[c.Key()] != "" || s.keysOf[c.Key()] },
		func(c bus.Copy) { f.memberships = append(f.memberships, c) })
}

func (s *search) alerts(ctx context.Context, f *finds) error {
	type alert struct {
		ID, Team string
		Mention  identity
		Story    *earshot.Story
		Evidence *earshot.Evidence
	}
	var a alert
	return s.walk(ctx, bus.InAlerts, "alert", func(c bus.Copy) bool {
		a = alert{}
		if json.Unmarshal(c.Body, &a) != nil {
			return false
		}
		var named []earshot.Source
		if a.Story != nil {
			named = append(a.Story.Top, a.Story.First)
		}
		if a.Evidence != nil {
			named = append(append(named, a.Evidence.Top...), a.Evidence.First)
		}
		return s.concerns(&a.Mention) || slices.ContainsFunc(named, func(of earshot.Source) bool { return s.ids[of.Mention] })
	}, func(c bus.Copy) {
		f.alerts, f.alertIDs = append(f.alerts, c), append(f.alertIDs, a.ID)
		f.told[a.Team]++
	})
}

func (s *search) caseEvents(ctx context.Context, f *finds) error {
	return s.walk(ctx, bus.InCases, "case", s.namesMention, func(c bus.Copy) {
		f.events = append(f.events, c)
		s.cases[strings.Join(c.Tokens(), ".")] = true
	})
}

// notes finds what people wrote about the cases, whatever it says, and elsewhere
// what names the handle with its sign: a bare name may be somebody else's.
func (s *search) notes(ctx context.Context, f *finds) error {
	return s.walk(ctx, bus.InNotes, "note", func(c bus.Copy) bool {
		var n earshot.Note
		return s.cases[strings.Join(c.Tokens()[:2], ".")] || json.Unmarshal(c.Body, &n) == nil && s.mentioned([]byte(n.Text)) && (s.whose.author == "" || strings.Contains(strings.ToLower(n.Text), "@"+s.whose.author))
	}, func(c bus.Copy) { f.notes = append(f.notes, c) })
}

// namesMention reports whether a case event names one of the mentions.
func (s *search) namesMention(c bus.Copy) bool {
	var e earshot.CaseEvent
	return json.Unmarshal(c.Body, &e) == nil && s.isIn(&e)
}

func (s *search) isIn(e *earshot.CaseEvent) bool {
	if s.keysOf[e.Case.Customer] || slices.ContainsFunc(e.Case.Also, func(author string) bool { return s.keysOf[author] }) || s.ids[e.Mention] || s.ids[e.Case.Opening] || e.Seat != nil && e.Seat.Member != nil && s.keys[e.Seat.Member.Mention] != "" {
		return true
	}
	for _, j := range e.More {
		if s.ids[j.Mention] {
			return true
		}
	}
	for _, m := range e.Case.Members {
		if s.keys[m.Mention] != "" {
			return true
		}
	}
	return false
}

func (s *search) letters(ctx context.Context, f *finds) error {
	return s.walk(ctx, bus.InDeadLetters, "dead letter", func(c bus.Copy) bool {
		var d earshot.DeadLetter
		if json.Unmarshal(c.Body, &d) != nil {
			return false
		}
		return s.ids[d.Mention] || s.mentioned(d.Body) || s.mentioned([]byte(d.Reason))
	}, func(c bus.Copy) { f.letters = append(f.letters, c) })
}

func (s *search) drills(ctx context.Context, f *finds) error {
	return s.walk(ctx, bus.InDrills, "drill", func(c bus.Copy) bool {
		var d struct {
			identity
			Mention identity
		}
		return json.Unmarshal(c.Body, &d) == nil && (s.concerns(&d.identity) || s.concerns(&d.Mention))
	}, func(c bus.Copy) { f.drills = append(f.drills, c) })
}

// mentioned reports whether something that could not be read names what is asked
// for, as a word of its own.
func (s *search) mentioned(body []byte) bool {
	name := []byte(s.whose.text)
	if s.whose.author != "" {
		body, name = bytes.ToLower(body), []byte(s.whose.author)
	}
	for from := 0; len(name) > 2; {
		at := bytes.Index(body[from:], name)
		if at < 0 {
			return false
		}
		at += from
		before, _ := utf8.DecodeLastRune(body[:at])
		after, _ := utf8.DecodeRune(body[at+len(name):])
		if !isNameRune(before) && !isNameRune(after) {
			return true
		}
		from = at + 1
	}
	return false
}

func isNameRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-')
}
