package sentiment

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"sync"

	"earshot/rules/lexicon"
	"earshot/rules/text"
)

//go:embed toward/*.txt
var towardLists embed.FS

// cue tells for which of two brands something is said. A phrase may be several.
type cue uint32

const (
	cueTurn    cue = 1 << iota // a clause begins that says otherwise: but
	cueConcede                 // a clause begins that counts less: although
	cueUnlike                  // a brand follows that is otherwise
	cueInstead                 // a brand follows that was not taken
	cueBetter                  // and than: what is before is better
	cueWorse                   // and than: what is before is worse
	cueThan
	cueBeats  // what is before is better than what follows
	cueLoses  // what is before is worse than what follows
	cuePrefer // what follows is better than what follows a to or over
	cuePick   // what follows is better than what follows an over
	cueOver
	cueMove // somebody leaves what follows a from, joins what follows a to
	cueWent // the same, if there are both
	cueFrom
	cueTo
	cueLeave // somebody leaves what follows, joins what follows a for
	cueFor
	cueMakes // and look: it makes another one look good, or bad
	cueLook
	cueLearn // and from: what is before is worse
	cueWish  // and like: what is between is worse
	cueLike
	cueAnd
	cueNot
)

// cueNames are the headings of the lists.
var cueNames = map[string]cue{
	"turn": cueTurn, "concede": cueConcede, "unlike": cueUnlike, "instead": cueInstead,
	"better": cueBetter, "worse": cueWorse, "than": cueThan, "beats": cueBeats, "loses": cueLoses,
	"prefer": cuePrefer, "pick": cuePick, "over": cueOver,
	"move": cueMove, "went": cueWent, "from": cueFrom, "to": cueTo, "leave": cueLeave, "for": cueFor,
	"makes": cueMakes, "look": cueLook, "learn": cueLearn, "wish": cueWish, "like": cueLike, "and": cueAnd, "not": cueNot,
}

// cues are the phrases of all languages.
type cues struct {
	table lexicon.Table
	langs [][]cuesOf // by phrase
}

// cuesOf is what a phrase is in one language.
type cuesOf struct {
	lang string
	cue  cue
}

var loadCues = sync.OnceValue(func() *cues {
	c := &cues{}
	files, err := fs.Glob(towardLists, "toward/*.txt")
	if err != nil {
		panic(err)
	}
	for _, name := range files {
		list, err := towardLists.ReadFile(name)
		if err != nil {
			panic(err)
		}
		for _, e := range lexicon.Read(string(list)) {
			c.add(strings.TrimSuffix(path.Base(name), ".txt"), e)
		}
	}
	c.table.Freeze()
	return c
})

func (c *cues) add(lang string, e lexicon.Entry) {
	is, ok := cueNames[e.Heading[0]]
	if !ok {
		panic("sentiment: no such heading: " + e.Heading[0])
	}
	for _, phrase := range e.Phrases {
		p := c.table.Add(text.Fold(phrase))
		for len(c.langs) <= p {
			c.langs = append(c.langs, nil)
		}
		if n := len(c.langs[p]); n > 0 && c.langs[p][n-1].lang == lang {
			c.langs[p][n-1].cue |= is
			continue
		}
		c.langs[p] = append(c.langs[p], cuesOf{lang, is})
	}
}

// in is what a phrase is in a language; who writes in none that is known writes
// English.
func (c *cues) in(phrase int, lang string) cue {
	if lang == "" {
		lang = "en"
	}
	for _, of := range c.langs[phrase] {
		if of.lang == lang {
			return of.cue
		}
	}
	return 0
}

// place is a phrase that is a cue: words from to to, among those that are read.
type place struct {
	cue      cue
	from, to int
}

// find appends the cues among tokens of a text in a language to dst.
func (c *cues) find(dst []place, tokens *text.Tokens, lang string, end int) []place {
	means := func(phrase, _, _ int) bool { return c.in(phrase, lang) != 0 }
	for i := 0; i < end && len(dst) < mostPlaces; {
		tok := &tokens.List[i]
		if tok.URL || tok.Kind != text.Word {
			i++
			continue
		}
		p, n := c.table.Find(tokens, i, means)
		if n == 0 {
			i++
			continue
		}
		dst = append(dst, place{c.in(p, lang), i, i + n})
		i += n
	}
	return dst
}
