package main

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jonreiter/govader"

	"earshot/rules/features"
	"earshot/rules/learn"
	"earshot/rules/sentiment"
)

// Of English there is more to know than its labelled posts: what the VADER lexicon
// holds to be good and bad, and which words stand in the same company. Both are
// numbers while the model is trained and become weights of the words themselves.
const (
	known = 4   // numbers of the VADER lexicon: good, bad, good and denied, bad and denied
	dims  = 96  // numbers of the company of words
	place = 0.3 // what those count
	steep = 1.5 // what a step of valence counts
)

// valence is what the VADER lexicon says of words and of denied words, by their
// hashes.
type valence struct{ words, denied map[uint32]float64 }

func readValence() valence {
	v := valence{words: map[uint32]float64{}, denied: map[uint32]float64{}}
	lexicon := govader.NewSentimentIntensityAnalyzer().Lexicon
	for _, word := range slices.Sorted(maps.Keys(lexicon)) {
		h := features.HashWord(strings.ToLower(word))
		v.words[h], v.denied[features.HashDenied(h)] = lexicon[word], lexicon[word]
	}
	return v
}

// count adds up the valences of a post's words.
func (v valence) count(numbers []float32, p *features.Post) {
	for _, f := range p.Groups[features.Words] {
		worth := v.words[f.Hash]
		numbers[side(worth)] += float32(steep * math.Abs(worth))
	}
	for _, f := range p.Groups[features.Denied] {
		worth := v.denied[f.Hash]
		numbers[2+side(worth)] += float32(steep * math.Abs(worth))
	}
}

func side(worth float64) int {
	if worth < 0 {
		return 1
	}
	return 0
}

// fold makes what was learnt of valences, the last of the numbers, weights of words.
func (v valence) fold(w *learn.Weights) {
	first := len(w.Dense) - known*w.Outputs
	salt := sentiment.Salt("en")
	for from, words := range []map[uint32]float64{v.words, v.denied} {
		for _, hash := range slices.Sorted(maps.Keys(words)) {
			worth := words[hash]
			learnt := w.Dense[first+(2*from+side(worth))*w.Outputs:]
			for k, row := 0, w.OwnRow(hash^salt); k < len(row); k++ {
				row[k] += float32(float32(steep*math.Abs(worth)) * learnt[k])
			}
		}
	}
	w.Dense = w.Dense[:first]
}

// corpora are the posts that tell which words stand in the same company. Labels do
// not count.
var corpora = []string{
	"sentiment/train/tweeteval.tsv", "sentiment/train/tse.tsv", "tone/train/emotion.tsv", "tone/train/irony.tsv",
	"tone/train/hate.tsv", "tone/train/offensive.tsv", "urgency/requests.tsv", "urgency/crisislex26.tsv",
}

// learnEnglish readies the reader for English posts.
func (r *reader) learnEnglish(data string) error {
	r.valence = readValence()
	var posts [][]uint32
	for _, name := range corpora {
		rows, err := learn.Read(filepath.Join(data, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		for _, row := range rows {
			r.post.Read("", row.Text)
			posts = append(posts, r.words())
		}
	}
	r.vectors = learn.Embed(posts, dims)
	return nil
}

// words are those of the post that was read last, and its signs, as the model of
// English hashes them.
func (r *reader) words() []uint32 {
	var all []uint32
	salt := sentiment.Salt("en")
	for _, f := range r.post.Groups[features.Words] {
		all = append(all, f.Hash^salt)
	}
	for _, f := range r.post.Groups[features.Signs] {
		all = append(all, f.Hash)
	}
	return all
}
