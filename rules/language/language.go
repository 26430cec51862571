// Package language tells what language a post is written in: from its script
// where that is enough, else by a small linear model over words and runs of
// characters. "" means that it does not know.
package language

import (
	_ "embed"
	"math"
	"strings"
	"sync"

	"earshot/rules/features"
	"earshot/rules/linear"
)

//go:embed language.weights
var file string

// Latin are the languages in the Latin script that the model tells apart.
var Latin = []string{
	"en", "de", "es", "fr", "hi", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "tr", "id", "cs", "ro",
}

// Groups are the features that the model reads.
var Groups = []features.Group{features.Words, features.Runs1, features.Runs2, features.Runs3, features.Runs4}

var loadWeights = sync.OnceValue(func() *linear.Model { return linear.MustRead(file) })

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

// Guess returns the BCP 47 code of the language of a post, or "". The texts are
// those that the post was read from.
func Guess(p *features.Post, title, body string) string {
	var s scripts
	s.count(title)
	s.count(body)
	if lang, sure := s.language(); sure {
		return lang
	}
	if len(p.Groups[features.Words]) == 0 {
		return ""
	}
	m := loadWeights()
	var sums [32]int32
	m.SumN(p, sums[:])
	best, all, most := 0, 1.0, 1.0
	for k := range m.Outputs() {
		odds := math.Exp(min(float64(float64(sums[k])*m.Unit)+m.Bias[k], 40))
		all += odds
		if odds > most {
			best, most = k+1, odds
		}
	}
	if most < sure*all && len(p.Groups[features.Words]) <= few {
		return ""
	}
	return Latin[best]
}

// Of so few words nothing is said that is not at least so sure.
const (
	few  = 2
	sure = 0.5
)
