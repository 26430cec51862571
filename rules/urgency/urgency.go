// Package urgency measures how soon somebody must act on a post. Separate heads
// each look for one thing: word lists in 19 languages, and for some heads linear
// models trained on English posts, over the features that all models share. Every
// part of a head is a reason. What heads, feelings, reach, rules and topics are
// worth together is in package rules.
package urgency

import (
	"slices"
	"strings"

	"earshot"
	"earshot/rules/features"
	"earshot/rules/lexicon"
	"earshot/rules/text"
)

// Head is one of the things that make a post urgent.
type Head int

// The heads.
const (
	Complaint   Head = iota // something went wrong for a customer
	Request                 // somebody asks for help or an answer
	Danger                  // people may get hurt
	Leaving                 // a customer threatens to go
	Legal                   // lawyers, courts, authorities, the press
	Offensive               // insults and obscenities
	Informative             // facts of an emergency, not feelings about it
	HeadCount
)

// names are how rules and the output call the heads.
var names = [HeadCount]string{"complaint", "request", "danger", "leaving", "legal", "offensive", "informative"}

// String is the head's name.
func (h Head) String() string { return names[h] }

// Heads lists all heads.
func Heads() []Head {
	return []Head{Complaint, Request, Danger, Leaving, Legal, Offensive, Informative}
}

// Scores holds a score in [0,1] for each head.
type Scores [HeadCount]earshot.Score

// Input is what is measured.
type Input struct {
	Tokens *text.Tokens
	Post   *features.Post
	Fields [2]string // the texts that both were cut from, by text.Field
	Lang   string    // two or three letters, "" if unknown

	Feeling float64 // the sentiment of the post, -1 to 1
	Named   float64 // what the word lists find good in it, less what they find bad
}

// Result is what was found in a post.
type Result struct {
	Heads    Scores // how likely each is: what rules see
	Named    Scores // what the word lists alone find
	Counted  Scores // how much of each counts for the urgency: what the parts sum to, at most 1
	Personal bool   // it speaks of I, we or you
	Question bool   // it asks something
	Greeting int    // tokens that a greeting at the beginning of the text takes
}

// Part is what a phrase or a word adds to a head.
type Part struct {
	Head     Head
	Learnt   bool // the trained model says so, not the word lists
	Field    text.Field
	From, To int // both 0 when it is not about words
	Value    earshot.Score
}

// Meter measures one post after the other without allocating. Not for concurrent
// use.
type Meter struct {
	Result
	Parts []Part // per head, they sum exactly to what counts

	models models
	in     Input
	words  reader
	spans  []int32
}

// Measure reads a post. A head is what its phrases sum to, at most 1, what a
// negation denies left out. In English, a head that has a trained model is the
// chance that the model sees, to which the phrases are one argument, or what they
// alone vouch for, whichever is higher. For the urgency phrases count in full, and a
// chance as far as it is better than even: 0.5 not at all, 0.75 half.
func (m *Meter) Measure(in Input) Result {
	m.in = in // in the heap once, not with every post
	m.words.walk(&m.in)
	m.Result = m.words.Result
	m.Named, m.Counted = m.Heads, m.Heads
	m.Parts = append(m.Parts[:0], m.words.parts...)
	m.learnt(&m.in)
	m.in = Input{}
	return m.Result
}

// walk reads a post.
func (r *reader) walk(in *Input) {
	*r = reader{lists: load(), in: in, parts: r.parts[:0], beside: r.beside[:0], denial: denial{next: -1}}
	list := in.Tokens.List
	first := true // nothing of the body was read yet
	for i := 0; i < len(list); {
		tok := &list[i]
		if tok.URL || tok.Kind != text.Word {
			i++
			continue
		}
		i += r.phrase(i, first)
		first = first && tok.Field == text.Title
	}
	if r.Heads[Danger] > 0 || r.Heads[Complaint] > 0 {
		for _, s := range r.beside {
			r.add(s)
		}
	}
	r.Question = asks(in.Fields[text.Body]) || asks(in.Fields[text.Title])
	r.in = nil
}

// sign is a phrase of a head in the post.
type sign struct {
	*meaning
	field text.Field
	span  earshot.Span
}

// reader walks over the tokens of a post.
type reader struct {
	Result
	lists  *lexicon.Lists[meaning]
	in     *Input
	parts  []Part
	denial denial
	beside []sign // that count only if others do
}

// phrase takes in the phrase that begins with token i, if there is one, and
// returns how many tokens it read; first says that the body begins with it.
func (r *reader) phrase(i int, first bool) (n int) {
	p, n := r.lists.Find(r.in.Tokens, i, r.means)
	if n == 0 {
		r.denial.pass(r.in, i, i+1, false)
		return 1
	}
	from, to := &r.in.Tokens.List[i], &r.in.Tokens.List[i+n-1]
	s := sign{field: from.Field, span: earshot.Span{int(from.From), int(to.To)}}
	negation, link := head, false
	meanings := r.lists.Meanings(p)
	for k := range meanings {
		say := &meanings[k]
		if !say.holds(r.in.Lang, s.span[1]-s.span[0]) {
			continue
		}
		switch say.kind {
		case self:
			r.Personal = true
		case greeting:
			if first && s.field == text.Body {
				r.Greeting = i + n
			}
		case negates, negatesNoun:
			negation = say.kind
		case links:
			link = true
		case head:
			if s.meaning == nil { // a phrase that several languages share counts once
				s.meaning = say
			}
		case calms:
		}
	}
	if negation != head {
		r.denial.begin(i+n, negation == negatesNoun)
		return n
	}
	if s.meaning != nil {
		link = r.read(s, i) || link
	}
	r.denial.pass(r.in, i, i+n, link)
	return n
}

// means reports whether the phrase of n tokens from i on means something in the
// language of the post.
func (r *reader) means(phrase, i, n int) bool {
	list := r.in.Tokens.List
	size := int(list[i+n-1].To - list[i].From)
	return slices.ContainsFunc(r.lists.Meanings(phrase), func(m meaning) bool { return m.holds(r.in.Lang, size) })
}

// read counts a sign now, later or, when it is denied, not at all.
func (r *reader) read(s sign, i int) (denied bool) {
	switch {
	case !s.always && r.denial.reaches(r.in, i):
		return true
	case s.beside:
		r.beside = append(r.beside, s)
	default:
		r.add(s)
	}
	return false
}

// add counts a sign for its head.
func (r *reader) add(s sign) {
	part := min(s.weight, earshot.Unit-r.Heads[s.head])
	if part <= 0 {
		return
	}
	r.Heads[s.head] += part
	r.parts = append(r.parts, Part{Head: s.head, Field: s.field, From: s.span[0], To: s.span[1], Value: part})
}

// asks reports whether s has a question mark that ends something: those within
// web addresses do not.
func asks(s string) bool {
	for {
		at := strings.IndexAny(s, "?？؟")
		if at < 0 {
			return false
		}
		if s[at] != '?' || at+1 == len(s) || strings.IndexByte(" \t\r\n?!.)\"'", s[at+1]) >= 0 {
			return true
		}
		s = s[at+1:]
	}
}
