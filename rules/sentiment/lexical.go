package sentiment

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"earshot/rules/text"
)

// The scale. One step of a word list's -4…4 counts step; the rest are factors.
const (
	step      = 0.15
	negated   = -0.7 // not good is less bad than bad
	stronger  = 1.35 // very good
	weaker    = 0.6  // a bit good
	loud      = 1.2  // GOOD in a text that is not all capitals, and goooood
	beforeBut = 0.5  // good, but …
	afterBut  = 1.25 // … but good
	exclaim   = 0.05 // each !, up to three a sentence, in the direction of the sentence
	window    = 3    // words between a negation and what it negates
	near      = 2    // the same, where it clearly denies: not so bad, but can't believe how bad
	calm      = 3    // more findings than this add less and less
	most      = 64   // findings after these do not count
)

// finding is one contribution before scaling, in steps.
type finding struct {
	field    text.Field
	from, to int
	value    float64
	denied   int // where the negation of something bad begins, before from; -1 if nothing is denied
	degree   int // where a very begins that makes it stronger, before from; -1 if there is none
}

// reader walks over the tokens of a post.
type reader struct {
	model    *model
	in       Input
	found    []finding
	sentence int  // the first finding of the sentence
	but      bool // the sentence has turned

	negation, strength int // token that negates or intensifies what follows, -1 for none
	factor             float64
	shouting           bool // the whole text is in capitals, so that they mean nothing
}

func (r *reader) start(in Input) {
	*r = reader{model: load(), in: in, found: r.found[:0]}
}

// read appends what the word lists find to r.found, and counts each
// for less where there are many.
func (r *reader) read() {
	r.walk()
	if n := float64(len(r.found)); n > calm {
		scale := math.Sqrt(calm / n)
		for i := range r.found {
			r.found[i].value *= scale
		}
	}
	for i := range r.found {
		r.found[i].value *= step
	}
}

func (r *reader) walk() {
	list := r.in.Tokens.List
	r.shouting = isShouting(r.in.Fields[text.Body])
	r.startSentence()
	for i := 0; i < len(list) && len(r.found) < most; {
		tok := &list[i]
		if i > 0 && r.breaks(i) {
			r.startSentence()
		}
		if r.negation >= 0 && r.negation < i-1 && r.pauses(i) {
			r.negation = -1 // never came, awful
		}
		if tok.URL || tok.Kind == text.Hashtag || tok.Kind == text.Handle {
			i++
			continue
		}
		i += max(r.token(i), 1)
	}
	r.emoticons()
}

func (r *reader) startSentence() {
	r.sentence, r.but = len(r.found), false
	r.negation, r.strength, r.factor = -1, -1, 1
}

// token reads the phrase that begins with token i and returns how many tokens it
// takes.
func (r *reader) token(i int) int {
	p, n := r.model.table.Find(r.in.Tokens, i, r.means)
	long := false
	if n == 0 {
		if p, long = r.squeezed(i); !long {
			return 1
		}
		n = 1
	}
	m, ok := pick(r.model.meanings[p], r.in.Lang, r.size(i, n))
	if !ok {
		return n
	}
	switch m.role {
	case negates:
		if !r.follows(i) {
			r.negation = i
		}
	case intensifies:
		r.strength, r.factor = i, stronger
	case weakens:
		r.strength, r.factor = i, weaker
	case contrasts:
		r.turn()
	default:
		r.add(i, n, m.valence, long)
	}
	return n
}

// means reports whether the phrase of n tokens from i on means something in the
// language of the post.
func (r *reader) means(phrase, i, n int) bool {
	_, ok := pick(r.model.meanings[phrase], r.in.Lang, r.size(i, n))
	return ok
}

// size is the length in bytes of n tokens from i on.
func (r *reader) size(i, n int) int {
	list := r.in.Tokens.List
	return int(list[i+n-1].To - list[i].From)
}

func (r *reader) add(i, n int, value float64, long bool) {
	list := r.in.Tokens.List
	f := finding{field: list[i].Field, from: int(list[i].From), to: int(list[i+n-1].To), denied: -1, degree: -1}
	if list[i].Kind == text.Word {
		if r.negation >= 0 && i-r.negation <= window+1 {
			if no := &list[r.negation]; value < 0 && i-r.negation <= near && no.Field == f.field {
				f.denied = int(no.From)
			}
			value *= negated
		}
		if r.strength >= 0 && i-r.strength <= 2 {
			value *= r.factor
			if very := &list[r.strength]; very.Field == f.field && r.factor > 1 {
				f.degree = int(very.From)
			}
		}
		if long || !r.shouting && isShouting(r.in.Fields[f.field][f.from:f.to]) {
			value *= loud
		}
		r.negation, r.strength = -1, -1
	}
	if r.but {
		value *= afterBut
	}
	f.value = value
	r.found = append(r.found, f)
}

