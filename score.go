package earshot

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// Score is an exact quantity in millionths (1e-6). Sums of scores are exact,
// so that the weights of a verdict's reasons add up to its scores to the last
// digit. In JSON it is a plain decimal number, 0.35 or -0.000001.
type Score int64

// Unit is the score 1.
const Unit Score = 1_000_000

// ScoreOf rounds f to the nearest millionth, halves away from zero. NaN becomes
// 0 and values beyond ±9e12 are cut there.
func ScoreOf(f float64) Score {
	const limit = 9e12
	switch {
	case math.IsNaN(f):
		return 0
	case f > limit:
		f = limit
	case f < -limit:
		f = -limit
	}
	return Score(math.Round(f * float64(Unit)))
}

// Float returns the score as a floating-point number.
func (s Score) Float() float64 { return float64(s) / float64(Unit) }

// String writes the score as a decimal without trailing zeros.
func (s Score) String() string { return string(s.append(nil)) }

func (s Score) append(b []byte) []byte {
	u := uint64(s)
	if s < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/uint64(Unit), 10)
	frac := u % uint64(Unit)
	if frac == 0 {
		return b
	}
	b = append(b, '.')
	for unit := uint64(Unit) / 10; frac > 0; unit /= 10 {
		b = append(b, byte('0'+frac/unit))
		frac %= unit
	}
	return b
}

// MarshalJSON writes the score as a JSON number.
func (s Score) MarshalJSON() ([]byte, error) { return s.append(nil), nil }

// UnmarshalJSON reads a JSON number and rounds it to the nearest millionth.
func (s *Score) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("score %q is not a number", b)
	}
	*s = ScoreOf(f)
	return nil
}
