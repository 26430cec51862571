package casework

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"earshot"
)

// Sheet is all there is to know of one case.
type Sheet struct {
	Case      earshot.Case   `json:"case"`
	Due       time.Time      `json:"due,omitzero"`
	Pin       *earshot.Pin   `json:"pin,omitempty"`     // of its story
	Mentions  []Said         `json:"mentions"`          // the most urgent first
	Left      int            `json:"left,omitempty"`    // mentions that are not shown
	History   []Line         `json:"history"`           // oldest first
	Earlier   int            `json:"earlier,omitempty"` // events that are not shown
	Notes     []earshot.Note `json:"notes"`
	Elsewhere []Item         `json:"elsewhere"`     // cases of other teams on the same matter or story
	Alike     []Likeness     `json:"alike"`         // cases that may be of the same person; nothing is merged by itself
	Can       []Verb         `json:"can,omitempty"` // what the person who asks may do now

	urgency earshot.Band // that the evidence was told with

	Story    *earshot.Story    `json:"story,omitempty"`    // the story it is of as it stands now, when it has more than one mention; its posts are among Posts
	Evidence *earshot.Evidence `json:"evidence,omitempty"` // of a crisis, what was told of it last
	Posts    []Post            `json:"posts,omitempty"`    // where the crisis or the story began and what of it reached most, as far as it can still be read
}

// Said is a mention of a case as it is stored now.
type Said struct {
	Key     string           `json:"key"`
	Gone    bool             `json:"gone,omitempty"` // its author took it back, or it is older than the log
	Mention *earshot.Mention `json:"mention,omitempty"`
	Verdict *earshot.Verdict `json:"verdict,omitempty"`
}

