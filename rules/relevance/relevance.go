// Package relevance weighs the signs that a post which has a brand's name in it is
// about that brand and not about a fruit, a verb or another firm: words of the
// brand's own field or of another, its handles and domains, how the name is written,
// the conversation. Every sign is a part of the sum. It does not look for the signs
// that queries find, package rules does, and it does not decide what is too little.
package relevance

import (
	"strconv"

	"earshot"
	"earshot/rules/match"
	"earshot/rules/text"
)

// Names of the parts that are no query's.
const (
	RuleConversation = "conversation"
	RuleHandle       = "own handle"
	RuleDomain       = "own domain"
	RuleAuthor       = "own author"
	RuleTitle        = "in the title"
	RuleTerms        = "more of its terms"
	RuleHashtag      = "hashtag"
	RuleCashtag      = "cashtag"
	RuleCapital      = "capital letter"
	RuleLower        = "lower case"
	RuleBrands       = "many brands"
	RuleTags         = "many hashtags"
)

// What each sign is worth, in millionths.
const (
	Base         = 500_000 // an ambiguous name, or a conversation that does not name the brand
	conversation = 250_000
	context      = 200_000 // each term that speaks for the brand
	elsewhere    = -250_000
	handle       = 400_000
	domain       = 400_000
	author       = 500_000
	title        = 100_000
	term         = 100_000 // each term of the query after the first
	hashtag      = 50_000
	cashtag      = 300_000
	capital      = 100_000
	lower        = -150_000
	brands       = -200_000
	tags         = -100_000
)

// Bounds of what is counted.
const (
	mostContext = 3  // terms on either side
	mostTerms   = 2  // after the first
	manyBrands  = 5  // a post that names so many is a list
	manyTags    = 10 // and one with so many hashtags wants to be found by everybody
)

// mostLooked is how many places of a term are looked at: a long post says its name
// as often as it likes.
const mostLooked = 32

// MostWords is how many words explain what a query is worth.
const MostWords = 16

// Part is what a sign adds to the relevance.
type Part struct {
	Rule     string
	Field    text.Field
	From, To int // both 0 when it is not about words
	Weight   earshot.Score
}

// Sign is a context term that was found: its name, and where.
type Sign struct {
	Rule  string
	Words []match.Words
}

// Evidence is what was found in a post.
type Evidence struct {
	Rule         string        // of the brand's query
	Query        string        // its text, for how the name is written
	Words        []match.Words // what the query found; empty for a mere conversation
	Finds        []match.Find  // its terms
	Joined       bool          // only the conversation belongs to the brand
	Conversation bool          // it does
	For, Against []Sign        // context terms
	Handle       *match.Words  // one of the brand's handles in the text; nil for none
	Addressed    bool          // one of them is among those that the post is addressed to
	Linked       bool          // it links to a domain of the brand
	Wrote        bool          // the brand wrote it
	Brands       int           // how many brands of the book it matches
	Tokens       *text.Tokens
	Fields       [2]string
	Lang         string // "" if unknown
}

// Weigh appends the parts that make up the relevance of an ambiguous name to dst.
// Their sum may leave [0,1].
func Weigh(dst []Part, e *Evidence) []Part {
	w := weighing{e: e, parts: dst}
	w.base()
	w.context(e.For, context)
	w.context(e.Against, elsewhere)
	w.owned()
	w.terms()
	w.spelling()
	w.when(e.Brands >= manyBrands, RuleBrands, brands)
	w.when(hashtags(e.Tokens) >= manyTags, RuleTags, tags)
	return w.parts
}

// weighing is the sum in the making.
type weighing struct {
	e     *Evidence
	parts []Part
}

func (w *weighing) when(holds bool, rule string, weight earshot.Score) {
	if holds {
		w.parts = append(w.parts, Part{Rule: rule, Weight: weight})
	}
}

// at adds a part about words, the first of them.
func (w *weighing) at(words []match.Words, rule string, weight earshot.Score) {
	p := Part{Rule: rule, Weight: weight}
	if len(words) > 0 {
		p.Field, p.From, p.To = words[0].Field, words[0].Span[0], words[0].Span[1]
	}
	w.parts = append(w.parts, p)
}

func (w *weighing) base() {
	if w.e.Joined {
		w.when(true, RuleConversation, Base)
		return
	}
	w.parts = Spread(w.parts, w.e.Rule, w.e.Words, Base)
	w.when(w.e.Conversation, RuleConversation, conversation)
}

