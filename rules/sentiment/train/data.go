package main

import (
	"math"
	"path/filepath"
	"slices"

	"earshot/rules/features"
	"earshot/rules/learn"
	"earshot/rules/sentiment"
	"earshot/rules/text"
)

// set is a file of labelled posts.
type set struct {
	file, lang string
	weight     float32 // of one example
	balance    float64 // 1: every class counts the same in sum; 0: as it is
	origin     string
}

// sets is what the model is trained on. UMSAB's English file is not among them:
// three quarters of TweetEval's posts for validation stand in it.
var sets = []set{
	{"tweeteval.tsv", "en", 1, 1, "SemEval-2013-2017 task 4 as in TweetEval, train: CC BY 3.0"},
	{"tse.tsv", "en", 0.25, 1, "Tweet Sentiment Extraction: CC BY 4.0"},
	{"umsab_arabic.tsv", "ar", 2, 0, umsab},
	{"umsab_french.tsv", "fr", 2, 0, umsab},
	{"umsab_german.tsv", "de", 2, 0, umsab},
	{"umsab_hindi.tsv", "hi", 2, 0, umsab},
	{"umsab_italian.tsv", "it", 2, 0, umsab},
	{"umsab_portuguese.tsv", "pt", 2, 0, umsab},
	{"umsab_spanish.tsv", "es", 2, 0, umsab},
	{"wisesight_thai.tsv", "th", 1, 0.5, "Wisesight sentiment corpus, train: CC0"},
}

const umsab = "UMSAB train (XLM-T): Apache-2.0"

var classes = []string{"neu", "neg", "pos"}

// groups are the features that the model reads.
var groups = []features.Group{
	features.Words, features.Signs, features.Pairs, features.Denied, features.Style,
	features.Runs1, features.Runs2, features.Runs3, features.Runs4,
}

func (r *reader) readAll(dir string) ([]learn.Example, error) {
	var all []learn.Example
	for _, s := range sets {
		rows, err := learn.Read(filepath.Join(dir, s.file))
		if err != nil {
			return nil, err
		}
		all = append(all, r.examples(s, rows)...)
	}
	return append(all, r.lists()...), nil
}

// lists makes an example of every phrase of the word lists that is clearly good or
// bad, so that the words of a language mean by and large what its list says. In
// English the VADER lexicon is among the numbers.
func (r *reader) lists() []learn.Example {
	var all []learn.Example
	for _, p := range sentiment.Phrases() {
		size := math.Abs(p.Valence)
		if size < distinct || p.Lang == "en" || !sentiment.Trained(p.Lang) {
			continue
		}
		label := slices.Index(classes, "neg")
		if p.Valence > 0 {
			label = slices.Index(classes, "pos")
		}
		s := set{file: listSet, lang: p.Lang, weight: listWeight * float32(size)}
		all = append(all, r.example(s, p.Text, label))
	}
	return all
}

// listed is how much what the word lists find counts while it is learnt: they find
// little, and would be learnt slowly.
const listed = 6

// distinct is the least valence of a word that is an example; listSet is their set.
const (
	distinct   = 1.5
	listWeight = 0.15 // of an example, per step of valence
	listSet    = "word lists"
)

// reader turns labelled posts into examples.
type reader struct {
	post    features.Post
	tokens  text.Tokens
	valence valence
	vectors *learn.Vectors
}

func (r *reader) examples(s set, rows []learn.Row) []learn.Example {
	var counts [3]float64
	examples := make([]learn.Example, 0, len(rows))
	for _, row := range rows {
		label := slices.Index(classes, row.Label)
		if label < 0 {
			continue // questions, in the Thai file
		}
		counts[label]++
		examples = append(examples, r.example(s, row.Text, label))
	}
	for i := range examples {
		fair := float64(len(examples)) / 3 / counts[examples[i].Label]
		examples[i].Weight *= float32(math.Pow(fair, s.balance))
	}
	return examples
}

func (r *reader) example(s set, post string, label int) learn.Example {
	r.post.Read("", post)
	r.tokens.Reset()
	r.tokens.Add(text.Body, post)
	e := learn.Example{Label: label, Set: s.file, Weight: s.weight}
	salt := sentiment.Salt(s.lang)
	for _, g := range groups {
		if !sentiment.Reads(s.lang, g) {
			continue
		}
		own := uint32(0)
		if sentiment.Own(g) {
			own = salt
		}
		for _, f := range r.post.Groups[g] {
			e.Hashes = append(e.Hashes, f.Hash^own)
		}
	}
	e.Hashes = append(e.Hashes, sentiment.HashLanguage(s.lang))
	numbers := sentiment.NumbersOf(sentiment.Input{
		Tokens: &r.tokens, Post: &r.post, Fields: [2]string{"", post}, Lang: s.lang,
	})
	for i := range numbers {
		numbers[i] *= listed
	}
	e.Dense = append(numbers[:], make([]float32, known+dims)...)
	if s.lang == "en" {
		r.valence.count(e.Dense[sentiment.Numbers:], &r.post)
		for k, v := range r.vectors.Place(r.words()) {
			e.Dense[sentiment.Numbers+known+k] = place * v
		}
	}
	return e
}
