// Package language guesses what language a post is written in, from its script
// and its small words. It is quick and unpretentious: "" means that it does not
// know, which is usual for posts of a few words.
package language

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"earshot/rules/lexicon"
	"earshot/rules/text"
)

//go:embed words.txt
var words string

type model struct {
	names []string
	table lexicon.Table
	langs [][]int // by phrase: languages that use it
}

var load = sync.OnceValue(func() *model {
	m := &model{}
	for n, e := range lexicon.Read(words) {
		m.names = append(m.names, e.Heading[0])
		for _, word := range e.Phrases {
			p := m.table.Add(text.Fold(word))
			if p == len(m.langs) {
				m.langs = append(m.langs, nil)
			}
			m.langs[p] = append(m.langs[p], n)
		}
	}
	m.table.Freeze()
	return m
})

// Base returns the language of a BCP 47 tag without script and region, in lower
// case, and "" for tags that name no language. Both ways to write Norwegian are no.
func Base(tag string) string {
	end := strings.IndexAny(tag, "-_")
	if end < 0 {
		end = len(tag)
	}
	base := strings.ToLower(tag[:end])
	switch {
	case base == "und", base == "zxx", len(base) > 3:
		return ""
	case base == "nb", base == "nn":
		return "no"
	}
	return base
}

// enough is how many tokens tell the language; the rest of a long text is not
// looked at.
const enough = 200

// Guess returns the BCP 47 code of the language, or "".
func Guess(tokens *text.Tokens) string {
	m := load()
	var votes [32]float64
	var scripts [scriptCount]int
	for i := range tokens.List[:min(len(tokens.List), enough)] {
		tok := &tokens.List[i]
		if tok.Kind != text.Word || tok.URL {
			continue
		}
		s := scriptOf(tokens.Key(i))
		scripts[s]++
		if s != latin && s != cyrillic {
			continue
		}
		if p, n := m.table.Find(tokens, i, nil); n > 0 {
			for _, lang := range m.langs[p] {
				votes[lang] += 1 / float64(len(m.langs[p])) // a word of many languages says little
			}
		}
	}
	if lang := byScript(&scripts); lang != "" {
		return lang
	}
	best, second := 0, -1.0
	for lang := 1; lang < len(m.names); lang++ {
		switch {
		case votes[lang] > votes[best]:
			second, best = votes[best], lang
		case votes[lang] > second:
			second = votes[lang]
		}
	}
	if votes[best] == 0 || votes[best] <= second {
		return ""
	}
	return m.names[best]
}

type script int

const (
	none script = iota
	latin
	cyrillic
	han
	kana
	hangul
	thai
	arabic
	hebrew
	greek
	devanagari
	scriptCount
)

// byScript names the language of scripts that have one, if they prevail.
func byScript(scripts *[scriptCount]int) string {
	best := latin
	for s := cyrillic; s < scriptCount; s++ {
		if scripts[s] > scripts[best] {
			best = s
		}
	}
	if best == latin || best == han && scripts[latin] > scripts[han]+scripts[kana] {
		return ""
	}
	if best == han && scripts[kana]*5 > scripts[han] {
		best = kana
	}
	names := [scriptCount]string{
		han: "zh", kana: "ja", hangul: "ko", thai: "th", arabic: "ar", hebrew: "he", greek: "el", devanagari: "hi",
	}
	return names[best]
}

func scriptOf(key []byte) script {
	r, _ := utf8.DecodeRune(key)
	switch {
	case r < 0x80 && !unicode.IsLetter(r):
		return none
	case r < 0x250:
		return latin
	case r >= 0x370 && r < 0x400:
		return greek
	case r >= 0x400 && r < 0x530:
		return cyrillic
	case r >= 0x590 && r < 0x600:
		return hebrew
	case r >= 0x600 && r < 0x780:
		return arabic
	case r >= 0x900 && r < 0x980:
		return devanagari
	case r >= 0xE00 && r < 0xE80:
		return thai
	case r >= 0x3040 && r < 0x3100:
		return kana
	case r >= 0x3400 && r < 0xA000, r >= 0x20000:
		return han
	case r >= 0xAC00 && r < 0xD7A4, r >= 0x3131 && r < 0x318F:
		return hangul
	}
	return none
}