// Spread divides a weight among words; the first takes what does not divide.
func Spread(dst []Part, rule string, words []match.Words, weight earshot.Score) []Part {
	words = words[:min(len(words), MostWords)]
	if len(words) == 0 {
		return append(dst, Part{Rule: rule, Weight: weight})
	}
	share := weight / earshot.Score(len(words))
	p := Part{Rule: rule, Weight: weight - share*earshot.Score(len(words)-1)}
	for i := range words {
		p.Field, p.From, p.To = words[i].Field, words[i].Span[0], words[i].Span[1]
		dst = append(dst, p)
		p.Weight = share
	}
	return dst
}

func (w *weighing) context(signs []Sign, weight earshot.Score) {
	for _, s := range signs[:min(len(signs), mostContext)] {
		w.at(s.Words, s.Rule, weight)
	}
}

// owned weighs what leads to the brand itself.
func (w *weighing) owned() {
	switch e := w.e; {
	case e.Handle != nil:
		w.at([]match.Words{*e.Handle}, RuleHandle, handle)
	case e.Addressed:
		w.when(true, RuleHandle, handle)
	}
	w.when(w.e.Linked, RuleDomain, domain)
	w.when(w.e.Wrote, RuleAuthor, author)
}

// terms weighs how much of the query is there, and where.
func (w *weighing) terms() {
	for i, f := range w.e.Finds {
		if i > 0 && i <= mostTerms && len(f.Words) > 0 && !overlaps(f.Words[0], w.e.Finds[:i]) {
			w.at(f.Words, RuleTerms, term)
		}
	}
	var signs [2]bool
	inTitle := false
	for i := range min(len(w.e.Words), mostLooked) {
		found := w.e.Words[i : i+1]
		if found[0].Field == text.Title && !inTitle && w.e.Fields[text.Body] != "" {
			inTitle = true
			w.at(found, RuleTitle, title)
		}
		switch kind, ok := tagAt(w.e.Tokens, found[0]); {
		case ok && kind == text.Hashtag && !signs[0]:
			signs[0] = true
			w.at(found, RuleHashtag, hashtag)
		case ok && kind == text.Cashtag && !signs[1]:
			signs[1] = true
			w.at(found, RuleCashtag, cashtag)
		}
	}
}

// overlaps reports whether other terms found the same words.
func overlaps(one match.Words, finds []match.Find) bool {
	for _, f := range finds {
		for _, o := range f.Words {
			if o.Field == one.Field && o.Span[0] < one.Span[1] && one.Span[0] < o.Span[1] {
				return true
			}
		}
	}
	return false
}

// tagAt is the kind of tag that words are in.
func tagAt(tokens *text.Tokens, at match.Words) (text.Kind, bool) {
	for i := range tokens.List {
		t := &tokens.List[i]
		whole := t.Kind == text.Hashtag || t.Kind == text.Cashtag
		if whole && t.Field == at.Field && int(t.From) <= at.Span[0] && int(t.To) >= at.Span[1] {
			return t.Kind, true
		}
	}
	return 0, false
}

func inTag(tokens *text.Tokens, at *match.Words) bool {
	_, ok := tagAt(tokens, *at)
	return ok
}

func hashtags(tokens *text.Tokens) int {
	n := 0
	for i := range tokens.List {
		if tokens.List[i].Kind == text.Hashtag {
			n++
		}
	}
	return n
}

// Sum adds up parts and limits them to least and most: what is too much is a part
// of its own.
func Sum(parts []Part, least, most earshot.Score) ([]Part, earshot.Score) {
	sum := earshot.Score(0)
	for i := range parts {
		sum += parts[i].Weight
	}
	held := min(max(sum, least), most)
	if held != sum {
		parts = append(parts, Part{Rule: earshot.Limit, Weight: held - sum})
	}
	return parts, held
}

// Reasons appends the parts as reasons to dst.
func Reasons(dst []earshot.Reason, of earshot.Quality, parts []Part) []earshot.Reason {
	for _, p := range parts {
		if p.Weight == 0 {
			continue
		}
		r := earshot.Reason{Of: of, Rule: p.Rule, Weight: p.Weight}
		if p.To > 0 {
			r.Field, r.Span = p.Field.Name(), &earshot.Span{p.From, p.To}
		}
		dst = append(dst, r)
	}
	return dst
}

// ContextRule is how reasons call a context term.
func ContextRule(query string) string {
	const most = 40 // characters
	runes := []rune(query)
	if len(runes) > most {
		return "context:" + string(runes[:most]) + "…"
	}
	return "context:" + query
}

// String is for failing tests.
func (p Part) String() string {
	return p.Weight.String() + " " + p.Rule + " " + p.Field.Name() + "[" + strconv.Itoa(p.From) + ":" + strconv.Itoa(p.To) + "]"
}
