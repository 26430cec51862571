package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// AppendSpelled appends the key that s would have as a single token if Latin
// letters kept their marks, and reports whether one has any: café, not cafe. Who
// writes an accent when looking for something means it.
func AppendSpelled(dst []byte, s string) (key []byte, accented bool) {
	folds := loadFolds()
	if !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	for _, r := range s {
		if isAccented(r) {
			dst, accented = utf8.AppendRune(dst, unicode.ToLower(r)), true
		} else {
			dst = folds.appendRune(dst, r)
		}
	}
	return dst, accented
}

// isAccented reports whether r is a Latin letter with a mark, as one character.
func isAccented(r rune) bool {
	switch r {
	case 'ø', 'Ø', 'ł', 'Ł', 'đ', 'Đ':
		return true
	}
	return r >= 0xC0 && unicode.Is(unicode.Latin, r) && norm.NFD.PropertiesString(string(r)).Decomposition() != nil
}
