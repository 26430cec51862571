package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"earshot/rules/features"
	"earshot/rules/language"
	"earshot/rules/learn"
	"earshot/rules/lexicon"
)

// shortPost is the group of posts under 80 characters.
const shortPost = "short"

// files are posts of a known language in the Latin script.
var files = []struct {
	lang, file string
	most       int // posts that are read
}{
	{"de", "umsab_german.tsv", 2000},
	{"en", "umsab_english.tsv", 2000},
	{"es", "umsab_spanish.tsv", 2000},
	{"fr", "umsab_french.tsv", 2000},
	{"hi", "umsab_hindi.tsv", 2000},
	{"it", "umsab_italian.tsv", 2000},
	{"pt", "umsab_portuguese.tsv", 2000},
	{"en", "tweeteval.tsv", 4000},
	{"en", "tse.tsv", 8000},
}

func readPosts(data string) ([]learn.Example, error) {
	var all []learn.Example
	for _, f := range files {
		rows, err := learn.Read(filepath.Join(data, "sentiment", "train", f.file))
		if err != nil {
			return nil, err
		}
		for _, row := range rows[:min(len(rows), f.most)] {
			all = append(all, example(f.lang, row.Text))
		}
	}
	return all, nil
}

func example(lang, s string) learn.Example {
	var p features.Post
	p.Read("", s)
	e := learn.Example{
		Hashes: learn.Hashes(nil, &p, language.Groups), Label: slices.Index(language.Latin, lang), Weight: 1,
	}
	if utf8.RuneCountInString(s) < 80 {
		e.Group = shortPost
	}
	return e
}

// Phrases that are drawn for each language, and their words.
const (
	drawn      = 1500
	leastWords = 3
	mostWords  = 12
)

// readPhrases draws words of every language of the lists: half of them small
// words, the rest those of feelings and needs.
func readPhrases(lists string) ([]learn.Example, error) {
	small, err := os.ReadFile(filepath.Join(lists, "language", "words.txt"))
	if err != nil {
		return nil, err
	}
	var all []learn.Example
	for _, entry := range lexicon.Read(string(small)) {
		lang := entry.Heading[0]
		if !slices.Contains(language.Latin, lang) {
			continue
		}
		var others []string
		for _, part := range []string{"sentiment", "urgency"} {
			list, err := os.ReadFile(filepath.Join(lists, part, "words", lang+".txt"))
			if err != nil {
				continue // not every language has one
			}
			if !bytes.Contains(list, []byte(":")) {
				return nil, fmt.Errorf("%s/words/%s.txt is no list", part, lang)
			}
			for _, e := range lexicon.Read(string(list)) {
				others = append(others, e.Phrases...)
			}
		}
		all = append(all, draw(lang, entry.Phrases, others)...)
	}
	return all, nil
}

func draw(lang string, small, others []string) []learn.Example {
	random := rand.New(rand.NewPCG(1, uint64(features.HashWord(lang))))
	examples := make([]learn.Example, drawn)
	for i := range examples {
		words := make([]string, leastWords+random.IntN(mostWords-leastWords+1))
		for k := range words {
			from := small
			if len(others) > 0 && random.IntN(2) == 0 {
				from = others
			}
			words[k] = strings.TrimRight(from[random.IntN(len(from))], "*")
		}
		examples[i] = example(lang, strings.Join(words, " "))
		examples[i].Group = "phrase"
	}
	return examples
}
