// Package lexicon finds the phrases of word lists in a text and reads those
// lists. What a phrase means is for its callers, sentiment, urgency and
// language, to say.
package lexicon

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"earshot/rules/text"
)

// Table finds phrases. Add first, then Freeze; after that it is immutable and
// safe for concurrent use.
type Table struct {
	dict    text.Dict
	phrases [][]text.Element
	numbers map[string]int
	byFirst [][]int32 // by the dictionary's number of the first word: phrases, longest first
}

// Add returns the number of a phrase, the same for the same phrase. Words may
// end in *. It panics when there is no word in it: lists are part of the program.
func (t *Table) Add(phrase string) int {
	if n, ok := t.numbers[phrase]; ok {
		return n
	}
	elements := text.Pattern(phrase)
	if len(elements) == 0 {
		panic(fmt.Sprintf("lexicon: no word in %q", phrase))
	}
	if t.numbers == nil {
		t.numbers = map[string]int{}
	}
	n := len(t.phrases)
	t.numbers[phrase] = n
	t.phrases = append(t.phrases, elements)
	return n
}

// Freeze readies the table for Find.
func (t *Table) Freeze() {
	for n, elements := range t.phrases {
		number := t.dict.Word
		if elements[0].Prefix {
			number = t.dict.Prefix
		}
		id := int(number(elements[0].Key))
		for len(t.byFirst) <= id {
			t.byFirst = append(t.byFirst, nil)
		}
		t.byFirst[id] = append(t.byFirst[id], int32(n))
	}
	for _, phrases := range t.byFirst {
		slices.SortStableFunc(phrases, func(a, b int32) int {
			return cmp.Compare(len(t.phrases[b]), len(t.phrases[a]))
		})
	}
	t.dict.Freeze()
}

// Find returns the longest phrase that begins with token i, and how many tokens
// it takes; n is 0 if there is none. A whole word beats a beginning. Phrases that
// means refuses, such as those of other languages, are not there; nil takes all.
func (t *Table) Find(tokens *text.Tokens, i int, means func(phrase, i, n int) bool) (phrase, n int) {
	var scratch [8]int32
	for _, id := range t.dict.Lookup(scratch[:0], tokens.Key(i)) {
		for _, p := range t.byFirst[id] {
			if len(t.phrases[p]) <= n {
				break
			}
			took := t.follows(tokens, i, t.phrases[p])
			if took > n && (means == nil || means(int(p), i, took)) {
				phrase, n = int(p), took
				break
			}
		}
	}
	return phrase, n
}

// FindWord returns the phrase that is the one word with this key.
func (t *Table) FindWord(key []byte) (phrase int, ok bool) {
	var scratch [8]int32
	for _, id := range t.dict.Lookup(scratch[:0], key) {
		phrases := t.byFirst[id]
		if p := phrases[len(phrases)-1]; len(t.phrases[p]) == 1 {
			return int(p), true
		}
	}
	return 0, false
}

// follows returns how many tokens the phrase takes from token i on, 0 if it does
// not stand there.
func (t *Table) follows(tokens *text.Tokens, i int, phrase []text.Element) int {
	if i+len(phrase) > len(tokens.List) {
		return 0
	}
	for k := 1; k < len(phrase); k++ {
		e, tok, key := &phrase[k], &tokens.List[i+k], tokens.Key(i+k)
		switch {
		case tok.Field != tokens.List[i].Field, e.Joined && !tok.Joined:
			return 0
		case e.Prefix && !bytes.HasPrefix(key, []byte(e.Key)), !e.Prefix && string(key) != e.Key:
			return 0
		}
	}
	return len(phrase)
}

// Entry is one line of a word list: a heading of space-separated words, a colon,
// and phrases separated by commas.
type Entry struct {
	Heading []string
	Phrases []string
}

// Read reads a word list. Empty lines and lines that begin with # are skipped. It
// panics on a line without a colon: lists are part of the program.
func Read(list string) []Entry {
	var entries []Entry
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		heading, phrases, ok := strings.Cut(line, ":")
		if !ok {
			panic("lexicon: no colon in line " + line)
		}
		e := Entry{Heading: strings.Fields(heading)}
		for p := range strings.SplitSeq(phrases, ",") {
			if p = strings.TrimSpace(p); p != "" {
				e.Phrases = append(e.Phrases, p)
			}
		}
		entries = append(entries, e)
	}
	return entries
}
