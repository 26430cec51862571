package text

import (
	"iter"
	"strings"
	"sync"
	"unicode/utf8"

	"go.mau.fi/util/confusable"
)

// What is looked for in disguise.
const (
	MinDisguised = 3  // letters of a word; shorter ones are found in everything
	maxDisguised = 40 // letters
	maxSpaced    = 16 // letters that stand apart
	maxJoints    = 6  // parts with dots between
	MinInside    = 4  // letters of a word that is looked for inside others
)

// Disguise is something that may be a word in disguise. Key is its skeleton, valid
// until the next one.
type Disguise struct {
	Key      []byte
	From, To int // bytes
}

// AppendSkeleton appends what is left of a word when letters and digits that look
// alike are one: l3g0 and IеgО (in Cyrillic) are lego.
func AppendSkeleton(dst []byte, s string) []byte {
	from := len(dst)
	looks := loadLooks()
	for _, r := range s {
		dst = looks.append(dst, r)
	}
	return tidy(dst, from)
}

// tidy unites pairs of letters that look like one.
func tidy(b []byte, from int) []byte {
	kept := b[:from]
	for i := from; i < len(b); i++ {
		switch {
		case b[i] == 'r' && i+1 < len(b) && b[i+1] == 'n':
			kept = append(kept, 'm')
			i++
		case b[i] == 'v' && i+1 < len(b) && b[i+1] == 'v':
			kept = append(kept, 'w')
			i++
		default:
			kept = append(kept, b[i])
		}
	}
	return kept
}

// looks is what characters look like. Zero bytes and missing runes look like
// nothing else.
type looks struct {
	ascii [utf8.RuneSelf]byte
	wide  map[rune]byte
}

var loadLooks = sync.OnceValue(buildLooks)

// leet are digits and signs that are written for letters.
var leet = map[byte]byte{'0': 'o', '1': 'l', '2': 'z', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g', '@': 'a', '$': 's', '!': 'l', '|': 'l'}

// smallCaps are the small capitals, from a on; x has none.
const smallCaps = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ"

func buildLooks() *looks {
	l := &looks{wide: map[rune]byte{'€': 'e', '£': 'l', '¡': 'l'}}
	for c := byte('a'); c <= 'z'; c++ {
		l.ascii[c], l.ascii[c-0x20] = c, c
	}
	l.ascii['i'], l.ascii['I'] = 'l', 'l'
	for c, as := range leet {
		l.ascii[c] = as
	}
	folds := loadFolds()
	for r := rune(utf8.RuneSelf); r < maxRune; r++ {
		if v := folds.lookup(r); v.class() != letter || v&many != 0 {
			continue
		}
		as := folds.appendRune(nil, r)
		if len(as) > 1 {
			as = folds.append(nil, confusable.GetReplacement(r))
		}
		if len(as) > 1 {
			folded, _ := utf8.DecodeRune(folds.appendRune(nil, r))
			as = folds.append(nil, confusable.GetReplacement(folded))
		}
		if len(as) == 1 && as[0] < utf8.RuneSelf && l.ascii[as[0]] != 0 {
			l.wide[r] = l.ascii[as[0]]
		}
	}
	at := byte('a')
	for _, r := range smallCaps {
		if r >= utf8.RuneSelf {
			l.wide[r] = l.ascii[at]
		}
		at++
	}
	for i := range rune(26) {
		l.wide[0x1F1E6+i] = l.ascii['a'+byte(i)] // the halves of flags
	}
	return l
}

// append adds what r looks like.
func (l *looks) append(dst []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		if as := l.ascii[r]; as != 0 {
			return append(dst, as)
		}
		return append(dst, byte(r))
	}
	if as, ok := l.wide[r]; ok {
		return append(dst, as)
	}
	return loadFolds().appendRune(dst, r)
}

// piece is a run of characters that may be one word, or a letter of one.
type piece struct {
	from, to int
	inner    [2]int // without signs at the edges
	letters  int
	genuine  int // letters that are no digits and signs
}

// Disguises finds what may be words in disguise: with look-alike letters, with
// digits and signs for letters, and with the letters or parts of the word apart.
// It is scratch space to be used again: Read a text, then ask for the Next until
// there is none. Not for concurrent use.
type Disguises struct {
	s     string
	at    int
	looks *looks
	key   []byte
	last  [maxSpaced]piece // the last pieces, in a ring
	count int
	run   int // how many of them are single letters close to each other
	chunk int // how many of them have only signs between them

	stage   stage // of the last piece
	n       int   // how many pieces before it are tried
	letters int   // of them, for dotted words
	found   Disguise
}

type stage uint8

const (
	stageNext stage = iota
	stageWhole
	stageInner
	stageSpaced
	stageDotted
)

// Read begins with a text.
func (d *Disguises) Read(s string) {
	d.s, d.at, d.count, d.run, d.chunk, d.stage, d.looks = s, 0, 0, 0, 0, stageNext, loadLooks()
}

