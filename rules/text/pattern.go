package text

import (
	"strings"
	"unicode/utf8"
)

// Element is one word of a pattern.
type Element struct {
	Key    string
	Exact  string // how AppendSpelled writes it if it has accents: then only this is meant
	Prefix bool   // Key is how the word begins
	Holes  int    // how many of its letters are Hole
	Offset int32  // places after the first element
	Joined bool   // nothing may stand between it and the element before
	From   int    // bytes in what was cut
	To     int
}

// Hole stands in a key for a ?: any one letter. It is a letter that nobody uses.
const Hole = 'ꙮ'

// Limits of words with holes, which are looked for shape by shape.
const (
	MaxHoles = 3
	MaxHoled = 40 // letters, holes included
)

// Pattern cuts what somebody looks for in the way that texts are cut, so that
// the two compare: one element for a word, several for words in a row and for
// scripts without spaces. A * right after a word makes it a prefix; in scripts
// without spaces it changes nothing. An empty pattern has no words in it.
func Pattern(s string) []Element { return pattern(s, true) }

// Literal is Pattern without wildcards.
func Literal(s string) []Element { return pattern(s, false) }

// Wild is Pattern in which a ? beside letters is one letter. At the end of one of
// several words it ends a sentence.
func Wild(s string) []Element {
	if !strings.Contains(s, "?") || strings.Contains(s, "://") {
		return pattern(s, true)
	}
	return pattern(holed(s), true)
}

// holed puts holes where s has wildcards.
func holed(s string) string {
	single := !strings.ContainsAny(s, " \t\n")
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '?' {
			b.WriteByte(s[i])
			i++
			continue
		}
		to := i
		for to < len(s) && s[to] == '?' {
			to++
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after := runeAt(s, to)
		if inside, beside := isWord(before) && isWord(after), isWord(before) || isWord(after); inside || single && beside {
			b.WriteString(strings.Repeat(string(Hole), to-i))
		} else {
			b.WriteString(s[i:to])
		}
		i = to
	}
	return b.String()
}

func pattern(s string, stars bool) []Element {
	var t Tokens
	t.Add(Body, s)
	elements := make([]Element, 0, len(t.List))
	tagEnd := int32(0)
	for i, tok := range t.List {
		if tok.Kind == Word && tok.From < tagEnd {
			continue // the words of a tag come with it
		}
		if tok.Kind == Hashtag || tok.Kind == Handle || tok.Kind == Cashtag {
			tagEnd = tok.To
		}
		if i > 0 && tok.Kind == t.List[i-1].Kind && tok.From == t.List[i-1].From {
			elements = elements[:len(elements)-1] // the whole of a handle, after its first word
		}
		elements = append(elements, Element{
			Key:    string(t.Key(i)),
			Exact:  exact(s[tok.From:tok.To], t.Key(i)),
			Prefix: stars && int(tok.To) < len(s) && s[tok.To] == '*' && !tok.oneRune,
			Holes:  strings.Count(string(t.Key(i)), string(Hole)),
			Offset: tok.Pos - t.List[0].Pos,
			Joined: tok.Joined && len(elements) > 0,
			From:   int(tok.From), To: int(tok.To),
		})
	}
	return elements
}

// exact is how a word is spelled if that differs from its key, else "".
func exact(word string, key []byte) string {
	spelled, accented := AppendSpelled(nil, word)
	if !accented || string(spelled) == string(key) {
		return ""
	}
	return string(spelled)
}

// Letters counts the characters of the element's key, without # @ or $.
func (e *Element) Letters() int {
	n := utf8.RuneCountInString(e.Key)
	if n > 1 && (e.Key[0] == '#' || e.Key[0] == '@' || e.Key[0] == '$') {
		n--
	}
	return n
}
