package listeners

import (
	"strings"
	"unicode/utf8"
)

// lines returns s as valid UTF-8 without control characters, except for line
// feeds and tabs. Other line ends become line feeds.
func lines(s string) string {
	if plain(s, true) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\r', c == '\u0085', c == '\u2028', c == '\u2029':
			return '\n'
		case c == '\n', c == '\t':
			return c
		}
		return visible(c)
	}, s)
}

// oneLine returns s as valid UTF-8 in one line, without control characters.
func oneLine(s string) string {
	if plain(s, false) {
		return s
	}
	return strings.Map(func(c rune) rune {
		switch c {
		case '\n', '\t', '\r', '\u0085', '\u2028', '\u2029':
			return ' '
		}
		return visible(c)
	}, s)
}

// plain reports whether s needs no repair, which is nearly always so.
func plain(s string, multiline bool) bool {
	ascii := true
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			ascii = false
		case c == '\n' || c == '\t':
			if !multiline {
				return false
			}
		case c < ' ' || c == 0x7f:
			return false
		}
	}
	if ascii {
		return true
	}
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool {
		return c >= 0x80 && c < 0xa0 || c == '\u2028' || c == '\u2029'
	})
}

// visible drops what strings.Map is to drop. Invalid bytes arrive here as U+FFFD,
// and stay as such.
func visible(c rune) rune {
	if c < ' ' || c >= 0x7f && c < 0xa0 {
		return -1
	}
	return c
}

// cut shortens s to at most most bytes, at a rune.
func cut(s string, most int) (string, bool) {
	if len(s) <= most {
		return s, false
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.Clone(s[:most]), true
}

// whole returns s cleaned, or nothing when it is too long: half an address leads
// nowhere.
func whole(s string, most int) string {
	s = oneLine(s)
	if len(s) > most {
		return ""
	}
	return s
}
