package features

import (
	"strings"
	"unicode/utf8"
)

// Bounds of what is read as one word.
const (
	longest = 48 // letters of a word
	piece   = 6  // characters that explain together where a script has no spaces
	denies  = 3  // words that a negation reaches
	reads   = 1200
)

// scanner cuts one field.
type scanner struct {
	post    *Post
	s       string
	body    bool
	classes *classes
	last    uint32  // hash of the word before, 0 at the beginning
	denied  int     // how many words the negation still reaches
	tag     bool    // the word that begins is a hashtag
	midst   bool    // a sentence has begun
	run     [4]rune // the characters before, newest first
	length  int     // how many of them count
	once    bool    // each run counts once a post
	again   uint32  // the last emoji, and how often in a row
	times   int
}

func (sc *scanner) scan() {
	s := sc.s
	for i := 0; i < len(s) && len(sc.post.Spans) < reads; {
		r, n := sc.rune(i)
		c, _ := sc.classes.of(r)
		switch {
		case c == letter || c == digit || c == mark:
			if sc.isAddress(i) {
				i = sc.address(i)
				continue
			}
			i = sc.word(i)
		case c == solo:
			i = sc.solo(i)
		case c == picture:
			i = sc.picture(i, r, n)
		case c == ignored:
			i += n
		default:
			i = sc.sign(i, r, n)
		}
	}
}

