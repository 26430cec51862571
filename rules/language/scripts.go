package language

import (
	"unicode/utf8"
)

type script int

const (
	none script = iota
	latin
	cyrillic
	han
	kana
	hangul
	thai
	arabic
	hebrew
	greek
	devanagari
	scriptCount
)

// enough is how many bytes of a field tell its script.
const enough = 1 << 10

// scripts counts the letters of each script, and those that only one of its
// languages has.
type scripts struct {
	letters   [scriptCount]int
	ukrainian int
	persian   int
	urdu      int
}

func (s *scripts) count(text string) {
	for i := 0; i < min(len(text), enough); {
		if text[i] < utf8.RuneSelf {
			if c := text[i] | 0x20; c >= 'a' && c <= 'z' {
				s.letters[latin]++
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		s.letters[scriptOf(r)]++
		switch r {
		case 'і', 'ї', 'є', 'ґ', 'І', 'Ї', 'Є', 'Ґ':
			s.ukrainian++
		case 'پ', 'چ', 'ژ', 'گ':
			s.persian++
		case 'ٹ', 'ڈ', 'ڑ', 'ں', 'ے':
			s.urdu++
		}
	}
}

// weight is how many Latin letters a letter of a script outweighs: posts in other
// scripts name brands and links in Latin ones.
const weight = 3

// language names the language of a script that has one, if it prevails.
func (s *scripts) language() (lang string, sure bool) {
	best := cyrillic
	for k := cyrillic; k < scriptCount; k++ {
		if s.letters[k] > s.letters[best] {
			best = k
		}
	}
	if s.letters[best] == 0 || s.letters[best]*weight < s.letters[latin] {
		return "", s.letters[latin] == 0
	}
	switch best {
	case cyrillic:
		if s.ukrainian > 0 {
			return "uk", true
		}
		return "ru", true
	case arabic:
		switch {
		case s.urdu > 0:
			return "ur", true
		case s.persian > 0:
			return "fa", true
		}
		return "ar", true
	case han:
		if s.letters[kana]*5 > s.letters[han] {
			return "ja", true
		}
	}
	return names[best], true
}

var names = [scriptCount]string{
	han: "zh", kana: "ja", hangul: "ko", thai: "th", hebrew: "he", greek: "el", devanagari: "hi",
}

func scriptOf(r rune) script {
	switch {
	case r < 0x250:
		if r == 0xD7 || r == 0xF7 || r < 0xC0 {
			return none
		}
		return latin
	case r >= 0x370 && r < 0x400:
		return greek
	case r >= 0x400 && r < 0x530:
		return cyrillic
	case r >= 0x590 && r < 0x600:
		return hebrew
	case r >= 0x600 && r < 0x780, r >= 0xFB50 && r < 0xFE00, r >= 0xFE70 && r < 0xFEFF:
		return arabic
	case r >= 0x900 && r < 0x980:
		return devanagari
	case r >= 0xE00 && r < 0xE80:
		return thai
	case r >= 0x3040 && r < 0x3100:
		return kana
	case r >= 0x3400 && r < 0xA000, r >= 0x20000 && r < 0x40000:
		return han
	case r >= 0xAC00 && r < 0xD7A4, r >= 0x3131 && r < 0x318F:
		return hangul
	}
	return none
}
