package text

import (
	"strings"
	"unicode/utf8"
)

// tag reads a hashtag or a handle: first the whole as one token, then its words.
func (sc *scanner) tag(sign rune, i, from, end int) int {
	word, whole := tagEnds(sc.t.folds, sc.s[:end], from, sign == '@')
	if word == from {
		return from
	}
	kind := Hashtag
	if sign == '@' {
		kind = Handle
	}
	ends := [2]int{word, whole}
	for n, to := range ends {
		if n > 0 && to == word {
			break
		}
		sc.begin(kind, i)
		sc.hold = true
		sc.t.keys = sc.t.folds.append(append(sc.t.keys, byte(sign)), sc.s[from:to])
		sc.grow(to)
		sc.open = false
	}
	sc.gap = true
	sc.scan(from, word)
	sc.hold, sc.gap = false, true
	return whole
}

// share reads the symbol of a share: first the whole, then its words.
func (sc *scanner) share(i, from, end int) int {
	to := shareEnd(sc.s[:end], from)
	if to == from {
		return from
	}
	sc.begin(Cashtag, i)
	sc.hold = true
	sc.t.keys = sc.t.folds.append(append(sc.t.keys, '$'), sc.s[from:to])
	sc.grow(to)
	sc.open, sc.gap = false, true
	sc.scan(from, to)
	sc.hold, sc.gap = false, true
	return to
}

// shareEnd returns where the symbol that begins at i ends, i if there is none: up
// to six letters, and a class of shares as in BRK.B.
func shareEnd(s string, i int) int {
	const most, class = 6, 2
	run := func(i, most int) int {
		to := i
		for to < len(s) && s[to]|0x20 >= 'a' && s[to]|0x20 <= 'z' {
			to++
		}
		if to-i > most || to < len(s) && (s[to] == '_' || s[to] >= '0' && s[to] <= '9' || s[to] >= utf8.RuneSelf && isWord(runeAt(s, to))) {
			return i
		}
		return to
	}
	to := run(i, most)
	if to > i && to+1 < len(s) && s[to] == '.' {
		if after := run(to+1, class); after > to+1 {
			return after
		}
	}
	return to
}

func runeAt(s string, i int) rune {
	r, _ := utf8.DecodeRuneInString(s[i:])
	return r
}

// tagEnds returns where the first word of a tag ends and, for a handle with a
// server or a domain, where the whole ends.
func tagEnds(folds *folds, s string, i int, handle bool) (word, whole int) {
	inTag := func(i int) int {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch c := folds.lookup(r).class(); {
		case r == '_', c == letter, c == mark, c == single && !handle, c == ignored && r != 0xFEFF:
			return n
		}
		return 0
	}
	run := func(i int) int {
		for i < len(s) {
			n := inTag(i)
			if n == 0 {
				break
			}
			i += n
		}
		return i
	}
	word = run(i)
	whole = word
	for handle && word > i && whole+1 < len(s) && strings.IndexByte(".-@", s[whole]) >= 0 {
		to := run(whole + 1)
		if to == whole+1 {
			break
		}
		whole = to
	}
	return word, whole
}
