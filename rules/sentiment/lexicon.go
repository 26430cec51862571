package sentiment

import (
	"embed"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"

	"earshot/rules/lexicon"
	"earshot/rules/text"
)

//go:embed words/*.txt
var lists embed.FS

// role is what a phrase does besides being good or bad.
type role uint8

const (
	plain role = iota
	negates
	intensifies
	weakens
	contrasts
)

// meaning is what a phrase says in one language.
type meaning struct {
	lang    string // "" in every language
	role    role
	valence float64
}

type model struct {
	table    lexicon.Table
	meanings [][]meaning // by phrase
}

var load = sync.OnceValue(func() *model {
	m := &model{}
	eachEntry(m.add)
	m.table.Freeze()
	return m
})

// eachEntry goes through all word lists; those of pictures are of no language.
func eachEntry(do func(lang string, e lexicon.Entry)) {
	files, err := fs.Glob(lists, "words/*.txt")
	if err != nil {
		panic(err)
	}
	for _, name := range files {
		list, err := lists.ReadFile(name)
		if err != nil {
			panic(err)
		}
		lang := strings.TrimSuffix(path.Base(name), ".txt")
		if lang == "emoji" {
			lang = ""
		}
		for _, e := range lexicon.Read(string(list)) {
			do(lang, e)
		}
	}
}

func (m *model) add(lang string, e lexicon.Entry) {
	entry := meaning{lang: lang}
	switch heading := e.Heading[0]; heading {
	case "not":
		entry.role = negates
	case "very":
		entry.role = intensifies
	case "less":
		entry.role = weakens
	case "but":
		entry.role = contrasts
	default:
		valence, err := strconv.ParseFloat(heading, 64)
		if err != nil {
			panic("sentiment: no such heading: " + heading)
		}
		entry.valence = valence
	}
	for _, phrase := range e.Phrases {
		p := m.table.Add(text.Fold(phrase))
		for len(m.meanings) <= p {
			m.meanings = append(m.meanings, nil)
		}
		m.meanings[p] = append(m.meanings[p], entry)
	}
}

// pick chooses what a phrase of so many bytes means in a language: what it means
// there, or else, since people mix languages, what a strong English word means.
// Of an unknown language it takes what all languages agree on.
func pick(meanings []meaning, lang string, size int) (meaning, bool) {
	english := -1
	for i := range meanings {
		if m := &meanings[i]; m.lang == lang || m.lang == "" {
			return *m, true
		} else if m.lang == "en" {
			english = i
		}
	}
	if english >= 0 && (lang == "" || size >= 4 && meanings[english].role == plain) {
		return meanings[english], true
	}
	if lang != "" {
		return meaning{}, false
	}
	for i := range meanings {
		if meanings[i].role != meanings[0].role || meanings[i].valence*meanings[0].valence < 0 {
			return meaning{}, false
		}
	}
	return meanings[0], true
}

// Phrase is an entry of the word lists, for training.
type Phrase struct {
	Text, Lang string
	Valence    float64 // from -4 to 4
}

// Phrases lists what the word lists hold to be good or bad, in their order.
func Phrases() []Phrase {
	var all []Phrase
	eachEntry(func(lang string, e lexicon.Entry) {
		valence, err := strconv.ParseFloat(e.Heading[0], 64)
		if err != nil {
			return // not, very, but
		}
		for _, p := range e.Phrases {
			all = append(all, Phrase{Text: strings.TrimSuffix(p, "*"), Lang: lang, Valence: valence})
		}
	})
	return all
}
