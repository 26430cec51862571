package proof

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"earshot"
)

// Range is what is expected of a score, as it is written: a number, a range of
// numbers (30..60), a bound (>= 40, < -0.3), or a word: neg, neu and pos of a
// sentiment, low, normal, high and critical of an urgency.
type Range struct {
	text      string
	word      string
	low, high earshot.Score
	above     bool // low itself is outside
	below     bool // high itself is outside
}

// Where a sentiment is more than neutral.
var feels = earshot.ScoreOf(0.3)

// Anything beyond a score.
const (
	lowest  = -1_000_000 * earshot.Unit
	highest = 1_000_000 * earshot.Unit
)

// ParseRange reads a range; its error says what can be written.
func ParseRange(text string) (Range, error) {
	r := Range{text: strings.TrimSpace(text), low: lowest, high: highest}
	wrong := fmt.Errorf("%q is no score (write 0.5, 30..60, '>= 40', '< -0.3', neg, neu or pos, or an urgency such as high)", text)
	if strings.Trim(r.text, "abcdefghijklmnopqrstuvwxyz") == "" && r.text != "" {
		switch r.word = r.text; r.word {
		case "neg", "neu", "pos", string(earshot.Low), string(earshot.Normal), string(earshot.High), string(earshot.Critical):
			return r, nil
		}
		return Range{}, wrong
	}
	low, high, between := strings.Cut(r.text, "..")
	rest, bound := r.text, ""
	for _, sign := range []string{">=", "<=", ">", "<"} {
		if after, ok := strings.CutPrefix(r.text, sign); ok {
			rest, bound = after, sign
			break
		}
	}
	var err error
	switch {
	case between:
		if r.low, err = score(low); err == nil {
			r.high, err = score(high)
		}
		if r.low > r.high {
			err = wrong
		}
	case bound == ">=" || bound == ">":
		r.low, err = score(rest)
		r.above = bound == ">"
	case bound == "<=" || bound == "<":
		r.high, err = score(rest)
		r.below = bound == "<"
	default:
		r.low, err = score(rest)
		r.high = r.low
	}
	if err != nil {
		return Range{}, wrong
	}
	return r, nil
}

func score(text string) (earshot.Score, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err == nil && (f != f || f < lowest.Float() || f > highest.Float()) {
		err = strconv.ErrRange
	}
	return earshot.ScoreOf(f), err
}

// UnmarshalJSON reads a range that is written as a text or as a number.
func (r *Range) UnmarshalJSON(b []byte) error {
	text := string(b)
	if b[0] == '"' {
		if err := json.Unmarshal(b, &text); err != nil {
			return fmt.Errorf("reading a range: %w", err)
		}
	}
	parsed, err := ParseRange(text)
	*r = parsed
	return err
}

// String is the range as it was written.
func (r *Range) String() string { return r.text }

// Fits reports whether the range can be meant for a quality: feelings have words
// of their own, and so have urgencies.
func (r *Range) Fits(of earshot.Quality) bool {
	switch r.word {
	case "":
		return true
	case "neg", "neu", "pos":
		return of == earshot.OfSentiment
	}
	return of == earshot.OfUrgency
}

func (r *Range) holds(of earshot.Quality, s earshot.Score, bands earshot.Bands) bool {
	switch {
	case !r.Fits(of):
		return false
	case r.word == "neg":
		return s <= -feels
	case r.word == "pos":
		return s >= feels
	case r.word == "neu":
		return s > -feels && s < feels
	case r.word != "":
		return bands.Of(s) == earshot.Band(r.word)
	}
	return (s > r.low || s == r.low && !r.above) && (s < r.high || s == r.high && !r.below)
}
