package features

import (
	"sync"
	"unicode"
)

// class says what a character does in a text.
type class uint8

const (
	separates class = iota
	letter
	digit
	solo    // of a script without spaces: letters
	mark    // belongs to the letter before
	ignored // is not there: zero-width characters
	picture // emoji
)

// tableSize is the end of the characters that a table classifies: Latin, Greek,
// Cyrillic, Hebrew, Arabic, Indic scripts and Thai.
const tableSize = 0x1200

// classes is the class and the lower-case form of the first characters.
type classes struct {
	class [tableSize]class
	lower [tableSize]uint16
}

var loadClasses = sync.OnceValue(func() *classes {
	c := &classes{}
	for r := range rune(tableSize) {
		c.class[r] = classify(r)
		c.lower[r] = uint16(r)
		if l := unicode.ToLower(r); l < tableSize {
			c.lower[r] = uint16(l)
		}
	}
	return c
})

// of returns the class and the lower-case form of a character.
func (c *classes) of(r rune) (class, rune) {
	if r < tableSize {
		return c.class[r], rune(c.lower[r])
	}
	return classify(r), unicode.ToLower(r)
}

func classify(r rune) class {
	switch {
	case r == 0x200D || r == 0xFE0F || r == 0xFE0E || r >= 0x200B && r <= 0x200F || r == 0xFEFF || r == 0x640,
		r >= 0x1F3FB && r <= 0x1F3FF, r >= 0xE0000 && r < 0xE0200:
		return ignored
	case r >= 0x0E00 && r < 0x1100, r >= 0x1780 && r < 0x1800: // Thai to Myanmar, Khmer
		if unicode.IsDigit(r) {
			return digit
		}
		if unicode.Is(unicode.M, r) {
			return mark
		}
		return solo
	case r >= 0x3040 && r < 0x3100, r >= 0x3400 && r < 0xA000, r >= 0x20000 && r < 0x40000:
		return solo
	case r >= 0x1F000 && r < 0x1FB00, r >= 0x2600 && r < 0x27C0, r >= 0x2B00 && r < 0x2C00, r >= 0x231A && r < 0x2400:
		return picture
	case unicode.IsDigit(r):
		return digit
	case unicode.IsLetter(r):
		return letter
	case unicode.Is(unicode.M, r):
		return mark
	}
	return separates
}
