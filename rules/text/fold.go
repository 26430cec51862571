package text

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// class says what a character does to the token it stands in.
type class uint8

const (
	separates class = iota // ends a token
	letter                 // belongs to a word: letters, digits
	single                 // is a token: scripts written without spaces
	mark                   // belongs to the character before
	ignored                // is not there: zero-width characters, accents
	emoji                  // is a token
	punct                  // full-width # @ $ and the apostrophes: like the ASCII one it folds to
)

// fold is a class in the low byte and above it the folded rune, or, when many is
// set, an index of folds.many.
type fold uint32

const many fold = 1 << 31

func (f fold) class() class { return class(f & 0xff) }
func (f fold) rune() rune   { return rune(f >> 8 & 0x1fffff) }

const (
	pageBits = 8
	maxRune  = 0x20000 // above it there is Han only
)

// folds is how every character below maxRune folds. Pages of separators are nil.
type folds struct {
	pages [maxRune >> pageBits]*[1 << pageBits]fold
	ascii [256]byte // folded letter or digit by byte, 0 for all else
	many  []string
}

var loadFolds = sync.OnceValue(buildFolds)

func buildFolds() *folds {
	f := &folds{}
	for r := range rune(maxRune) {
		v := f.of(r)
		if v == 0 {
			continue
		}
		page := f.pages[r>>pageBits]
		if page == nil {
			page = new([1 << pageBits]fold)
			f.pages[r>>pageBits] = page
		}
		page[r&(1<<pageBits-1)] = v
		if r < utf8.RuneSelf && v.class() == letter {
			f.ascii[r] = byte(v.rune())
		}
	}
	return f
}

func (f *folds) lookup(r rune) fold {
	if r >= maxRune {
		return beyond(r)
	}
	page := f.pages[r>>pageBits]
	if page == nil {
		return 0
	}
	return page[r&(1<<pageBits-1)]
}

// beyond folds the planes without a table.
func beyond(r rune) fold {
	switch {
	case r >= 0x2F800 && r < 0x2FA20: // compatibility ideographs have one each
		folded, _ := utf8.DecodeRuneInString(norm.NFKD.String(string(r)))
		return one(single, folded)
	case r < 0x40000:
		return one(single, r)
	case r >= 0xE0000 && r < 0xE0200:
		return one(ignored, 0)
	}
	return 0
}

func one(c class, r rune) fold { return fold(r)<<8 | fold(c) }

// of folds one rune: compatibility forms to plain ones, case to lower case, and
// letters of the scripts in stripped to letters without marks.
func (f *folds) of(r rune) fold {
	switch c := fixedClass(r); {
	case c == punct:
		return one(punct, foldPunct(r))
	case c != separates:
		return one(c, r)
	case isSeparator(r):
		return 0
	}
	if s, ok := special[r]; ok {
		return f.text(letter, s)
	}
	var out []rune
	for _, d := range norm.NFKD.String(string(r)) {
		if d = unicode.ToLower(unicode.ToUpper(d)); !isStrippedMark(d) && isWord(d) {
			out = append(out, d)
		}
	}
	switch {
	case len(out) == 0 && unicode.Is(unicode.M, r):
		return one(ignored, 0)
	case len(out) == 0:
		return 0
	}
	c := letter
	if unicode.Is(unicode.M, out[0]) {
		c = mark
	} else if unicode.In(out[0], wordless...) {
		c = single
	}
	return f.text(c, string(out))
}

// text stores a fold to any number of runes.
func (f *folds) text(c class, s string) fold {
	if r, n := utf8.DecodeRuneInString(s); n == len(s) {
		return one(c, r)
	}
	f.many = append(f.many, s)
	return many | fold(len(f.many)-1)<<8 | fold(c)
}

// append adds the folded form of a string to dst, without the characters that
// are ignored. Separators stay as they are.
func (f *folds) append(dst []byte, s string) []byte {
	for _, r := range s {
		dst = f.appendRune(dst, r)
	}
	return dst
}

