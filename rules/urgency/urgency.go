// Package urgency measures how soon somebody must act on a post. Separate heads
// each look for one thing, with word lists of their own in many languages, and
// every part of their sum is a reason. What rules, topics and the brand add is
// in package rules.
package urgency

import (
	"strings"

	"earshot"
	"earshot/rules/text"
)

// Head is one of the things that make a post urgent.
type Head int

// The heads.
const (
	Complaint Head = iota // something went wrong for a customer
	Request               // somebody asks for help or an answer
	Danger                // people may get hurt
	Threat                // to leave, to go to court, to the press or to the authorities
	headCount
)

// names are how rules and the output call the heads.
var names = [headCount]string{"complaint", "request", "danger", "threat"}

// points are what a head adds to the urgency when it is fully convinced. A
// complaint alone stays low (below 30), with a request it is normal, danger alone
// is normal and with a complaint high (60).
var points = [headCount]earshot.Score{Complaint: 20, Request: 15, Danger: 45, Threat: 20}

// String is the head's name.
func (h Head) String() string { return names[h] }

// Heads lists all heads.
func Heads() []Head { return []Head{Complaint, Request, Danger, Threat} }

// Scores holds a score in [0,1] for each head.
type Scores [headCount]earshot.Score

// Input is what is measured.
type Input struct {
	Tokens *text.Tokens
	Fields [2]string // the texts that the tokens were cut from, by text.Field
	Lang   string    // two or three letters, "" if unknown
}

// Result is what was found in a post.
type Result struct {
	Heads    Scores
	Points   earshot.Score // what the heads add to the urgency, the sum of the reasons
	Personal bool          // it speaks of I, we or you
	Question bool          // it asks something
	Greeting int           // tokens that a greeting at the beginning of the text takes
}

// Measure appends to dst what the heads add to the urgency; each reason carries
// the name of its head. A head counts at most 1, what goes beyond it gives no
// reason.
func Measure(dst []earshot.Reason, in Input) ([]earshot.Reason, Result) {
	m := load()
	var r Result
	list := in.Tokens.List
	first := true // nothing of the body was read yet
	for i, n := 0, 1; i < len(list); i += n {
		n = 1
		tok := &list[i]
		if tok.URL || tok.Kind != text.Word {
			continue
		}
		if p, took := m.table.Find(in.Tokens, i); took > 0 {
			n = took
			dst = r.read(dst, m.meanings[p], in, i, n, first)
		}
		first = first && tok.Field == text.Title
	}
	r.Question = asks(in.Fields[text.Body]) || asks(in.Fields[text.Title])
	return dst, r
}

// read takes in the phrase of n tokens that begins with token i.
func (r *Result) read(dst []earshot.Reason, meanings []meaning, in Input, i, n int, first bool) []earshot.Reason {
	tok := &in.Tokens.List[i]
	span := earshot.Span{int(tok.From), int(in.Tokens.List[i+n-1].To)}
	counted := false // a phrase that several languages share counts once
	for _, say := range meanings {
		if !say.holds(in.Lang, span[1]-span[0]) {
			continue
		}
		switch say.kind {
		case self:
			r.Personal = true
		case greeting:
			if first && tok.Field == text.Body {
				r.Greeting = i + n
			}
		default:
			if !counted {
				dst = r.add(dst, say, tok.Field.Name(), span)
			}
			counted = true
		}
	}
	return dst
}

// add counts a phrase for its head.
func (r *Result) add(dst []earshot.Reason, say meaning, field string, span earshot.Span) []earshot.Reason {
	part := min(say.weight, earshot.Unit-r.Heads[say.head])
	if part <= 0 {
		return dst
	}
	r.Heads[say.head] += part
	weight := part * points[say.head]
	r.Points += weight
	return append(dst, earshot.Reason{Of: earshot.OfUrgency, Rule: names[say.head], Field: field, Span: &span, Weight: weight})
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
