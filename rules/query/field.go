package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	iso "golang.org/x/text/language"

	"earshot"
	"earshot/rules/guess"
	"earshot/rules/language"
	"earshot/rules/text"
)

// scope is what the fields around a term ask of it.
type scope struct {
	title, evade, camel, compound bool
	field                         *fieldRule
	name                          string // of field, as written
}

// fieldRule says how the value of a field is read.
type fieldRule struct {
	op    earshot.QueryOp
	about string // of a number: which
	needs string
	hint  string
	read  func(f *fieldRule, n *earshot.QueryNode, value string) bool
}

// modifiers are the fields that change how words are looked for.
var modifiers = []string{"title", "evade", "camel", "compound"}

func isModifier(name string) bool {
	return slices.Contains(modifiers, strings.ToLower(name))
}

// fieldOf finds the rule of a field: names of Brandwatch first, those of X where
// they differ. Capitals make no difference.
func fieldOf(name string) (f *fieldRule) {
	switch strings.ToLower(name) {
	case "author", "from":
		return &fieldRule{op: earshot.QueryAuthor, needs: "a name", hint: "write author:name or author:name@server.example", read: readName}
	case "to":
		return &fieldRule{op: earshot.QueryTo, needs: "a name", hint: "write to:name or to:name@server.example", read: readName}
	case "lang", "language":
		return &fieldRule{op: earshot.QueryLang, needs: "the two or three letters of a language that there is", hint: "write lang:en", read: readLang}
	case "site":
		return &fieldRule{op: earshot.QuerySite, needs: "the name of a host", hint: "write it without https:// and without a path: site:acme.example", read: readSite}
	case "url":
		return &fieldRule{op: earshot.QueryURL, needs: "a part of an address", hint: "write url:acme.example/recall", read: readAddress}
	case "links":
		return &fieldRule{op: earshot.QueryLinks, needs: "a part of an address", hint: "write links:acme.example/recall", read: readAddress}
	case "network":
		return &fieldRule{op: earshot.QueryNetwork, needs: "the name of a network", hint: "write network:reddit", read: readNetwork}
	case "subreddit", "channel":
		return &fieldRule{op: earshot.QueryChannel, needs: "the name of a subreddit, group or board", hint: "write subreddit:toys", read: readChannel}
	case "country":
		return &fieldRule{op: earshot.QueryCountry, needs: "the two or three letters of a country that there is", hint: "write country:de", read: readCountry}
	case "is":
		return &fieldRule{op: earshot.QueryIs, needs: "reply, repost, quote, post or verified", hint: "write is:reply", read: readIs}
	case "kind", "engagementtype":
		return &fieldRule{op: earshot.QueryIs, needs: "reply, repost, quote or post", hint: "write kind:reply", read: readKind}
	case "has":
		return &fieldRule{op: earshot.QueryIs, needs: "links, media, hashtags or mentions", hint: "write has:links", read: readHas}
	case "query":
		return &fieldRule{op: earshot.QueryNamed, needs: "the name of a brand or topic", hint: "write query:acme or query:acme/safety", read: readQueryName}
	}
	return numberOf(name)
}

// fieldNames are what fields can be called, for suggestions.
var fieldNames = []string{
	"title", "evade", "camel", "compound", "author", "from", "to", "lang", "language", "site", "url", "links", "network", "subreddit",
	"country", "is", "kind", "engagementType", "has", "query", "verified", "authorVerified", "followers", "authorFollowers", "reach",
	"likes", "reposts", "replies", "views", "rating", "accountAge",
}

// named reads name:value.
func (p *parser) named(span earshot.Span, name, value string) (earshot.QueryNode, bool) {
	f := fieldOf(name)
	switch {
	case isVerified(name):
		return p.verified(span, name, value)
	case f == nil:
		p.unknown(span, name, value)
		return earshot.QueryNode{}, false
	case p.inside.field != nil:
		p.fail(span, p.inside.name+": cannot be asked of "+name+":", "join the two by AND")
		return earshot.QueryNode{}, false
	}
	saved := p.inside
	p.inside.field, p.inside.name = f, name
	n, ok := p.value(span, f, value)
	p.inside = saved
	return n, ok
}

// value reads what stands after the colon.
func (p *parser) value(span earshot.Span, f *fieldRule, value string) (earshot.QueryNode, bool) {
	n := earshot.QueryNode{Op: f.op, Span: span}
	if s := p.inside; s.title || s.evade || s.camel || s.compound {
		p.fail(span, "title:, evade:, camel: and compound: are asked of words only", "move this out of the parentheses")
		return n, false
	}
	if !utf8.ValidString(value) || !f.read(f, &n, strings.TrimSpace(value)) {
		p.fail(span, p.inside.name+": needs "+f.needs, f.hint)
		return n, false
	}
	return n, true
}

