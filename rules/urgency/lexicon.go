package urgency

import (
	"embed"
	"slices"
	"strconv"
	"strings"
	"sync"

	"earshot"
	"earshot/rules/lexicon"
)

//go:embed words/*.txt
var lists embed.FS

// kind is what a phrase is a sign of.
type kind uint8

const (
	head kind = iota
	self
	greeting
	negates     // what follows is not so
	negatesNoun // the same, and a noun may stand between: no passengers were
	links       // a negation reaches over it
	calms       // a sign of nothing, although its words are
)

// kinds are the headings of the lists that are no heads.
var kinds = map[string]kind{
	"self": self, "greet": greeting, "not": negates, "no": negatesNoun, "link": links, "calm": calms,
}

// meaning is what a phrase says in one language.
type meaning struct {
	lang   string
	kind   kind
	head   Head
	weight earshot.Score
	always bool // also behind a negation
	beside bool // only if there are other signs of danger or of a complaint
	plain  bool // it says so in whatever language it stands
}

// holds reports whether a phrase of so many bytes may be taken for what it means
// here. Short words mean too many things in other languages.
func (m *meaning) holds(lang string, size int) bool {
	const long = 5
	switch {
	case m.lang == lang, m.plain, lang == "" && (m.lang == "en" || m.kind != self && m.kind != head):
		return true
	case m.lang == "en" || lang == "":
		return m.kind != self && m.kind != greeting && size >= long
	}
	return false
}

var load = sync.OnceValue(func() *lexicon.Lists[meaning] { return lexicon.ReadLists(lists, mean) })

// mean is what a phrase under a heading says: a kind, or a head and a weight.
func mean(lang string, heading []string, phrase string) meaning {
	if k, ok := kinds[heading[0]]; ok {
		return meaning{lang: lang, kind: k}
	}
	h := slices.Index(names[:], heading[0])
	weight, err := strconv.ParseFloat(heading[len(heading)-1], 64)
	if h < 0 || err != nil {
		panic("urgency: no such heading: " + strings.Join(heading, " "))
	}
	m := meaning{lang: lang, head: Head(h), weight: earshot.ScoreOf(weight)}
	m.always = slices.Contains(heading, "always") || m.head == Request || m.head == Leaving || m.head == Legal
	m.beside = slices.Contains(heading, "beside")
	m.plain = m.head == Danger && !m.beside && isPlain(phrase)
	return m
}

// isPlain reports whether a phrase is so long that no other language says it by
// chance. Of a short post the language is often not known, or mistaken.
func isPlain(phrase string) bool {
	const long, longWord = 10, 8
	if strings.Contains(phrase, " ") {
		return len(phrase) >= long
	}
	return len(strings.TrimSuffix(phrase, "*")) >= longWord
}
