package wording

import (
	"math"
	"strconv"
	"strings"

	"earshot"
)

// leastChance is the power of ten below which nobody tells chances apart.
const leastChance = 9

// Finding says a condition of a crisis for people: what was looked at, what was seen
// and what was needed. Shares are in per cent, powers of ten are chances; number writes
// whole numbers.
func Finding(f earshot.Finding, number func(int64) string) (what, seen, needed string) {
	figure := func(v float64) string {
		if v < 10 && v != math.Trunc(v) {
			return strconv.FormatFloat(math.Round(10*v)/10, 'f', -1, 64)
		}
		return number(int64(math.Round(v)))
	}
	what = Line(f.What, maxName)
	if of, is := strings.CutSuffix(what, " against habit, powers of ten"); is {
		what, figure = "chance of so many "+of+" by habit", func(v float64) string { return chance(v, number) }
	} else if strings.HasPrefix(what, "share of ") {
		figure = percent
	}
	return what, figure(f.Seen), figure(f.Needed)
}

// chance writes how unlikely something is, in powers of ten, to one figure; a dash for
// what is usual, or not known.
func chance(power float64, number func(int64) string) string {
	if power <= 0 {
		return "–"
	}
	if power > leastChance {
		return "< 1:" + number(int64(math.Pow10(leastChance)))
	}
	n := math.Pow(10, power)
	unit := math.Pow10(int(math.Log10(n)))
	return "1:" + number(int64(math.Round(n/unit)*unit))
}
