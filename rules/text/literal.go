package text

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// Limits of the literals of regular expressions.
const (
	MinLiteral  = 3  // letters, and bytes
	maxLiteral  = 24 // bytes of it that are looked for
	maxBranches = 50 // literals of one expression
)

// Required returns literals, folded by AppendCaseFold, of which at least one is in
// every text that the expression matches. It is not ok when there are none of
// MinLiteral letters.
func Required(re *syntax.Regexp) (literals []string, ok bool) {
	switch re.Op {
	case syntax.OpLiteral:
		if len(re.Rune) < MinLiteral {
			return nil, false
		}
		return []string{shortened(string(AppendCaseFold(nil, string(re.Rune))))}, true
	case syntax.OpCapture, syntax.OpPlus:
		return Required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return Required(re.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if found, also := Required(sub); also && (!ok || better(found, literals)) {
				literals, ok = found, true
			}
		}
		return literals, ok
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			found, also := Required(sub)
			if literals = append(literals, found...); !also || len(literals) > maxBranches {
				return nil, false
			}
		}
		return literals, true
	}
	return nil, false
}

// better reports whether a is rarer than b: fewer literals, or longer ones.
func better(a, b []string) bool {
	shortest := func(all []string) int {
		least := len(all[0])
		for _, s := range all {
			least = min(least, len(s))
		}
		return least
	}
	return len(a) < len(b) || len(a) == len(b) && shortest(a) > shortest(b)
}

// shortened cuts a literal on a character.
func shortened(s string) string {
	if len(s) <= maxLiteral {
		return s
	}
	to := maxLiteral
	for !utf8.RuneStart(s[to]) {
		to--
	}
	return s[:to]
}

// AppendCaseFold appends s with one form for all that regular expressions take for
// the same letter when capitals make no difference.
func AppendCaseFold(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = utf8.AppendRune(dst, foldCase(r))
		i += n
	}
	return dst
}

// foldCase is the least of the runes that differ from r by case only, in lower
// case if that is ASCII.
func foldCase(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	if least >= 'A' && least <= 'Z' {
		least |= 0x20
	}
	return least
}
