// Package adapt learns from people's corrections what words mean to one brand: a
// small layer of weights over the book's own scores, held so tightly that a
// handful of corrections cannot break what was right. A layer is a file that can be
// read and taken back, and it holds no text of a correction but single words that
// several people wrote. Package adapt does not judge, and it asks no clock.
package adapt

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"earshot"
	"earshot/rules/relevance"
	"earshot/rules/text"
)

// Field is a score that people correct.
type Field string

// The fields.
const (
	Relevance Field = "relevance" // [0,1]
	Sentiment Field = "sentiment" // [-1,1]
	Complaint Field = "complaint" // [0,1], as Request
	Request   Field = "request"
)

// Fields lists all fields.
func Fields() []Field { return []Field{Relevance, Sentiment, Complaint, Request} }

// Bounds of a layer. A word moves a score by at most mostWord, all words of a post
// together by at most mostSum.
const (
	mostWord   = 0.25
	mostSum    = 0.5
	leastWord  = 0.01
	mostWords  = 500 // of a field
	mostKey    = 64  // bytes of a word
	format     = 1   // of the file
	rulePrefix = "adapt:"
)

// MaxFile is how many bytes a layer's file may have.
const MaxFile = 1 << 20

// Layer is what was learnt for a brand. It is immutable once read or made and safe
// for concurrent use.
type Layer struct {
	Format      int               `json:"format"`
	Brand       string            `json:"brand"`
	Made        time.Time         `json:"made"`        // when it was learnt
	By          map[string]int    `json:"by"`          // who corrected, and how often
	Corrections []string          `json:"corrections"` // what was learnt from: mentions' keys, no IDs
	Fields      map[Field]*Learnt `json:"fields"`
}

// Learnt is what was learnt for one field.
type Learnt struct {
	Corrections int                      `json:"corrections"` // it was learnt from
	Before      Measure                  `json:"before"`      // on corrections that were not learnt from
	After       Measure                  `json:"after"`       // on the same
	Words       map[string]earshot.Score `json:"words"`       // what each adds to the score
}

// Measure is how often scores are right.
type Measure struct {
	Right    earshot.Score `json:"right"` // share of corrections whose side is met
	Low      earshot.Score `json:"low"`   // the range that holds the share in 19 of 20 samples
	High     earshot.Score `json:"high"`
	Distance earshot.Score `json:"distance"` // mean distance from the value that people gave
}

// Read reads the file of a layer for a brand and checks it.
func Read(data []byte, brand string) (*Layer, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("a layer has at most %d bytes", MaxFile)
	}
	l := &Layer{}
	if err := json.Unmarshal(data, l); err != nil {
		return nil, fmt.Errorf("this is no layer of earshot adapt: %w", err)
	}
	switch {
	case l.Format != format:
		return nil, fmt.Errorf("this is no layer of format %d", format)
	case l.Brand != brand:
		return nil, fmt.Errorf("the layer is for brand %.40q", l.Brand)
	}
	for _, field := range slices.Sorted(maps.Keys(l.Fields)) {
		if err := l.Fields[field].check(field); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *Learnt) check(field Field) error {
	switch {
	case !slices.Contains(Fields(), field):
		return fmt.Errorf("there is no field %.40q (fields are %v)", string(field), Fields())
	case l == nil:
		return fmt.Errorf("field %s is empty", field)
	case len(l.Words) > mostWords:
		return fmt.Errorf("field %s has %d words, at most %d may be", field, len(l.Words), mostWords)
	}
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		weight := l.Words[word].Float()
		if word == "" || len(word) > mostKey || !utf8.ValidString(word) || math.Abs(weight) > mostWord {
			return fmt.Errorf("field %s: the weight of %.40q is not from %v to %v", field, word, -mostWord, mostWord)
		}
	}
	return nil
}

// Write is the file of a layer.
func (l *Layer) Write() ([]byte, error) {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing a layer: %w", err)
	}
	return append(data, '\n'), nil
}

// Has reports whether the layer says anything of a field. A nil layer does not.
func (l *Layer) Has(field Field) bool {
	return l != nil && l.Fields[field] != nil && len(l.Fields[field].Words) > 0
}

// Adjust appends what a post's words add to a score that is at before, which stays
// between least and most, and returns the new score. Each word counts once.
func (l *Layer) Adjust(dst []relevance.Part, field Field, tokens *text.Tokens, before, least, most earshot.Score) ([]relevance.Part, earshot.Score) {
	if !l.Has(field) {
		return dst, before
	}
	words, from := l.Fields[field].Words, len(dst)
	sum := earshot.Score(0)
	for key, at := range keys(tokens) {
		weight := words[key]
		if weight == 0 {
			continue
		}
		rule := rulePrefix + key
		if slices.ContainsFunc(dst[from:], func(p relevance.Part) bool { return p.Rule == rule }) {
			continue
		}
		dst = append(dst, relevance.Part{Rule: rule, Field: at.Field, From: int(at.From), To: int(at.To), Weight: weight})
		sum += weight
	}
	bound := earshot.ScoreOf(mostSum)
	after := min(max(before+min(max(sum, -bound), bound), least), most)
	if rest := after - before - sum; rest != 0 {
		dst = append(dst, relevance.Part{Rule: earshot.Limit, Weight: rest})
	}
	return dst, after
}