func (f *folds) appendRune(dst []byte, r rune) []byte {
	v := f.lookup(r)
	switch {
	case v == 0:
		return utf8.AppendRune(dst, r)
	case v.class() == ignored:
		if r == breve && len(dst) >= 2 && string(dst[len(dst)-2:]) == "и" {
			return append(dst[:len(dst)-2], "й"...)
		}
		return dst
	case v&many != 0:
		return append(dst, f.many[v.rune()]...)
	}
	return utf8.AppendRune(dst, v.rune())
}

const breve = 0x306 // и with a combining breve is й, the one mark kept in Cyrillic

// special are letters that people equate although Unicode does not.
var special = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ø': "o", 'Ø': "o",
	'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d", 'þ': "th", 'Þ': "th",
	'ı': "i", 'й': "й", 'Й': "й", 'ؤ': "و", 'ئ': "ي",
}

// wordless are the scripts written without spaces, and Hangul, whose particles
// stick to the word.
var wordless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// fixedClass is the class of runes that fold to themselves or not at all, and
// separates for the rest.
func fixedClass(r rune) class {
	switch {
	case foldPunct(r) != 0:
		return punct
	case r == 0x200D || unicode.Is(unicode.Cf, r) && r != 0x06DD || unicode.Is(unicode.Variation_Selector, r) || r == 0x640:
		return ignored
	case r == 0x3005 || r == 0x3007 || r == 0x30FC, isHangul(r), r >= 0x3400 && r < 0x4DC0, r >= 0x4E00 && r < 0xA000:
		return single
	case isPicture(r):
		return emoji
	}
	return separates
}

func isHangul(r rune) bool {
	return r >= 0xAC00 && r < 0xD7A4 || r >= 0x1100 && r < 0x1200 || r >= 0x3131 && r < 0x318F
}

// isPicture covers the blocks of emoji and pictographs.
func isPicture(r rune) bool {
	switch {
	case r >= 0x1F130 && r < 0x1F150, r >= 0x1F170 && r < 0x1F18A: // letters in squares
		return false
	case r >= 0x1F1E6 && r < 0x1FB00, r >= 0x1F000 && r < 0x1F100:
		return true
	case r >= 0x2600 && r < 0x27C0, r >= 0x2B00 && r < 0x2C00, r >= 0x231A && r < 0x2400, r >= 0x25A0 && r < 0x2600:
		return !unicode.In(r, unicode.Nd, unicode.No)
	}
	return false
}

// foldPunct unites the characters that act as # @ $ and apostrophe, 0 for others.
func foldPunct(r rune) rune {
	switch r {
	case '#', 0xFF03, 0xFE5F:
		return '#'
	case '@', 0xFF20, 0xFE6B:
		return '@'
	case '$', 0xFF04, 0xFE69:
		return '$'
	case '\'', 0x2018, 0x2019, 0x02BC, 0xFF07, 0x60, 0xB4, 0x02B9:
		return '\''
	}
	return 0
}

// isSeparator names what NFKC would turn into letters but people read as signs.
func isSeparator(r rune) bool {
	switch r {
	case '™', '®', '©', '℠', '²', '³', '¹', '℗':
		return true
	}
	return r >= 0x2070 && r < 0x20A0
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.M, r)
}

// isStrippedMark reports marks of Latin, Greek, Cyrillic, Arabic and Hebrew. In
// other scripts marks make other words.
func isStrippedMark(r rune) bool {
	if !unicode.Is(unicode.M, r) {
		return false
	}
	switch {
	case r >= 0x0300 && r < 0x0370, r >= 0x0483 && r < 0x048A, r >= 0x0591 && r < 0x05D0,
		r >= 0x0610 && r < 0x0700, r >= 0x08D3 && r < 0x0900, r >= 0x1AB0 && r < 0x1B00,
		r >= 0x1DC0 && r < 0x1E00, r >= 0x20D0 && r < 0x2100, r >= 0xFE20 && r < 0xFE30, r == 0xFB1E:
		return true
	}
	return false
}