// fielded reads what stands behind a field that is more than a word.
func (p *parser) fielded() (earshot.QueryNode, bool) {
	it := p.item
	var n earshot.QueryNode
	f := fieldOf(it.text)
	modifier := isModifier(it.text)
	switch {
	case f == nil && !modifier:
		p.unknown(it.span, it.text, "")
		return n, false
	case p.inside.field != nil:
		p.fail(it.span, p.inside.name+": cannot be asked of "+it.text+":", "join the two by AND")
		return n, false
	}
	if !p.enter(it.span) || !p.advance() {
		return n, false
	}
	switch k := p.item.kind; {
	case p.item.span[0] != it.span[1], k != word && k != phrase && k != exact && k != regex && k != opening && k != field:
		p.fail(it.span, it.text+": needs something right behind it", "write "+it.text+":word or "+it.text+":(one OR other)")
		return n, false
	}
	saved := p.inside
	if modifier {
		p.modify(it.text)
	} else {
		p.inside.field, p.inside.name = f, it.text
	}
	n, ok := p.operand()
	p.inside = saved
	p.depth--
	if ok {
		n.Span[0] = it.span[0]
	}
	return n, ok
}

func (p *parser) modify(name string) {
	s := &p.inside
	switch strings.ToLower(name) {
	case "title":
		s.title = true
	case "evade":
		s.evade = true
	case "camel":
		s.camel = true
	case "compound":
		s.compound = true
	}
}

// elsewhere are fields of other query languages.
var elsewhere = map[string]string{
	"hashtag": "write #name", "tags": "write #name", "tag": "write #name", "mention": "write @name", "text": "a word by itself is found in title and text",
	"raw": "write {BT} for one spelling", "filter": "write is: or has:", "since": "backtest --since chooses the time", "until": "backtest --since chooses the time",
}

func (p *parser) unknown(span earshot.Span, name, value string) {
	hint, ok := elsewhere[strings.ToLower(name)]
	if !ok {
		hint = guess.Hint(name, fieldNames)
	}
	if hint == "" {
		hint = fmt.Sprintf(`to search for the words, write "%s %s"`, name, value)
	}
	p.fail(span, "there is no field "+strconv.Quote(name), hint)
}

func readName(_ *fieldRule, n *earshot.QueryNode, value string) bool {
	name, star := strings.CutSuffix(strings.TrimLeft(value, "@＠"), "*")
	n.Text = text.Name(name)
	if star {
		if utf8.RuneCountInString(n.Text) < text.MinPrefix {
			return false
		}
		n.Text += "*"
	}
	return n.Text != "" && !strings.ContainsAny(n.Text, "\"“”»()<>") && !strings.Contains(name, "*")
}

func readLang(_ *fieldRule, n *earshot.QueryNode, value string) bool {
	base, err := iso.ParseBase(baseOf(value))
	if err != nil {
		return false
	}
	n.Text = language.Base(base.String())
	return n.Text != ""
}

func baseOf(tag string) string {
	if end := strings.IndexAny(tag, "-_"); end >= 0 {
		return tag[:end]
	}
	return tag
}

func readSite(_ *fieldRule, n *earshot.QueryNode, value string) (ok bool) {
	n.Text, ok = SiteHost(value)
	return ok
}

// readAddress keeps the words of an address, which is how it is compared.
func readAddress(_ *fieldRule, n *earshot.QueryNode, value string) bool {
	elements := text.Literal(value)
	if len(elements) == 0 || len(elements) > maxWords || strings.ContainsAny(value, "'’") {
		return false
	}
	words := make([]string, len(elements))
	for i := range elements {
		words[i] = elements[i].Key
		if c := words[i][0]; c == '#' || c == '@' || c == '$' {
			return false
		}
	}
	n.Text = strings.Join(words, "/")
	return true
}

func readNetwork(_ *fieldRule, n *earshot.QueryNode, value string) bool {
	n.Text = strings.ToLower(value)
	return n.Text != "" && strings.Trim(n.Text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func readChannel(_ *fieldRule, n *earshot.QueryNode, value string) bool {
	name, star := strings.CutSuffix(value, "*")
	n.Text = text.Channel(name)
	if star && utf8.RuneCountInString(n.Text) < text.MinPrefix || strings.ContainsAny(n.Text, "*\"“”»()<>") || n.Text == "" {
		return false
	}
	if star {
		n.Text += "*"
	}
	return true
}

func readCountry(_ *fieldRule, n *earshot.QueryNode, value string) bool {
	region, err := iso.ParseRegion(value)
	if err != nil || !region.IsCountry() {
		return false
	}
	n.Text = strings.ToLower(region.Canonicalize().String())
	return true
}

func readQueryName(_ *fieldRule, n *earshot.QueryNode, value string) bool {
	n.Text = strings.ToLower(value)
	return n.Text != "" && strings.Trim(n.Text, "abcdefghijklmnopqrstuvwxyz0123456789-/") == ""
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
