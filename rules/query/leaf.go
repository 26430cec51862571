package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"earshot"
	"earshot/rules/guess"
	"earshot/rules/text"
)

// maxWords is the longest phrase.
const maxWords = 100

// leaf makes a node of a word or phrase and checks that it can match something.
func (p *parser) leaf(it item) (earshot.QueryNode, bool) {
	n := earshot.QueryNode{Op: earshot.QueryWord, Text: it.text, Span: it.span}
	if it.kind == phrase {
		n.Op = earshot.QueryPhrase
		return n, p.checkWords(it)
	}
	if name, value, ok := strings.Cut(it.text, ":"); ok && isName(name) && !strings.HasPrefix(value, "//") {
		return p.field(n, name, value)
	}
	if sign, ok := unsupported(it.text); ok {
		p.fail(it.span, sign+" is not part of the query language", "quote the words to search for them")
		return n, false
	}
	switch r, size := utf8.DecodeRuneInString(it.text); r {
	case '#', '＃':
		n.Op, n.Text = earshot.QueryHashtag, it.text[size:]
		return n, p.checkTag(it, "#"+n.Text, "a hashtag has letters, digits and _ only")
	case '@', '＠':
		n.Op, n.Text = earshot.QueryHandle, it.text[size:]
		return n, p.checkTag(it, "@"+n.Text, "a handle looks like @name or @name@server.example")
	}
	return n, p.checkWords(it)
}

// checkWords refuses what has no words, and wildcards in the wrong place.
func (p *parser) checkWords(it item) bool {
	elements := text.Pattern(it.text)
	switch {
	case len(elements) == 0:
		p.fail(it.span, "there are no letters, digits or emoji to look for", "take it away, or put the words between the quotes")
		return false
	case len(elements) > maxWords:
		p.fail(it.span, fmt.Sprintf("the phrase has more than %d words", maxWords), "a part of it will do")
		return false
	}
	if !p.checkStars(it, elements) {
		return false
	}
	p.warnDropped(it, elements)
	return true
}

func (p *parser) checkStars(it item, elements []text.Element) bool {
	inside := strings.Index(p.s[it.span[0]:it.span[1]], it.text)
	for i := range len(it.text) {
		c := it.text[i]
		if c != '*' && c != '?' {
			continue
		}
		span := earshot.Span{it.span[0] + inside + i, it.span[0] + inside + i + 1}
		before, _ := utf8.DecodeLastRuneInString(it.text[:i])
		after, _ := utf8.DecodeRuneInString(it.text[i+1:])
		switch {
		case c == '?' && it.kind == word && isLetter(before) && isLetter(after):
			p.fail(span, "? does not stand for a letter", "list the spellings with OR")
			return false
		case c == '*' && (!isLetter(before) || isLetter(after)):
			p.fail(span, "* can only stand at the end of a word", "write at least 3 letters and then *: recall*")
			return false
		}
	}
	for i := range elements {
		if elements[i].Prefix && elements[i].Letters() < text.MinPrefix {
			p.fail(it.span, fmt.Sprintf("at least %d letters must stand before *", text.MinPrefix), "write more of the word, or list the words with OR")
			return false
		}
	}
	return true
}

func (p *parser) checkTag(it item, tag, hint string) bool {
	elements := text.Pattern(tag)
	if len(elements) != 1 || elements[0].Key[0] != tag[0] {
		p.fail(it.span, strconv.Quote(it.text)+" can never match", hint)
		return false
	}
	if !p.checkStars(it, elements) {
		return false
	}
	p.warnDropped(it, elements)
	return true
}

// field reads name:value.
func (p *parser) field(n earshot.QueryNode, name, value string) (earshot.QueryNode, bool) {
	if name != "site" {
		hint := guess.Hint(name, []string{"site"})
		if hint == "" {
			hint = fmt.Sprintf(`the only field is site:; to search for the words, write "%s %s"`, name, value)
		}
		if slices.Contains(laterFields, name) {
			hint = "the only field in this version is site:"
		}
		p.fail(n.Span, "there is no field "+strconv.Quote(name), hint)
		return n, false
	}
	host, ok := SiteHost(value)
	if !ok {
		p.fail(n.Span, "site: needs the name of a host", "write it without https:// and without a path: site:acme.example")
		return n, false
	}
	n.Op, n.Text = earshot.QuerySite, host
	return n, true
}

// laterFields are known elsewhere, so that nobody takes them for words.
var laterFields = []string{
	"author", "country", "from", "hashtag", "has", "is", "lang", "language", "links", "rating", "subreddit", "tags", "text", "title", "to", "url",
}

// SiteHost returns the host name as it is compared, without www. and in the
// ASCII form of international names.
func SiteHost(s string) (host string, ok bool) {
	host = strings.TrimPrefix(strings.Trim(strings.ToLower(s), "."), "www.")
	host, err := idna.Lookup.ToASCII(host)
	if err != nil || host == "" {
		return "", false
	}
	for _, r := range host {
		if r != '.' && r != '-' && (r >= utf8.RuneSelf || !isLetter(r)) {
			return "", false
		}
	}
	return host, true
}

// unsupported tells what means something in other query languages and would
// silently mean something else here.
func unsupported(s string) (sign string, ok bool) {
	switch {
	case strings.HasPrefix(s, "{"):
		return "{ }", true
	case strings.HasPrefix(s, "<<<"):
		return "<<< >>>", true
	case strings.HasPrefix(s, "~"):
		return "~", true
	case len(s) > 1 && strings.HasPrefix(s, "/"):
		return "/ /", true
	}
	return "", false
}

// isName reports whether s could name a field.
func isName(s string) bool {
	for _, r := range s {
		if r != '_' && (r|0x20 < 'a' || r|0x20 > 'z') {
			return false
		}
	}
	return s != ""
}

func isLetter(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.M, r))
}
