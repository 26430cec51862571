package text

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// MaxHost is the longest name a host can have.
const MaxHost = 253

// BareHosts yields what could be host names written without https:// or www.:
// letters with dots between, as they are written. Mail addresses, and what stands in
// the path of an address, are left out. It does not check the names, and many
// are none.
func BareHosts(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		folds := loadFolds()
		for at := 0; ; {
			dot := strings.IndexByte(s[at:], '.')
			if dot < 0 {
				return
			}
			from, to := at+dot, at+dot
			if to+1 == len(s) || s[to+1] <= ' ' {
				at = to + 1 // the end of a sentence
				continue
			}
			for from > at {
				r, n := utf8.DecodeLastRuneInString(s[at:from])
				if !folds.inHost(r) {
					break
				}
				from -= n
			}
			for to < len(s) {
				r, n := utf8.DecodeRuneInString(s[to:])
				if !folds.inHost(r) {
					break
				}
				to += n
			}
			at = to
			bare := (from == 0 || strings.IndexByte("@/=?&#%_", s[from-1]) < 0) && (to == len(s) || s[to] != '@')
			host := strings.Trim(s[from:to], ".-")
			if bare && len(host) <= MaxHost && strings.IndexByte(host, '.') > 0 && !yield(host) {
				return
			}
		}
	}
}

// inHost reports whether a host name goes on with r; not in the scripts without
// spaces, where text stands right beside it.
func (f *folds) inHost(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '.' || r == '-' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z'
	}
	class := f.lookup(r).class()
	return class == letter || class == mark
}
