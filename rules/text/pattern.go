package text

import "unicode/utf8"

// Element is one word of a pattern.
type Element struct {
	Key    string
	Exact  string // how AppendSpelled writes it if it has accents: then only this is meant
	Prefix bool   // Key is how the word begins
	Offset int32  // places after the first element
	Joined bool   // nothing may stand between it and the element before
}

// Pattern cuts what somebody looks for in the way that texts are cut, so that
// the two compare: one element for a word, several for words in a row and for
// scripts without spaces. A * right after a word makes it a prefix; in scripts
// without spaces it changes nothing. An empty pattern has no words in it.
func Pattern(s string) []Element {
	var t Tokens
	t.Add(Body, s)
	elements := make([]Element, 0, len(t.List))
	tagEnd := int32(0)
	for i, tok := range t.List {
		if tok.Kind == Word && tok.From < tagEnd {
			continue // the words of a tag come with it
		}
		if tok.Kind == Hashtag || tok.Kind == Handle {
			tagEnd = tok.To
		}
		if i > 0 && tok.Kind == t.List[i-1].Kind && tok.From == t.List[i-1].From {
			elements = elements[:len(elements)-1] // the whole of a handle, after its first word
		}
		elements = append(elements, Element{
			Key:    string(t.Key(i)),
			Exact:  exact(s[tok.From:tok.To], t.Key(i)),
			Prefix: int(tok.To) < len(s) && s[tok.To] == '*' && !tok.oneRune,
			Offset: tok.Pos - t.List[0].Pos,
			Joined: tok.Joined && len(elements) > 0,
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

// Letters counts the characters of the element's key, without # or @.
func (e *Element) Letters() int {
	n := utf8.RuneCountInString(e.Key)
	if n > 1 && (e.Key[0] == '#' || e.Key[0] == '@') {
		n--
	}
	return n
}
