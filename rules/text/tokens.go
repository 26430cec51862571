// Package text cuts what people write into tokens that compare equal when people
// would call the words equal: case, width, accents and zero-width characters do
// not matter, and words end where each script ends them. Who means an accent asks
// AppendSpelled. It knows nothing of queries or moods; spans always refer to the
// original text.
package text

// Kind says what sort of thing a token is.
type Kind uint8

// The kinds of tokens. The words of a hashtag and of a handle follow as tokens
// of their own at the same position.
const (
	Word    Kind = iota
	Hashtag      // its key begins with #
	Handle       // its key begins with @
	Emoji        // one picture, without skin tone
)

// Field says which text of a mention a token stands in.
type Field uint8

// The fields that are read.
const (
	Title Field = iota
	Body
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

// Fold returns the key that s would have as a single token.
func Fold(s string) string {
	return string(loadFolds().append(nil, s))
}
