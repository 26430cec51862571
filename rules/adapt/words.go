package adapt

import (
	"iter"
	"unicode"
	"unicode/utf8"

	"earshot/rules/text"
)

// mostRead is how many tokens of a post are looked at.
const mostRead = 2000

// keys yields the words of a post that can be learnt, folded, and where they are:
// words, hashtags and emoji, and in scripts without spaces two characters each. No
// handles, numbers and addresses: those are people's or mean nothing twice.
func keys(tokens *text.Tokens) iter.Seq2[string, *text.Token] {
	return func(yield func(string, *text.Token) bool) {
		handle := int32(-1)
		list := tokens.List[:min(len(tokens.List), mostRead)]
		for i := range list {
			t := &list[i]
			switch {
			case t.Kind == text.Handle:
				handle = t.Pos
				continue
			case t.URL, t.Kind == text.Cashtag, t.Kind > text.Cashtag, t.Kind == text.Word && t.Pos == handle:
				continue
			case t.Kind == text.Word && i > 0 && list[i-1].Kind == text.Hashtag && list[i-1].Pos == t.Pos && list[i-1].Field == t.Field:
				continue // the hashtag was it
			}
			key := string(tokens.Key(i))
			at := t
			if single(key) && t.Kind == text.Word {
				if i+1 == len(list) || !list[i+1].Joined || !single(string(tokens.Key(i+1))) {
					continue
				}
				key += string(tokens.Key(i + 1))
				pair := *t
				pair.To = list[i+1].To
				at = &pair
			}
			if learnable(key, t.Kind) && !yield(key, at) {
				return
			}
		}
	}
}

// single reports whether a word is one character, with its marks, of a script that
// has no spaces.
func single(key string) bool {
	const firstOfThese = 0x0E00
	r, _ := utf8.DecodeRuneInString(key)
	return r >= firstOfThese && unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

func learnable(key string, kind text.Kind) bool {
	if kind == text.Emoji {
		return len(key) <= mostKey
	}
	letters := 0
	for _, r := range key {
		switch {
		case unicode.IsDigit(r):
			return false
		case unicode.IsLetter(r):
			letters++
		}
	}
	return letters > 1 && len(key) <= mostKey
}

// wordsOf are the distinct words of a post.
func wordsOf(tokens *text.Tokens) []string {
	seen := map[string]bool{}
	var words []string
	for key := range keys(tokens) {
		if !seen[key] {
			seen[key] = true
			words = append(words, key)
		}
	}
	return words
}