// Line is one event of a history.
type Line struct {
	Event   string    `json:"event"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	To      string    `json:"to,omitempty"`
	Note    string    `json:"note,omitempty"`    // ID
	Mention string    `json:"mention,omitempty"` // ID
}

// Likeness is a case whose customer may be the one of another case.
type Likeness struct {
	Case    string `json:"case"`
	Network string `json:"network"`
	Because string `json:"because"` // handle or name
}

// Bounds of a sheet.
const (
	shownMentions = 50
	shownEvents   = 200
	shownBytes    = 2 << 20
)

// Get returns all there is to know of a case of the person's team.
func (d *Desk) Get(ctx context.Context, team, person, prefix string) (*Sheet, error) {
	last, err := d.find(ctx, team, prefix)
	if err != nil {
		return nil, err
	}
	id := last.Case.ID
	s := &Sheet{Case: last.Case, Due: Due(&last.Case), Pin: last.Case.Pin, Notes: []earshot.Note{}, Elsewhere: []Item{}, Alike: []Likeness{}}
	if s.Pin == nil {
		s.Pin = d.Board.Pin(s.Case.Story, id)
	}
	if err := d.tell(ctx, s); err != nil {
		return nil, err
	}
	if err := d.recount(ctx, s); err != nil {
		return nil, err
	}
	if err := d.spreadOf(ctx, s); err != nil {
		return nil, err
	}
	for _, item := range d.Board.Linked(s.Case.Story, Ref{team, id}) {
		if item.Team != team {
			s.Elsewhere = append(s.Elsewhere, item)
		}
	}
	slices.SortFunc(s.Elsewhere, func(a, b Item) int { return strings.Compare(a.Team+a.ID, b.Team+b.ID) })
	s.Elsewhere = s.Elsewhere[:min(len(s.Elsewhere), shownMentions)]
	s.Can = can(&last, team, person, d.Now())
	return s, d.alike(ctx, s)
}

// can is what a person could do to a case, as far as that does not depend on what
// else is said.
func can(last *earshot.CaseEvent, team, person string, now time.Time) []Verb {
	var able []Verb
	for _, verb := range Verbs() {
		a := Action{Verb: verb, By: person, Team: team, Text: "x", For: "1m", Line: "x", To: "somebody", Person: person, Reason: "x", Approver: "somebody"}
		var err error
		switch verb {
		case Undo:
			_, err = Undoable(last, &a)
		case Merge:
			if err = nil; !slices.Contains(alive, last.Case.State) {
				err = ErrDone
			}
		default:
			_, err = Act(last, a, now, Limits{})
		}
		if err == nil {
			able = append(able, verb)
		}
	}
	return able
}

// tell adds the mentions.
func (d *Desk) tell(ctx context.Context, s *Sheet) error {
	members := slices.Clone(s.Case.Members)
	slices.SortStableFunc(members, func(a, b earshot.Member) int { return int(b.Urgency - a.Urgency) })
	keys := make([]string, min(len(members), shownMentions))
	for i := range keys {
		keys[i] = members[i].Mention
	}
	stored, err := d.Log.MentionsNow(ctx, s.Case.Brand, keys)
	if err != nil {
		return err
	}
	s.Mentions = make([]Said, 0, len(keys))
	bytes := 0
	for _, key := range keys {
		said := Said{Key: key}
		if m, ok := stored[key]; ok && m.Verdict != nil {
			said.Mention, said.Verdict = &m.Mention, m.Verdict
			bytes += len(m.Mention.Text) + len(m.Mention.Title)
		} else {
			said.Gone = true
		}
		if bytes > shownBytes && len(s.Mentions) > 0 {
			break
		}
		s.Mentions = append(s.Mentions, said)
	}
	s.Left = max(s.Case.Count-len(s.Mentions), 0)
	return nil
}

// recount adds what happened and what was noted.
func (d *Desk) recount(ctx context.Context, s *Sheet) error {
	events, earlier, err := d.Log.History(ctx, s.Case.Team, s.Case.ID, shownEvents)
	if err != nil {
		return err
	}
	s.Earlier, s.History = earlier, make([]Line, len(events))
	for i, e := range events {
		if e.Alert != nil && e.Alert.Evidence != nil {
			s.Evidence, s.urgency = e.Alert.Evidence, e.Alert.Urgency
		}
		if e.Alert != nil && e.Alert.Story != nil {
			s.Story = e.Alert.Story // until the story itself is found
		}
		s.History[i] = Line{Event: e.Event, By: e.By, At: e.At, To: e.To, Note: e.Note, Mention: e.Mention}
	}
	s.Notes, err = d.Log.Notes(ctx, s.Case.Team, s.Case.ID)
	if s.Notes == nil {
		s.Notes = []earshot.Note{}
	}
	return err
}

// comparedCases is how many open cases are looked at for the same person.
const comparedCases = 200

// alike looks for open cases of the brand, on other networks, whose author has the
// same handle or the same name.
func (d *Desk) alike(ctx context.Context, s *Sheet) error {
	var me *earshot.Mention
	for _, said := range s.Mentions {
		if said.Mention == nil {
			continue
		}
		if customers := slices.Contains(authors(&s.Case), said.Mention.AuthorKey()); customers || me == nil {
			if me = said.Mention; customers {
				break
			}
		}
	}
	if me == nil || s.Case.Customer == "" {
		return nil // nobody's, so nobody's elsewhere
	}
	page, err := d.Board.List(s.Case.Team, "", Query{Brand: s.Case.Brand, Limit: comparedCases}, d.Now())
	if err != nil {
		return err
	}
	refs := make([]Ref, 0, len(page.Cases))
	for _, item := range page.Cases {
		if item.ID != s.Case.ID && item.Customer != "" && item.Customer != s.Case.Customer {
			refs = append(refs, Ref{item.Team, item.ID})
		}
	}
	cases, err := d.Log.CasesNow(ctx, refs)
	if err != nil {
		return err
	}
	keys, of := make([]string, 0, len(cases)), map[string]string{}
	for i := range cases {
		c := &cases[i].Case
		if len(c.Members) == 0 {
			continue
		}
		key := c.Members[0].Mention
		if opening := earshot.Key(c.Opening); has(c.Members, opening) { // its customer's own
			key = opening
		}
		keys = append(keys, key)
		of[key] = c.ID
	}
	stored, err := d.Log.MentionsNow(ctx, s.Case.Brand, keys)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if m, ok := stored[key]; ok {
			if because := samePerson(me, &m.Mention); because != "" {
				s.Alike = append(s.Alike, Likeness{Case: of[key], Network: m.Mention.Network, Because: because})
			}
		}
	}
	return nil
}

// samePerson says by what two mentions may be of one person on two networks.
func samePerson(a, b *earshot.Mention) string {
	if a.Network == b.Network {
		return ""
	}
	if h := bareHandle(a.Author.Handle); utf8.RuneCountInString(h) > 3 && h == bareHandle(b.Author.Handle) {
		return "handle"
	}
	name := strings.Join(strings.Fields(strings.ToLower(a.Author.Name)), " ")
	if strings.Contains(name, " ") && name == strings.Join(strings.Fields(strings.ToLower(b.Author.Name)), " ") {
		return "name"
	}
	return ""
}

// bareHandle is a handle without its sign and its server.
func bareHandle(handle string) string {
	bare, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(handle), "@"), "@")
	bare, _, _ = strings.Cut(bare, ".bsky.social")
	return bare
}
