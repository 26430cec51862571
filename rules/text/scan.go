package text

import (
	"strings"
	"unicode/utf8"
)

// scanner cuts one field. An open token grows until something separates.
type scanner struct {
	t       *Tokens
	s       string
	field   Field
	open    bool // the last token of the list may still grow
	gap     bool // something separates the next token from the last one
	url     bool // inside a web address
	started bool // the field has a token that counts
	hold    bool // the next token stays at the position of the last one
}

// scan reads s[i:end].
func (sc *scanner) scan(i, end int) {
	folds := sc.t.folds
	for i < end {
		c := sc.s[i]
		if c >= utf8.RuneSelf {
			i = sc.wide(i, end)
			continue
		}
		if folds.ascii[c] != 0 {
			if !sc.open && !sc.url && isAddressStart(sc.s[i:end]) && !wordBefore(sc.s, i) {
				i = sc.address(i, end)
				continue
			}
			i = sc.letters(i, end)
			continue
		}
		if c == ' ' {
			sc.open, sc.gap = false, true
			i++
			continue
		}
		i = sc.sign(rune(c), i, i+1, end)
	}
	sc.close()
}

// letters reads a run of plain letters and digits, the most common case by far.
func (sc *scanner) letters(i, end int) int {
	sc.word(i)
	t := sc.t
	ascii, s, keys := &t.folds.ascii, sc.s[:end], t.keys
	for ; i < len(s); i++ {
		c := ascii[s[i]]
		if c == 0 {
			break
		}
		keys = append(keys, c)
	}
	t.keys = keys
	tok := &t.List[len(t.List)-1]
	tok.To, tok.keyTo = int32(i), int32(len(keys))
	return i
}

// wide reads one character beyond ASCII and what belongs to it.
func (sc *scanner) wide(i, end int) int {
	r, n := utf8.DecodeRuneInString(sc.s[i:end])
	next := i + n
	v := sc.t.folds.lookup(r)
	switch v.class() {
	case letter:
		sc.word(i)
		sc.add(r, next)
	case single:
		sc.close()
		sc.begin(Word, i)
		sc.last().oneRune = true
		if syllable, to := composeHangul(sc.s[:end], r, next); to > next {
			r, next = syllable, to
		}
		sc.add(r, next)
	case mark:
		if !sc.open {
			sc.begin(Word, i)
		}
		sc.add(r, next)
	case ignored:
		if sc.open {
			sc.t.keys = sc.t.folds.appendRune(sc.t.keys, r)
			sc.last().keyTo = int32(len(sc.t.keys))
			if isAccent(r) {
				sc.last().To = int32(next)
			}
		}
	case emoji:
		return sc.picture(i, end)
	case punct:
		return sc.sign(v.rune(), i, next, end)
	default:
		sc.close()
		sc.gap = true
	}
	return next
}

// sign reads what is neither letter nor digit: it ends the word, and some signs
// begin a tag or a handle.
func (sc *scanner) sign(sign rune, i, next, end int) int {
	wasOpen := sc.open
	sc.close()
	sc.gap = true
	switch sign {
	case '#', '@':
		if sc.url || wordBefore(sc.s, i) {
			return next
		}
		return sc.tag(sign, i, next, end)
	case '$':
		if sc.url || wordBefore(sc.s, i) {
			return next
		}
		return sc.share(i, next, end)
	case '\'':
		if wasOpen && isPossessive(sc.s[next:end]) {
			sc.hold = true
		}
	}
	return next
}

// address reads a web address: its host and path are words, the rest is skipped.
func (sc *scanner) address(i, end int) int {
	stop := i
	for stop < end && !sc.endsAddress(stop) {
		stop++
	}
	for stop > i && strings.IndexByte(".,;:!?)]}'*", sc.s[stop-1]) >= 0 {
		stop--
	}
	from := i
	if at := strings.Index(sc.s[i:stop], "://"); at >= 0 {
		from = i + at + len("://")
	}
	host, to := Host(sc.s[i:stop]), stop
	if at := strings.IndexAny(sc.s[from:stop], "?#"); at >= 0 {
		to = from + at
	}
	if host != "" {
		sc.t.Hosts = append(sc.t.Hosts, host)
	}
	sc.url, sc.gap = true, true
	sc.scan(from, to)
	sc.url, sc.gap = false, true
	return max(stop, i+1)
}

// endsAddress reports whether no web address goes on at byte i. Within an
// international one there are letters beyond ASCII, but none of the scripts
// without spaces: there, text follows.
func (sc *scanner) endsAddress(i int) bool {
	c := sc.s[i]
	if c < utf8.RuneSelf {
		return c <= ' ' || c == '<' || c == '>' || c == '"'
	}
	if !utf8.RuneStart(c) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(sc.s[i:])
	class := sc.t.folds.lookup(r).class()
	return class == single || class == separates || class == emoji
}

