package crisis

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// Sizes of what is known of words.
const (
	wordBytes   = 24  // of a word; longer ones are left out
	wordsBytes  = 120 // of all words of a text; what follows is left out
	lookAt      = 600 // bytes of a text
	wordCells   = 1024
	wordRows    = 2
	wordsHalve  = 4000 // texts after which what was counted loses half its weight
	minWordRune = 4    // shorter words say little where words have spaces between them
)

// words are the distinct words of a text, lower case, without handles, links and
// numbers. Of scripts that write without spaces they are pairs of characters.
func words(text string) []string {
	if len(text) > lookAt {
		text = text[:lookAt]
	}
	var (
		list  []string
		bytes int
	)
	add := func(word string) {
		if len(word) > wordBytes || bytes+len(word) > wordsBytes || slices.Contains(list, word) {
			return
		}
		list = append(list, word)
		bytes += len(word)
	}
	for field := range strings.FieldsSeq(text) {
		if strings.ContainsAny(field, "@/\\") || strings.Contains(field, "www.") {
			continue // a handle, an address or a link
		}
		for word := range strings.FieldsFuncSeq(field, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
			if dense(word) {
				pairs(word, add)
			} else if utf8.RuneCountInString(word) >= minWordRune {
				add(strings.ToLower(word))
			}
		}
	}
	return list
}

// dense reports whether a word is of a script without spaces between words.
func dense(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func pairs(word string, add func(string)) {
	last := -1
	for at, r := range word {
		if last >= 0 {
			add(word[last : at+utf8.RuneLen(r)])
		}
		last = at
	}
}

// lexis is how often words were used in the past, roughly: words that share their
// cells are taken for more usual than they are, never for less. Its fields are
// exported for gob only.
type lexis struct {
	Cells [wordRows * wordCells]uint16
	Texts uint16
}

func wordAt(word string) [wordRows]int {
	hash := xxhash.Sum64String(word)
	return [wordRows]int{int(hash % wordCells), wordCells + int(hash>>32%wordCells)}
}

func (l *lexis) learn(t text) {
	l.Texts++
	for _, word := range t.Words {
		for _, at := range wordAt(word) {
			l.Cells[at] += min(1, math.MaxUint16-l.Cells[at])
		}
	}
	if l.Texts < wordsHalve {
		return
	}
	l.Texts /= 2
	for at := range l.Cells {
		l.Cells[at] /= 2
	}
}

// share is in which part of the texts a word was, [0,1].
func (l *lexis) share(word string) float64 {
	if l.Texts == 0 {
		return 0
	}
	least := uint16(math.MaxUint16)
	for _, at := range wordAt(word) {
		least = min(least, l.Cells[at])
	}
	return min(1, float64(least)/float64(l.Texts))
}
