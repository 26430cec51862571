// Package text cuts what people write into tokens that compare equal when people
// would call the words equal: case, width, accents and zero-width characters do
// not matter, and words end where each script ends them. Who means an accent asks
// AppendSpelled. It knows nothing of queries or moods; spans always refer to the
// original text.
package text

import (
	"sort"
	"unicode/utf8"
)

// Kind says what sort of thing a token is.
type Kind uint8

// The kinds of tokens. The words of a hashtag, a handle and a cashtag follow as
// tokens of their own at the same position.
const (
	Word      Kind = iota
	Hashtag        // its key begins with #
	Handle         // its key begins with @
	Emoji          // one picture, without skin tone
	Cashtag        // the symbol of a share: its key begins with $
	Part           // a run of the words of a tag: see AddParts
	Disguised      // see AddDisguise
)

// Field says which text of a mention a token stands in.
type Field uint8

// The fields that are read.
const (
	Title Field = iota
	Body
	Address // of the mention itself
	Link    // the address of a link
)

// Name is how reasons call the field.
func (f Field) Name() string {
	if f == Title {
		return "title"
	}
	return "text"
}

// fieldGap keeps phrases and NEAR from reaching from one field into another.
const fieldGap = 1 << 12

// MaxDistance is the longest way that a phrase or NEAR may reach, in words.
const MaxDistance = fieldGap - 1

// Token is one word, tag, handle or emoji.
type Token struct {
	From, To       int32 // bytes in the field
	keyFrom, keyTo int32
	Pos            int32 // place in words; emoji and a possessive s do not count
	Field          Field
	Kind           Kind
	Joined         bool // nothing stands between it and the token before
	URL            bool // part of a web address
	oneRune        bool // of a script where every character is a token
}

// Tokens is what a mention consists of. It is scratch space to be used again:
// Reset, then Add each field. Not for concurrent use.
type Tokens struct {
	List  []Token
	Hosts []string // of the web addresses in the text
	keys  []byte
	pos   int32
	folds *folds
}

// Reset forgets all tokens and keeps the memory, unless it has grown out of
// proportion.
func (t *Tokens) Reset() {
	const plenty = 1 << 16
	if cap(t.keys) > 16*plenty || cap(t.List) > plenty {
		t.List, t.keys = nil, nil
	}
	t.List, t.keys, t.pos = t.List[:0], t.keys[:0], 0
	clear(t.Hosts)
	t.Hosts = t.Hosts[:0]
	if t.folds == nil {
		t.folds = loadFolds()
	}
}

// Key is the folded form of token i, by which it is compared. It is valid until
// the next Add or Reset.
func (t *Tokens) Key(i int) []byte {
	tok := &t.List[i]
	return t.keys[tok.keyFrom:tok.keyTo]
}

// Add cuts a field into tokens.
func (t *Tokens) Add(field Field, s string) {
	if t.folds == nil {
		t.Reset()
	}
	if len(t.List) > 0 {
		t.pos += fieldGap
	}
	sc := scanner{t: t, s: s, field: field, gap: true}
	sc.scan(0, len(s))
}

// AddParts adds, behind all tokens, the words that capitals tell apart in the tags
// and handles of the tokens before n, and every run of them. They stand at the
// place of their tag.
func (t *Tokens) AddParts(n int, fields *[2]string) {
	for i := range n {
		tag := t.List[i]
		if tag.Kind != Hashtag && tag.Kind != Handle || i > 0 && t.List[i-1].Kind == tag.Kind && t.List[i-1].From == tag.From {
			continue
		}
		s := fields[tag.Field][tag.From:tag.To]
		sign := tag.From
		for from, to := range Camel(s) {
			if from == 0 {
				_, from = utf8.DecodeRuneInString(s)
			}
			at := int32(len(t.keys))
			t.keys = AppendLetters(t.keys, s[from:to])
			if int(at) == len(t.keys) {
				continue
			}
			t.List = append(t.List, Token{
				From: sign + int32(from), To: sign + int32(to), keyFrom: at, keyTo: int32(len(t.keys)),
				Pos: tag.Pos, Field: tag.Field, Kind: Part,
			})
		}
	}
}

// AddDisguise adds, behind all tokens, a word in disguise: bytes from to to of a
// field, at the place of the first or of the last of the words before token n that
// it is made of. It returns the number of the token, -1 if there are none there.
func (t *Tokens) AddDisguise(n int, field Field, from, to int, last bool) int32 {
	begins := func(at int) int {
		return sort.Search(n, func(i int) bool {
			return t.List[i].Field > field || t.List[i].Field == field && int(t.List[i].From) >= at
		})
	}
	made := func(i int) bool {
		tok := &t.List[i]
		return tok.Field == field && int(tok.From) < to && int(tok.To) > from && !tok.isWhole()
	}
	i := begins(to) - 1
	for i >= 0 && !made(i) && t.List[i].isWhole() {
		i--
	}
	if i < 0 || !made(i) {
		return -1
	}
	for !last && i > 0 && t.List[i-1].Field == field && (int(t.List[i-1].To) > from || t.List[i-1].isWhole()) {
		if i--; !made(i) {
			break
		}
	}
	for !made(i) {
		i++
	}
	t.List = append(t.List, Token{From: int32(from), To: int32(to), Pos: t.List[i].Pos, Field: field, Kind: Disguised})
	return int32(len(t.List) - 1)
}

// isWhole reports whether the words of the token follow as tokens of their own.
func (t *Token) isWhole() bool { return t.Kind == Hashtag || t.Kind == Handle || t.Kind == Cashtag }

// Fold returns the key that s would have as a single token.
func Fold(s string) string {
	return string(loadFolds().append(nil, s))
}