// Next returns the next disguise; ok is false at the end of the text.
func (d *Disguises) Next() (found Disguise, ok bool) {
	for {
		switch d.stage {
		case stageNext:
			if !d.more() {
				d.s = ""
				return found, false
			}
			d.stage = stageWhole
			if p := d.back(0); p.letters < MinDisguised || p.letters > maxDisguised || p.genuine == 0 {
				d.stage, d.n = stageSpaced, MinDisguised-1
			}
			continue
		case stageWhole:
			d.stage = stageInner
			ok = d.hide(0, false)
		case stageInner:
			d.stage, d.n = stageSpaced, MinDisguised-1
			p := d.back(0)
			ok = (p.inner[0] != p.from || p.inner[1] != p.to) && d.hide(0, true)
		case stageSpaced:
			if d.n >= min(d.run, maxSpaced) {
				d.stage, d.n, d.letters = stageDotted, 1, d.back(0).letters
				continue
			}
			ok = d.hide(d.n, false)
			d.n++
		default:
			if d.n >= min(d.chunk, maxJoints) {
				d.stage = stageNext
				continue
			}
			if d.letters += d.back(d.n).letters; d.letters > maxDisguised {
				d.stage = stageNext
				continue
			}
			ok = d.run <= d.n && d.hide(d.n, false) // else it is spaced
			d.n++
		}
		if ok {
			return d.found, true
		}
	}
}

func (d *Disguises) back(n int) *piece { return &d.last[(d.count-1-n)%maxSpaced] }

// more reads the next piece.
func (d *Disguises) more() bool {
	i := d.at
	for i < len(d.s) {
		r, n := utf8.DecodeRuneInString(d.s[i:])
		if d.kind(r) != apart {
			break
		}
		i += n
	}
	if i >= len(d.s) {
		return false
	}
	p := piece{from: i, inner: [2]int{-1, i}}
	for i < len(d.s) {
		r, n := utf8.DecodeRuneInString(d.s[i:])
		k := d.kind(r)
		if k == apart {
			break
		}
		i += n
		p.take(k, i-n, i)
	}
	p.to, d.at = i, i
	gap := ""
	if d.count > 0 {
		gap = d.s[d.back(0).to:p.from]
	}
	d.last[d.count%maxSpaced] = p
	d.count++
	d.run = follow(d.run, p.letters == 1, d.count > 1 && len(gap) <= maxGap)
	d.chunk = follow(d.chunk, true, d.count > 1 && isJoint(gap))
	return true
}

// take adds a character to the piece.
func (p *piece) take(kind, from, to int) {
	switch kind {
	case genuine, digit:
		if p.inner[0] < 0 {
			p.inner[0] = from
		}
		p.inner[1] = to
		if kind == genuine {
			p.genuine++
		}
	case sign:
	default:
		return
	}
	p.letters++
}

// follow counts how long a run is.
func follow(run int, part, joined bool) int {
	switch {
	case !part:
		return 0
	case !joined:
		return 1
	}
	return min(run+1, maxSpaced)
}

// maxGap is how many bytes may stand between the letters of a word: a space and a
// sign beyond ASCII.
const maxGap = 4

// isJoint reports whether a word may go on behind what stands between two pieces.
func isJoint(gap string) bool {
	switch gap {
	case ".", "-", "_", "*", "·", "•", "~", "+", "/", "^", "'", "’", "\u2011", "\u2010":
		return true
	}
	return false
}

const (
	apart = iota
	genuine
	digit
	sign
	unseen
)

// kind says what a character is to a word in disguise.
func (d *Disguises) kind(r rune) int {
	if r < utf8.RuneSelf {
		switch {
		case r|0x20 >= 'a' && r|0x20 <= 'z':
			return genuine
		case r >= '0' && r <= '9':
			return digit
		case d.looks.ascii[r] != 0:
			return sign
		}
		return apart
	}
	if isFlagHalf(r) {
		return genuine
	}
	switch loadFolds().lookup(r).class() {
	case letter, mark:
		return genuine
	case ignored:
		return unseen
	}
	if d.looks.wide[r] != 0 {
		return sign
	}
	return apart
}

// hide makes one word of the pieces from the one n back on; it reports whether it
// could be one.
func (d *Disguises) hide(n int, inner bool) bool {
	first, last := d.back(n), d.back(0)
	from, to := first.from, last.to
	if inner {
		from, to = first.inner[0], last.inner[1]
	}
	d.key = d.key[:0]
	letters := 0
	for i := n; i >= 0; i-- {
		p := d.back(i)
		letters += p.genuine
		part := d.s[p.from:p.to]
		if inner {
			part = d.s[from:to]
		}
		for _, r := range part {
			d.key = d.looks.append(d.key, r)
		}
	}
	d.key = tidy(d.key, 0)
	d.found = Disguise{Key: d.key, From: from, To: to}
	return letters > 0 && len(d.key) >= MinDisguised
}

// Camel yields the words of a hashtag or handle that capitals, digits and
// underscores tell apart, and every run of them: lego, legostar, star … of
// #LegoStarWars. From and to are bytes of tag.
func Camel(tag string) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		var ends [maxParts + 1]int
		n := seams(tag, &ends)
		for i := range n {
			for j := i + 1; j <= n; j++ {
				from, to := ends[i], ends[j]
				for from < to && tag[from] == '_' {
					from++
				}
				if to = from + len(strings.TrimRight(tag[from:to], "_")); from < to && !yield(from, to) {
					return
				}
			}
		}
	}
}

// maxParts is how many words of a tag are told apart.
const maxParts = 8