// follows turns the last finding round when the negation stands after it, as in
// Japanese, Korean, Hindi and Turkish.
func (r *reader) follows(i int) bool {
	switch r.in.Lang {
	case "ja", "ko", "hi", "tr":
	default:
		return false
	}
	if len(r.found) == r.sentence {
		return false
	}
	last := &r.found[len(r.found)-1]
	if before := &r.in.Tokens.List[max(i-1, 0)]; last.to+3 < int(before.From) || last.value < 0 {
		return false
	}
	last.value *= negated
	last.to = int(r.in.Tokens.List[i].To)
	return true
}

// turn makes what the sentence said so far count less.
func (r *reader) turn() {
	for i := r.sentence; i < len(r.found); i++ {
		r.found[i].value *= beforeBut
	}
	r.but = true
	r.negation, r.strength = -1, -1
}

// squeezed looks for a word whose letters somebody has drawn out: soooo goood.
func (r *reader) squeezed(i int) (phrase int, ok bool) {
	key := r.in.Tokens.Key(i)
	for keep := 2; keep >= 1; keep-- {
		short, changed := squeeze(key, keep)
		if !changed {
			return 0, false
		}
		if p, ok := r.model.table.FindWord(short); ok {
			return p, true
		}
	}
	return 0, false
}

// squeeze shortens runs of three letters and more.
func squeeze(key []byte, keep int) (short []byte, changed bool) {
	for i := 0; i < len(key); {
		end := i + 1
		for end < len(key) && key[end] == key[i] {
			end++
		}
		n := end - i
		if n >= 3 && key[i] < utf8.RuneSelf && key[i] >= 'a' {
			if short == nil {
				short = append(make([]byte, 0, len(key)), key[:i]...)
			}
			n, changed = keep, true
		}
		if short != nil {
			short = append(short, key[i:i+n]...)
		}
		i = end
	}
	return short, changed
}

// pauses reports whether a comma or the like stands before token i, which most
// negations do not reach over.
func (r *reader) pauses(i int) bool {
	list := r.in.Tokens.List
	from, to := int(list[i-1].To), int(list[i].From)
	return from < to && list[i].Field == list[i-1].Field && strings.ContainsAny(r.in.Fields[list[i].Field][from:to], ",:，、،؛—–")
}

// breaks reports whether a sentence ends before token i, and adds what its
// exclamation marks say.
func (r *reader) breaks(i int) bool {
	list := r.in.Tokens.List
	if list[i].Field != list[i-1].Field {
		return true
	}
	from, to := int(list[i-1].To), int(list[i].From)
	if from >= to {
		return false
	}
	gap := r.in.Fields[list[i].Field][from:to]
	if gap == " " {
		return false
	}
	r.exclaims(list[i].Field, from, gap)
	return strings.ContainsAny(gap, ".!?\n;。！？…؟")
}

// exclaims adds weight to the sentence for its exclamation marks.
func (r *reader) exclaims(field text.Field, from int, gap string) {
	at := strings.IndexAny(gap, "!！")
	if at < 0 || len(r.found) == r.sentence {
		return
	}
	marks, end := 0, at
	for _, c := range gap[at:] {
		if c != '!' && c != '！' {
			break
		}
		marks++
		end += utf8.RuneLen(c)
	}
	sum := 0.0
	for _, f := range r.found[r.sentence:] {
		sum += f.value
	}
	if sum == 0 {
		return
	}
	value := math.Copysign(exclaim/step*float64(min(marks, 3)), sum)
	r.found = append(r.found, finding{field: field, from: from + at, to: from + end, value: value, denied: -1, degree: -1})
}

// isShouting reports whether s has at least three letters that have case, all
// capitals.
func isShouting(s string) bool {
	capitals := 0
	for _, c := range s {
		switch {
		case unicode.IsLower(c):
			return false
		case unicode.IsUpper(c):
			capitals++
		}
	}
	return capitals >= 3
}
