package urgency

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
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

type model struct {
	table    lexicon.Table
	meanings [][]meaning // by phrase
}

var load = sync.OnceValue(func() *model {
	m := &model{}
	files, err := fs.Glob(lists, "words/*.txt")
	if err != nil {
		panic(err)
	}
	for _, name := range files {
		list, err := lists.ReadFile(name)
		if err != nil {
			panic(err)
		}
		for _, e := range lexicon.Read(string(list)) {
			m.add(strings.TrimSuffix(path.Base(name), ".txt"), e)
		}
	}
	m.table.Freeze()
	return m
})

func (m *model) add(lang string, e lexicon.Entry) {
	entry := meaning{lang: lang}
	if k, ok := kinds[e.Heading[0]]; ok {
		entry.kind = k
	} else {
		h := slices.Index(names[:], e.Heading[0])
		weight, err := strconv.ParseFloat(e.Heading[len(e.Heading)-1], 64)
		if h < 0 || err != nil {
			panic("urgency: no such heading: " + strings.Join(e.Heading, " "))
		}
		entry.head, entry.weight = Head(h), earshot.ScoreOf(weight)
		entry.always = slices.Contains(e.Heading, "always") || entry.head == Request || entry.head == Leaving || entry.head == Legal
		entry.beside = slices.Contains(e.Heading, "beside")
	}
	for _, phrase := range e.Phrases {
		entry.plain = entry.head == Danger && entry.kind == head && isPlain(phrase)
		p := m.table.Add(text.Fold(phrase))
		for len(m.meanings) <= p {
			m.meanings = append(m.meanings, nil)
		}
		m.meanings[p] = append(m.meanings[p], entry)
	}
}

// isPlain reports whether a phrase is so long that no other language says it by
// chance. Of a short post the language is often not known.
func isPlain(phrase string) bool {
	const long = 10
	return len(phrase) >= long && strings.Contains(phrase, " ")
}
