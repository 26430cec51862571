package xtest

import (
	"strings"
	"unicode"
)

// Match reports whether a post is what a query in X's syntax asks for: words,
// phrases, #tags, $symbols, @handles, url:, from:, is:retweet, groups, OR and -.
// AND binds tighter than OR.
func Match(query string, p *Post) bool {
	m := &matcher{rest: query, post: p, words: tokens(p.Text)}
	return m.any()
}

type matcher struct {
	rest  string
	post  *Post
	words []string
}

func (m *matcher) any() bool {
	found := m.all()
	for m.take("OR ") {
		other := m.all()
		found = found || other
	}
	return found
}

func (m *matcher) all() bool {
	found := true
	for {
		m.rest = strings.TrimLeft(m.rest, " ")
		if m.rest == "" || m.rest[0] == ')' || strings.HasPrefix(m.rest, "OR ") {
			return found
		}
		one := m.one()
		found = found && one
	}
}

func (m *matcher) take(prefix string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(m.rest, " "), prefix)
	if ok {
		m.rest = rest
	}
	return ok
}

func (m *matcher) one() bool {
	if m.take("-") {
		return !m.one()
	}
	if m.take("(") {
		found := m.any()
		m.take(")")
		return found
	}
	kind := ""
	for _, k := range []string{"url:", "from:", "is:", "#", "@", "$"} {
		if m.take(k) {
			kind = k
			break
		}
	}
	text := m.text()
	switch kind {
	case "is:":
		return text == "retweet" && m.post.Repost
	case "from:":
		return strings.EqualFold(m.post.Author, text)
	case "#", "@", "$":
		return hasTag(m.post.Text, kind+text)
	}
	return inRow(m.words, tokens(text))
}

// text is a phrase in quotes or what goes on to the next space.
func (m *matcher) text() string {
	if m.take(`"`) {
		text, rest, _ := strings.Cut(m.rest, `"`)
		m.rest = rest
		return text
	}
	end := strings.IndexAny(m.rest, " )")
	if end < 0 {
		end = len(m.rest)
	}
	text := m.rest[:end]
	m.rest = m.rest[end:]
	return text
}

// hasTag reports whether a text holds a tag with nothing of a word behind it.
func hasTag(text, tag string) bool {
	text, tag = strings.ToLower(text), strings.ToLower(tag)
	for {
		i := strings.Index(text, tag)
		if i < 0 {
			return false
		}
		text = text[i+len(tag):]
		next := []rune(text)
		if len(next) == 0 || !wordly(next[0]) {
			return true
		}
	}
}

func wordly(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// tokens are the words of a text, separated by anything else.
func tokens(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && !unicode.Is(unicode.So, c)
	})
}

func inRow(words, row []string) bool {
	for i := 0; i+len(row) <= len(words); i++ {
		found := true
		for j := range row {
			found = found && words[i+j] == row[j]
		}
		if found && len(row) > 0 {
			return true
		}
	}
	return false
}
