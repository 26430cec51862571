package delight

import (
	"embed"
	"slices"
	"strconv"
	"sync"

	"earshot"
	"earshot/rules/lexicon"
	"earshot/rules/text"
)

//go:embed words/*.txt
var lists embed.FS

// kind is what a phrase is a sign of.
type kind uint8

const (
	touches kind = iota
	child
	oneself
	tells
	dearest
	given
	selling
	pressing
	souring
	kindCount
)

// kinds are the headings of the lists.
var kinds = map[string]kind{
	"touch": touches, "child": child, "self": oneself, "tell": tells, "dear": dearest, "gift": given, "sell": selling, "press": pressing,
	"sour": souring,
}

// meaning is what a phrase says in one language.
type meaning struct {
	lang   string
	kind   kind
	weight earshot.Score
}

// holds reports whether a phrase of so many bytes may be taken for what it means
// here. Short words mean too many things in other languages.
func (m *meaning) holds(lang string, size int) bool {
	const long = 6
	return m.lang == lang || lang == "" && (m.lang == "en" || size >= long)
}

var load = sync.OnceValue(func() *lexicon.Lists[meaning] { return lexicon.ReadLists(lists, mean) })

// mean is what a phrase under a heading says: its kind and perhaps a weight.
func mean(lang string, heading []string, _ string) meaning {
	k, ok := kinds[heading[0]]
	if !ok {
		panic("delight: no such heading: " + heading[0])
	}
	m := meaning{lang: lang, kind: k}
	if len(heading) > 1 {
		weight, err := strconv.ParseFloat(heading[1], 64)
		if err != nil {
			panic("delight: no weight: " + heading[1])
		}
		m.weight = earshot.ScoreOf(weight)
	}
	return m
}

// sign is a phrase in the post.
type sign struct {
	kind     kind
	field    text.Field
	from, to int32
	weight   earshot.Score
	phrase   int32
}

// Meter reads one post after the other without allocating. Not for concurrent use.
type Meter struct {
	signs  []sign // of each kind the first few, no phrase twice
	words  int
	tags   int
	teller int           // the sign that it is told by who lived it; -1 for none
	moved  earshot.Score // of a child's own words and of what moves most

	of   *lexicon.Lists[meaning]
	lang string
	in   *text.Tokens
	seen [kindCount]int
}

// deeply is from where on what touches moves.
const deeply = earshot.Unit / 5

// Bounds of what is read of a post: tokens, and phrases of a kind.
const (
	mostTokens = 2000
	mostSigns  = 8
)

// Read finds what speaks for and against delight in a text of a language, "" if
// that is unknown. The tokens are not kept.
func (m *Meter) Read(tokens *text.Tokens, lang string) {
	*m = Meter{signs: m.signs[:0], teller: -1, of: load(), lang: lang, in: tokens}
	joined := 0
	list := tokens.List[:min(len(tokens.List), mostTokens)]
	for i := 0; i < len(list); {
		t := &list[i]
		if t.URL || t.Kind == text.Part || t.Kind == text.Disguised || t.Field > text.Body {
			i++
			continue
		}
		if t.Kind == text.Hashtag {
			m.tags++
		}
		n := 1
		if t.Kind == text.Word || t.Kind == text.Hashtag {
			if p, took := m.of.Find(tokens, i, m.means); took > 0 {
				m.note(p, t, &tokens.List[i+took-1])
				n = took
			}
		}
		for _, in := range list[i:min(i+n, len(list))] {
			if in.Kind == text.Word {
				m.words++
				if in.Joined {
					joined++
				}
			}
		}
		i += n
	}
	const together = 3 // characters of a script without spaces that make a word
	m.words -= joined - joined/together
	m.in = nil
}

// means reports whether the phrase of n tokens from i on means something here.
func (m *Meter) means(phrase, i, n int) bool {
	list := m.in.List
	size := int(list[i+n-1].To - list[i].From)
	return slices.ContainsFunc(m.of.Meanings(phrase), func(say meaning) bool { return say.holds(m.lang, size) })
}

// note keeps what a phrase means: of each kind the first few, and none twice.
func (m *Meter) note(phrase int, from, to *text.Token) {
	said := [kindCount]bool{}
	for _, say := range m.of.Meanings(phrase) {
		if said[say.kind] || !say.holds(m.lang, int(to.To-from.From)) {
			continue
		}
		said[say.kind] = true
		if m.seen[say.kind] >= mostSigns || m.has(phrase, say.kind) {
			continue
		}
		m.seen[say.kind]++
		if (say.kind == oneself || say.kind == child) && m.teller < 0 {
			m.teller = len(m.signs)
		}
		if say.kind == child || say.kind == touches && say.weight >= deeply {
			m.moved += say.weight
		}
		m.signs = append(m.signs, sign{say.kind, from.Field, from.From, to.To, say.weight, int32(phrase)}) //nolint:gosec // the lists are short
	}
}

func (m *Meter) has(phrase int, k kind) bool {
	for i := range m.signs {
		if int(m.signs[i].phrase) == phrase && m.signs[i].kind == k {
			return true
		}
	}
	return false
}