// picture reads an emoji with its modifiers; pictures joined by a zero-width
// joiner are one, and so are two regional indicators.
func (sc *scanner) picture(i, end int) int {
	sc.close()
	sc.gap = true
	sc.begin(Emoji, i)
	joined := true
	for n := 0; i < end; n++ {
		r, size := utf8.DecodeRuneInString(sc.s[i:end])
		flag := isFlagHalf(r)
		switch {
		case r == zeroWidthJoiner:
			joined = true
		case isModifier(r):
		case sc.t.folds.lookup(r).class() == emoji && (joined || flag && n == 1 && isFlagHalf(sc.firstRune())):
			sc.t.keys = utf8.AppendRune(sc.t.keys, r)
			joined = false
		default:
			sc.grow(i)
			sc.close()
			sc.gap = true
			return i
		}
		i += size
	}
	sc.grow(i)
	sc.close()
	return i
}

func (sc *scanner) firstRune() rune {
	r, _ := utf8.DecodeRune(sc.t.keys[sc.last().keyFrom:])
	return r
}

const zeroWidthJoiner = 0x200D

func isFlagHalf(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// isModifier reports skin tones, variation selectors and the tags of flags.
func isModifier(r rune) bool {
	return r >= 0x1F3FB && r <= 0x1F3FF || r == 0xFE0F || r == 0xFE0E || r >= 0xE0020 && r < 0xE0080
}

// isAccent tells the accents among the ignored characters.
func isAccent(r rune) bool { return isStrippedMark(r) }

func (sc *scanner) last() *Token { return &sc.t.List[len(sc.t.List)-1] }

// begin opens a token.
func (sc *scanner) begin(kind Kind, from int) {
	t := sc.t
	if kind != Emoji {
		if sc.started && !sc.hold {
			t.pos++
		}
		sc.started, sc.hold = true, false
	}
	at := int32(len(t.keys))
	t.List = append(t.List, Token{
		From: int32(from), To: int32(from), keyFrom: at, keyTo: at,
		Pos: t.pos, Field: sc.field, Kind: kind, Joined: !sc.gap, URL: sc.url,
	})
	sc.open = true
}

// word opens a token for letters unless one is open that takes them.
func (sc *scanner) word(from int) {
	if sc.open {
		if !sc.last().oneRune {
			return
		}
		sc.close()
	}
	sc.begin(Word, from)
}

func (sc *scanner) add(r rune, to int) {
	sc.t.keys = sc.t.folds.appendRune(sc.t.keys, r)
	sc.grow(to)
}

func (sc *scanner) grow(to int) {
	tok := sc.last()
	tok.To, tok.keyTo = int32(to), int32(len(sc.t.keys))
}

// close ends the open token; what follows is joined to it unless a separator
// says otherwise.
func (sc *scanner) close() {
	if sc.open {
		sc.open, sc.gap = false, false
	}
}

// wordBefore reports whether a plain letter, digit or underscore ends at i: then
// # and @ are part of something else, such as a mail address.
func wordBefore(s string, i int) bool {
	if i == 0 {
		return false
	}
	c := s[i-1]
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// isPossessive reports whether s begins with an s that ends the word.
func isPossessive(s string) bool {
	if s == "" || s[0]|0x20 != 's' {
		return false
	}
	if len(s) == 1 {
		return true
	}
	r, _ := utf8.DecodeRuneInString(s[1:])
	return !isWord(r)
}

// isAddressStart reports whether a web address begins here.
func isAddressStart(s string) bool {
	switch s[0] | 0x20 {
	case 'h':
		return hasPrefixFold(s, "https://") || hasPrefixFold(s, "http://")
	case 'w':
		return hasPrefixFold(s, "www.") && len(s) > len("www.")
	}
	return false
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// Host returns the host name of a web address, in lower case and without port
// and user, or "" if there is none. It does not check the name.
func Host(address string) string {
	if at := strings.Index(address, "://"); at >= 0 {
		address = address[at+len("://"):]
	} else if !hasPrefixFold(address, "www.") {
		return ""
	}
	if at := strings.IndexAny(address, "/?#"); at >= 0 {
		address = address[:at]
	}
	address = address[strings.LastIndexByte(address, '@')+1:]
	if at := strings.IndexByte(address, ':'); at >= 0 {
		address = address[:at]
	}
	return strings.ToLower(strings.TrimSuffix(address, "."))
}

// composeHangul joins a leading consonant with the vowel and the final consonant
// that follow it from next on, as composed text has them.
func composeHangul(s string, r rune, next int) (rune, int) {
	const lead, vowel, tail, syllables = 0x1100, 0x1161, 0x11A7, 0xAC00
	if r < lead || r > 0x1112 || next >= len(s) {
		return r, next
	}
	v, n := utf8.DecodeRuneInString(s[next:])
	if v < vowel || v > 0x1175 {
		return r, next
	}
	next += n
	r = syllables + ((r-lead)*21+(v-vowel))*28
	if f, n := utf8.DecodeRuneInString(s[next:]); f > tail && f <= 0x11C2 {
		return r + (f - tail), next + n
	}
	return r, next
}
