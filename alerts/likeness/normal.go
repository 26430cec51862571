package likeness

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxMarks is how many marks one letter may have; languages need three.
const maxMarks = 4

// normalise keeps of a text what its author would call its words: letters and
// digits, in one case, without accents, addresses, handles, hashtags at the end
// and the words that networks put before what is repeated.
func (r *Reader) normalise(text string) {
	r.text, r.repost = r.text[:0], ""
	text = r.unwrap(text)
	tags, marks := -1, 0 // where hashtags began that nothing followed; marks since the last letter
	for i := 0; i < len(text) && len(r.text) < maxRunes; {
		c, size := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case c == '@' || c == '＠':
			i += size + handle(text[i+size:])
			r.space()
			continue
		case (c == 'h' || c == 'H' || c == 'w' || c == 'p') && r.apart():
			if n := address(text[i:]); n > 0 {
				i += n
				continue
			}
		case c == '#' || c == '＃':
			n := tag(text[i+size:])
			if n > 0 && tags < 0 {
				r.space()
				tags = len(r.text)
			}
			for _, c := range text[i+size : i+size+n] {
				marks = r.letter(c, marks)
			}
			r.space()
			i += size + n
			continue
		}
		before := len(r.text)
		marks = r.letter(c, marks)
		if len(r.text) > before && r.text[len(r.text)-1] != ' ' {
			tags = -1
		}
		i += size
	}
	if tags >= 0 {
		r.text = r.text[:tags]
	}
	if n := len(r.text); n > 0 && r.text[n-1] == ' ' {
		r.text = r.text[:n-1]
	}
	r.count()
}

// unwrap takes off "RT @somebody:".
func (r *Reader) unwrap(text string) string {
	rest := strings.TrimLeft(text, " \t\n\"“'")
	if len(rest) < 4 || (rest[0]|0x20 != 'r' && rest[0]|0x20 != 'm') || rest[1]|0x20 != 't' {
		return text
	}
	rest = strings.TrimLeft(rest[2:], " \t\n:")
	if !strings.HasPrefix(rest, "@") {
		return text
	}
	end := 1 + handle(rest[1:])
	r.repost = strings.ToLower(rest[1:end])
	return strings.TrimLeft(rest[end:], " :")
}

// apart reports whether a word begins here.
func (r *Reader) apart() bool {
	return len(r.text) == 0 || r.text[len(r.text)-1] == ' ' || r.text[len(r.text)-1] >= utf8.RuneSelf
}

func (r *Reader) space() {
	if n := len(r.text); n > 0 && r.text[n-1] != ' ' {
		r.text = append(r.text, ' ')
	}
}

// count counts words. Some scripts have neither spaces nor a character for each
// word; their words have about five.
func (r *Reader) count() {
	const usual = 5
	r.tokens, r.words = 0, 0
	inside, letters := false, 0
	for _, c := range r.text {
		d := dense(c)
		if d || (c != ' ' && !inside) {
			r.tokens++
			r.words++
			letters = 0
		}
		if letters++; letters%usual == 0 && unspaced(c) {
			r.words++
		}
		inside = c != ' ' && !d
	}
}

// unspaced reports whether a character is of a script that puts no spaces between
// words: Thai, Lao, Burmese and Khmer.
func unspaced(c rune) bool {
	return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) || (c >= 0x1780 && c <= 0x17ff)
}

// letter adds a character as it compares, and returns how many marks have
// followed the last letter.
func (r *Reader) letter(c rune, marks int) int {
	switch {
	case c < utf8.RuneSelf:
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			r.text = append(r.text, c)
		case 'A' <= c && c <= 'Z':
			r.text = append(r.text, c|0x20)
		case c == '\'':
		default:
			r.space()
		}
		return 0
	case dense(c):
		r.text = append(r.text, c)
		return 0
	case c == '’', c == '\u00ad', unicode.Is(unicode.Cf, c):
		return marks
	}
	return r.folded(c, marks)
}

// folded adds a character beyond ASCII: apart into letter and marks, of which
// only those stay that make words in their script.
func (r *Reader) folded(c rune, marks int) int {
	var buffer [utf8.UTFMax]byte
	parts := norm.NFKD.Properties(buffer[:utf8.EncodeRune(buffer[:], c)]).Decomposition()
	if parts == nil {
		return r.plain(c, marks)
	}
	for len(parts) > 0 {
		c, size := utf8.DecodeRune(parts)
		if c < utf8.RuneSelf {
			marks = r.letter(c, marks)
		} else {
			marks = r.plain(c, marks)
		}
		parts = parts[size:]
	}
	return marks
}

func (r *Reader) plain(c rune, marks int) int {
	switch {
	case unicode.IsMark(c):
		if n := len(r.text); marks < maxMarks && n > 0 && r.text[n-1] != ' ' && !bare(r.text[n-1]) {
			r.text = append(r.text, c)
		}
		return marks + 1
	case unicode.IsLetter(c), unicode.IsDigit(c):
		r.text = append(r.text, unicode.ToLower(c))
	default:
		r.space()
	}
	return 0
}

// bare reports whether a letter is compared without its marks. In other scripts
// marks are vowels and tones.
func bare(c rune) bool {
	return c < 0x0700 || unicode.Is(unicode.Latin, c) || unicode.Is(unicode.Greek, c)
}

// dense reports whether a character is of a script that writes a word in one or
// two: Han, kana and Hangul.
func dense(c rune) bool {
	return c >= 0x3041 && (c <= 0x30ff || (c >= 0x3400 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3) ||
		(c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff))
}

// handle returns the length of a handle after its @, which may name a server.
func handle(s string) int {
	i := 0
	for i < len(s) && (wordByte(s[i]) || (s[i] == '@' && i > 0) || ((s[i] == '.' || s[i] == '-') && i+1 < len(s) && wordByte(s[i+1]))) {
		i++
	}
	return i
}

// address returns the length of a web address that s begins with, 0 for none.
func address(s string) int {
	const longest = 16
	start := strings.ToLower(s[:min(len(s), longest)])
	if !strings.HasPrefix(start, "http://") && !strings.HasPrefix(start, "https://") &&
		!strings.HasPrefix(start, "www.") && !strings.HasPrefix(start, "pic.twitter.com") {
		return 0
	}
	i := 0
	for i < len(s) && s[i] > ' ' && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '<' && s[i] != '>' {
		i++
	}
	return i
}

// tag returns the length of a hashtag after its #.
func tag(s string) int {
	for i, c := range s {
		if !(unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c) || c == '_') {
			return i
		}
	}
	return len(s)
}

func wordByte(c byte) bool {
	return c == '_' || (c >= '0' && c <= '9') || (c|0x20 >= 'a' && c|0x20 <= 'z')
}
