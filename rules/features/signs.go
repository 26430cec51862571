package features

import (
	"strings"
	"sync"
	"unicode/utf8"
)

var (
	hashHandle = HashWord("@user")
	hashLink   = HashWord("http")
	hashDots   = HashWord("...")
)

// negations turn round what follows, in the languages that models are trained on
// and their neighbours.
const negations = `not no never none nobody nothing neither nor cannot without hardly barely
don't doesn't didn't isn't wasn't aren't weren't won't wouldn't can't couldn't shouldn't hasn't haven't hadn't ain't
dont doesnt didnt isnt wasnt arent werent wont wouldnt cant couldnt shouldnt hasnt havent hadnt aint
nicht kein keine keinen keinem keiner nie niemals niemand nix nichts ohne nunca jamás nadie nada sin ni tampoco
pas jamais rien aucun aucune personne sans non mai niente nessuno nessuna senza não nao nem ninguém sem
nahi nahin nahee mat niet geen nooit niemand zonder inte aldrig ingen ikke aldri ei
لا ما لم لن ليس ليست مش مو بدون غير`

var loadNegations = sync.OnceValue(func() map[uint32]bool {
	m := map[uint32]bool{}
	for word := range strings.FieldsSeq(negations) {
		m[HashWord(word)] = true
	}
	return m
})

func isNegation(h uint32) bool { return loadNegations()[h] }

func isApostrophe(r rune) bool { return r == '\'' || r == '’' || r == '`' || r == 'ʼ' }

func (sc *scanner) isLetter(i int) bool {
	if i >= len(sc.s) {
		return false
	}
	r, _ := sc.rune(i)
	c, _ := sc.classes.of(r)
	return c == letter || c == digit || c == solo
}

func (sc *scanner) isLetterBefore(i int) bool {
	r, _ := utf8.DecodeLastRuneInString(sc.s[:i])
	c, _ := sc.classes.of(r)
	return c == letter || c == digit
}

// handleEnd returns where the handle ends that begins after an @ at i.
func handleEnd(s string, i int) int {
	from := i
	for i < len(s) {
		switch c := s[i]; {
		case c == '_', c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z':
		case (c == '.' || c == '@' || c == '-') && i > from && i+1 < len(s) && (s[i+1]|0x20 >= 'a' && s[i+1]|0x20 <= 'z'):
		default:
			return i
		}
		i++
	}
	return i
}

// isAddress reports whether a web address begins at i.
func (sc *scanner) isAddress(i int) bool {
	switch sc.s[i] | 0x20 {
	case 'h':
		return hasPrefix(sc.s[i:], "http://") || hasPrefix(sc.s[i:], "https://")
	case 'w':
		return hasPrefix(sc.s[i:], "www.")
	}
	return false
}

func hasPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// address reads a web address as one sign: what it is called says nothing.
func (sc *scanner) address(i int) int {
	end := i
	for end < len(sc.s) && sc.s[end] > ' ' && sc.s[end] < utf8.RuneSelf {
		end++
	}
	sc.span(i, end)
	sc.token(Signs, hashLink)
	return end
}

// emoticon returns the hash and the length of the face drawn with signs at i:
// eyes, perhaps a nose, and a mouth; hearts too.
func emoticon(s string, i int) (hash uint32, size int) {
	rest := s[i:]
	if strings.HasPrefix(rest, "<3") {
		return mix('<', '3'), 2
	}
	if len(rest) < 2 || strings.IndexByte(":;=", rest[0]) < 0 || i > 0 && isASCIIWord(s[i-1]) {
		return 0, 0
	}
	at := 1
	if strings.IndexByte("-'o^", rest[at]) >= 0 && len(rest) > 2 {
		at++
	}
	mouth := rest[at]
	switch mouth {
	case ')', ']', '}', '*':
		mouth = ')'
	case '(', '[', '{', '<':
		mouth = '('
	case '/', '\\', '|':
		mouth = '/'
	case 'D', 'P', 'p', '3', 'O', 'o', 'x', 'X', 's', 'S', '$':
	default:
		return 0, 0
	}
	if at++; at < len(rest) && (isASCIIWord(rest[at]) || rest[at] == '/') {
		return 0, 0 // https://, :D in a word
	}
	eyes := rest[0]
	if eyes == '=' {
		eyes = ':'
	}
	return mix(uint32(eyes), uint32(mouth)|0x100), at
}

func isASCIIWord(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
