package urgency

import (
	"strings"

	"earshot/rules/features"
	"earshot/rules/text"
)

// Numbers is how many numbers the models know of a post beside its words: what the
// word lists find, how the author feels, style, and who needs what. A model reads as
// many of them as it has weights for, from the first on.
const (
	Listed  = 6  // the first of them tell what the word lists find
	Plain   = 18 // all but those of need
	Numbers = Plain + needs
)

// NumbersOf is what the models know of a post beside its words, for training.
func (m *Meter) NumbersOf(in Input) [Numbers]float64 {
	m.words.walk(&in)
	return numbersOf(&in, &m.words)
}

func numbersOf(in *Input, r *reader) [Numbers]float64 {
	s := styleOf(in)
	all := [Numbers]float64{
		r.Heads[Complaint].Float(), r.Heads[Request].Float(), r.Heads[Danger].Float(),
		r.Heads[Leaving].Float() + r.Heads[Legal].Float(), share(r.Question), share(r.Personal),
		max(in.Feeling, 0), max(-in.Feeling, 0), max(in.Named, 0), max(-in.Named, 0),
		s.words.upTo(30), s.words.upTo(10), s.names.upTo(5), s.handles.upTo(2), s.links.upTo(2), s.capitals.upTo(3),
		s.exclaims.upTo(3), s.asks.upTo(3),
	}
	needsOf(in, all[Plain:])
	return all
}

func share(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// count is how often something occurs.
type count int

// upTo is the count as a share of the most that matters.
func (c count) upTo(most count) float64 { return float64(min(c, most)) / float64(most) }

// style is how a post is written.
type style struct {
	words, names, handles, links, capitals, exclaims, asks count
}

func styleOf(in *Input) (s style) {
	for i := range in.Post.Spans {
		span := &in.Post.Spans[i]
		word := in.Fields[field(span)][span.From:span.To]
		s.words++
		switch {
		case strings.HasPrefix(word, "@"):
			s.handles++
		case len(word) >= 4 && strings.EqualFold(word[:4], "http"):
			s.links++
		case isLoud(word):
			s.capitals++
		}
		if span.Name {
			s.names++
		}
	}
	for _, f := range in.Fields {
		f = f[:min(len(f), features.Most)]
		s.exclaims += count(strings.Count(f, "!"))
		s.asks += count(strings.Count(f, "?"))
	}
	return s
}

// isLoud reports whether a word is of three letters or more, all capitals.
func isLoud(word string) bool {
	for i := range len(word) {
		if word[i] < 'A' || word[i] > 'Z' {
			return false
		}
	}
	return len(word) > 2
}

func field(s *features.Span) text.Field {
	if s.Body {
		return text.Body
	}
	return text.Title
}