func (sc *scanner) rune(i int) (rune, int) {
	if c := sc.s[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(sc.s[i:])
}

func (sc *scanner) span(from, to int) {
	sc.post.Spans = append(sc.post.Spans, Span{From: int32(from), To: int32(to), Body: sc.body})
}

// token adds what a word or a sign is: itself and its pair.
func (sc *scanner) token(g Group, h uint32) {
	sc.post.add(g, h)
	if sc.last != 0 {
		sc.post.add(Pairs, mix(sc.last, h))
	}
	sc.last = h
}

func (sc *scanner) style(kind uint32) { sc.post.add(Style, mix(kind, saltStyle)) }

// Styles.
const (
	styleCapitals = iota + 1
	styleDrawn
	styleQuote
)

// word reads letters and digits, with the apostrophes between them.
func (sc *scanner) word(i int) int {
	from, h := i, uint32(offset)
	var before rune
	same, letters, capitals := 0, 0, 0
	first := false // the word begins with a capital
	drawn := false
	sc.post.Spans = append(sc.post.Spans, Span{})
	sc.length = 0
	sc.push(' ')
	for i < len(sc.s) && letters < longest {
		r, n := sc.rune(i)
		c, low := sc.classes.of(r)
		if c == ignored {
			i += n
			continue
		}
		if c == digit {
			low = '0'
		} else if c != letter && c != mark {
			if !isApostrophe(r) || letters == 0 || !sc.isLetter(i+n) {
				break
			}
			low = '\''
		} else if low != r {
			capitals++
			first = first || letters == 0
		}
		if low == before {
			same++
		} else {
			before, same = low, 1
		}
		i += n
		letters++
		if same > 2 {
			drawn = drawn || c == letter
			continue
		}
		h = step(h, low)
		sc.push(low)
	}
	sc.push(' ')
	name := sc.tag || first && sc.midst || capitals > 0 && capitals < letters && (!first || capitals > 1)
	sc.post.Spans[len(sc.post.Spans)-1] = Span{From: int32(from), To: int32(i), Body: sc.body, Name: name}
	sc.midst = true
	sc.close(finish(h), letters, capitals, drawn)
	return i
}

// close adds what a whole word says.
func (sc *scanner) close(h uint32, letters, capitals int, drawn bool) {
	if sc.tag {
		sc.tag = false
		sc.post.add(Words, mix(h, saltTag))
		return
	}
	sc.token(Words, h)
	if sc.denied > 0 {
		sc.post.add(Denied, HashDenied(h))
		sc.denied--
	}
	if isNegation(h) {
		sc.denied = denies
	}
	if sc.tag {
		sc.tag = false
	}
	if letters > 2 && capitals == letters {
		sc.style(styleCapitals)
	}
	if drawn {
		sc.style(styleDrawn)
	}
	sc.times = 0
}

// solo reads a script without spaces: runs of characters only, each explained by
// the few characters that it ends in.
func (sc *scanner) solo(i int) int {
	sc.length = 0
	sc.last = 0
	sc.once = true
	defer func() { sc.once = false }()
	from, count := i, 0
	var before rune
	same := 0
	sc.post.Spans = append(sc.post.Spans, Span{})
	for i < len(sc.s) {
		r, n := sc.rune(i)
		c, _ := sc.classes.of(r)
		if c == ignored {
			i += n
			continue
		}
		if c != solo && c != mark {
			break
		}
		if c == solo && count >= piece && len(sc.post.Spans) < reads {
			sc.post.Spans[len(sc.post.Spans)-1] = Span{From: int32(from), To: int32(i), Body: sc.body}
			sc.post.Spans = append(sc.post.Spans, Span{})
			from, count = i, 0
		}
		i += n
		count++
		if r == before {
			same++
		} else {
			before, same = r, 1
		}
		if same == 3 {
			sc.style(styleDrawn)
		}
		if same <= 2 {
			sc.push(r)
		}
	}
	sc.post.Spans[len(sc.post.Spans)-1] = Span{From: int32(from), To: int32(i), Body: sc.body}
	return i
}

// push adds the runs of characters that end in r.
func (sc *scanner) push(r rune) {
	copy(sc.run[1:], sc.run[:3])
	sc.run[0] = r
	sc.length = min(sc.length+1, len(sc.run))
	if r == ' ' && sc.length == 1 {
		return
	}
	h := uint32(offset)
	for n := range sc.length {
		h = step(h, sc.run[n])
		if n == 0 && r == ' ' {
			continue
		}
		if run := finish(h + uint32(n+1)*saltTag); !sc.once || sc.post.runs.first(run) {
			sc.post.add(Runs1+Group(n), run)
		}
	}
}

// picture reads an emoji. The same again counts twice at most.
func (sc *scanner) picture(i int, r rune, n int) int {
	from := i
	i += n
	for i < len(sc.s) {
		next, size := sc.rune(i)
		if c, _ := sc.classes.of(next); c != ignored {
			break
		}
		i += size
	}
	h := finish(step(offset, r))
	if h == sc.again {
		sc.times++
	} else {
		sc.again, sc.times = h, 1
	}
	sc.span(from, i)
	if sc.times <= 2 {
		sc.token(Signs, h)
	}
	return i
}

// sign reads what is neither letter nor picture.
func (sc *scanner) sign(i int, r rune, n int) int {
	switch r {
	case '@', '＠':
		if end := handleEnd(sc.s, i+n); end > i+n && (i == 0 || !sc.isLetterBefore(i)) {
			sc.span(i, end)
			sc.token(Signs, hashHandle)
			return end
		}
	case '#', '＃':
		sc.tag = sc.isLetter(i + n)
		return i + n
	case '!', '?', '！', '？', '؟':
		return sc.marks(i)
	case '.', '…', '。', '\n', ';':
		sc.denied, sc.midst = 0, false
		if end := i + n; r == '…' || r == '.' && strings.HasPrefix(sc.s[end:], "..") {
			for end < len(sc.s) && sc.s[end] == '.' {
				end++
			}
			sc.span(i, end)
			sc.token(Signs, hashDots)
			return end
		}
		return i + n
	case '"', '“', '”', '«', '»':
		sc.span(i, i+n)
		sc.style(styleQuote)
		return i + n
	}
	if face, size := emoticon(sc.s, i); size > 0 {
		sc.span(i, i+size)
		sc.token(Signs, face)
		return i + size
	}
	if r == ':' {
		sc.midst = false
	}
	return i + n
}

// marks reads a run of exclamation and question marks.
func (sc *scanner) marks(i int) int {
	from, exclaims, asks := i, 0, 0
	for i < len(sc.s) {
		r, n := sc.rune(i)
		switch r {
		case '!', '！':
			exclaims++
		case '?', '？', '؟':
			asks++
		default:
			n = 0
		}
		if n == 0 {
			break
		}
		i += n
	}
	sc.denied, sc.midst = 0, false
	sc.span(from, i)
	sc.token(Signs, hashMarks(min(exclaims, 3), min(asks, 3)))
	return i
}

func hashMarks(exclaims, asks int) uint32 {
	return mix(uint32(exclaims), uint32(asks)*saltTag+7)
}
