package match_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"earshot"
	"earshot/rules/language"
	"earshot/rules/text"
)

// naive evaluates a query in the most obvious way: no index, every pair of words
// compared. It is what the matcher must agree with.
type naive struct {
	m        *earshot.Mention
	tokens   text.Tokens // of title and text, then of addresses
	spoken   int
	linked   bool
	hosts    []string
	fields   [2]string
	disguise []disguise
	parts    []place
}

// place is a run of words in the order of the post, and the bytes of a field.
type place struct {
	from, to int32
	field    text.Field
	span     earshot.Span
}

type disguise struct {
	place
	key string
}

func newNaive(m *earshot.Mention) *naive {
	n := &naive{m: m, fields: [2]string{m.Title, m.Text}}
	if m.Title != "" {
		n.tokens.Add(text.Title, m.Title)
	}
	n.tokens.Add(text.Body, m.Text)
	n.spoken = len(n.tokens.List)
	n.hosts = append(n.hosts, n.tokens.Hosts...)
	n.linked = len(m.Links)+len(n.hosts) > 0
	n.hosts = append(n.hosts, text.Host(m.URL))
	n.tokens.Add(text.Address, m.URL)
	for _, link := range m.Links {
		n.hosts = append(n.hosts, text.Host(link))
		n.tokens.Add(text.Link, link)
	}
	for field, s := range n.fields {
		var all text.Disguises
		all.Read(s)
		for d, ok := all.Next(); ok; d, ok = all.Next() {
			n.disguises(text.Field(field), d)
		}
	}
	for i, tok := range n.tokens.List[:n.spoken] {
		if whole := i > 0 && n.tokens.List[i-1].Kind == tok.Kind && n.tokens.List[i-1].From == tok.From; tok.Kind != text.Hashtag && tok.Kind != text.Handle || whole {
			continue
		}
		tag := n.fields[tok.Field][tok.From:tok.To]
		for from, to := range text.Camel(tag) {
			if from == 0 {
				from = len(tag) - len(strings.TrimLeft(tag, "#＃﹟@＠﹫"))
			}
			n.parts = append(n.parts, place{tok.Pos, tok.Pos, tok.Field, earshot.Span{int(tok.From) + from, int(tok.From) + to}})
		}
	}
	return n
}

// disguises notes a disguise at the first and at the last word that it is made of.
func (n *naive) disguises(field text.Field, d text.Disguise) {
	var over []text.Token
	for _, tok := range n.tokens.List[:n.spoken] {
		if whole := tok.Kind == text.Hashtag || tok.Kind == text.Handle || tok.Kind == text.Cashtag; !whole && tok.Field == field && int(tok.From) < d.To && int(tok.To) > d.From {
			over = append(over, tok)
		}
	}
	if len(over) == 0 {
		return
	}
	for _, tok := range []text.Token{over[0], over[len(over)-1]} {
		n.disguise = append(n.disguise, disguise{place{tok.Pos, tok.Pos, field, earshot.Span{d.From, d.To}}, string(d.Key)})
	}
}

func (n *naive) eval(q *earshot.QueryNode) bool {
	switch q.Op {
	case earshot.QueryAnd:
		return !slices.ContainsFunc(q.Nodes, func(c earshot.QueryNode) bool { return !n.eval(&c) })
	case earshot.QueryOr:
		return slices.ContainsFunc(q.Nodes, func(c earshot.QueryNode) bool { return n.eval(&c) })
	case earshot.QueryNot:
		return !n.eval(&q.Nodes[0])
	case earshot.QueryNear:
		return n.near(q)
	case earshot.QueryRegex:
		expression := regexp.MustCompile("(?i:" + q.Text + ")")
		return expression.MatchString(n.fields[0]) && n.fields[0] != "" || !q.Title && n.fields[1] != "" && expression.MatchString(n.fields[1])
	case earshot.QueryURL:
		return n.inAddress(q.Text, true)
	case earshot.QueryLinks:
		return n.inAddress(q.Text, false)
	case earshot.QueryWord, earshot.QueryPhrase, earshot.QueryHashtag, earshot.QueryHandle, earshot.QueryCashtag:
		return len(n.places(q)) > 0
	}
	return n.has(q)
}

// near is true if one operand stands somewhere and all others begin within the
// distance after it.
func (n *naive) near(q *earshot.QueryNode) bool {
	sides := make([][]place, len(q.Nodes))
	for i := range q.Nodes {
		sides[i] = n.places(&q.Nodes[i])
	}
	for first := range sides {
		if first > 0 && q.Ordered {
			return false
		}
		for _, a := range sides[first] {
			all := true
			for other := range sides {
				all = all && (other == first || slices.ContainsFunc(sides[other], func(b place) bool {
					return b.from > a.to && int(b.from-a.to) <= q.Distance
				}))
			}
			if all {
				return true
			}
		}
	}
	return false
}

// has evaluates what is asked of the mention beside its words.
func (n *naive) has(q *earshot.QueryNode) bool {
	m := n.m
	named := func(s string) bool {
		start, prefix := strings.CutSuffix(q.Text, "*")
		return s == q.Text || prefix && strings.HasPrefix(s, start)
	}
	handle := func(s string) bool {
		bare, _, _ := strings.Cut(text.Name(s), "@")
		return named(text.Name(s)) || named(bare)
	}
	switch q.Op {
	case earshot.QueryAuthor:
		if m.Author.Handle == "" {
			return named(text.Name(m.Author.Name))
		}
		return handle(m.Author.Handle)
	case earshot.QueryTo:
		return slices.ContainsFunc(m.To, handle)
	case earshot.QueryLang:
		return language.Base(m.Lang) == q.Text
	case earshot.QuerySite:
		return slices.ContainsFunc(n.hosts, func(host string) bool { return host == q.Text || strings.HasSuffix(host, "."+q.Text) })
	case earshot.QueryNetwork:
		return strings.EqualFold(m.Network, q.Text)
	case earshot.QueryChannel:
		return named(text.Channel(m.Channel))
	case earshot.QueryCountry:
		return strings.EqualFold(m.Country, q.Text)
	case earshot.QueryBetween:
		v, known := n.number(q.Text)
		return known && q.Range.Contains(v)
	}
	kinds := map[text.Kind]bool{}
	for _, tok := range n.tokens.List[:n.spoken] {
		kinds[tok.Kind] = true
	}
	return map[string]bool{
		earshot.QueryReply: m.ReplyTo != "", earshot.QueryRepost: m.RepostOf != "", earshot.QueryQuote: m.QuoteOf != "",
		earshot.QueryPost: m.ReplyTo+m.RepostOf+m.QuoteOf == "", earshot.QueryVerified: m.Author.Verified,
		earshot.QueryHasLinks: n.linked, earshot.QueryHasMedia: len(m.Media) > 0,
		earshot.QueryHasTags: kinds[text.Hashtag], earshot.QueryHasNames: kinds[text.Handle],
	}[q.Text]
}

func (n *naive) number(about string) (v float64, known bool) {
	m := n.m
	switch about {
	case earshot.QueryFollowers:
		return float64(m.Author.Followers), true
	case earshot.QueryReach:
		return float64(max(m.Author.Followers, m.Engagement.Views)), true
	case earshot.QueryRating:
		return m.Rating, m.Rating > 0
	case earshot.QueryAge:
		return m.Posted.Sub(m.Author.Created).Hours() / 24, !m.Posted.IsZero() && !m.Author.Created.IsZero()
	}
	return 0, true // nobody has likes here
}

// inAddress looks for words in a row in an address.
func (n *naive) inAddress(s string, own bool) bool {
	pattern := text.Literal(s)
	isAddress := func(i int) bool {
		tok := &n.tokens.List[i]
		return tok.Field == text.Link || own && tok.Field == text.Address || tok.Field <= text.Body && tok.URL
	}
	return len(n.rows(pattern, func(i int, e text.Element) bool { return isAddress(i) && string(n.tokens.Key(i)) == e.Key })) > 0
}

// rows returns where elements stand in a row, given what a token is.
func (n *naive) rows(pattern []text.Element, is func(i int, e text.Element) bool) (all []place) {
	at := func(e text.Element, pos int32) int {
		for i, tok := range n.tokens.List {
			if tok.Pos == pos && (!e.Joined || tok.Joined) && is(i, e) {
				return i
			}
		}
		return -1
	}
	for i, tok := range n.tokens.List {
		if !is(i, pattern[0]) {
			continue
		}
		last := i
		for _, e := range pattern[1:] {
			if last = at(e, tok.Pos+e.Offset); last < 0 {
				break
			}
		}
		if last >= 0 {
			end := n.tokens.List[last]
			all = append(all, place{tok.Pos, end.Pos, tok.Field, earshot.Span{int(tok.From), int(max(tok.To, end.To))}})
		}
	}
	return all
}

// places returns where everything stands that the leaf, or the OR of leaves, finds.
func (n *naive) places(q *earshot.QueryNode) (all []place) {
	if q.Op == earshot.QueryOr {
		for i := range q.Nodes {
			all = append(all, n.places(&q.Nodes[i])...)
		}
		return all
	}
	s := map[earshot.QueryOp]string{earshot.QueryHashtag: "#", earshot.QueryHandle: "@", earshot.QueryCashtag: "$"}[q.Op] + q.Text
	pattern := text.Wild(s)
	if q.Exact {
		pattern = text.Literal(s)
	}
	allowed := func(f text.Field) bool { return f == text.Title || f == text.Body && !q.Title }
	all = n.rows(pattern, func(i int, e text.Element) bool {
		return allowed(n.tokens.List[i].Field) && i < n.spoken && (n.isAt(i, e, q.Exact) || q.Compound && bytes.Contains(n.tokens.Key(i), []byte(e.Key)) && n.tokens.List[i].Kind == text.Word)
	})
	if q.Evade {
		all = append(all, n.disguised(pattern, allowed)...)
	}
	if q.Camel {
		all = append(all, n.camel(pattern, q, allowed)...)
	}
	if !q.Exact {
		return all
	}
	return slices.DeleteFunc(all, func(p place) bool {
		field := n.fields[p.field]
		if strings.HasPrefix(s, "#") || strings.HasPrefix(s, "@") || strings.HasPrefix(s, "$") || !slices.Contains(n.parts, p) {
			from, to := pattern[0].From, pattern[len(pattern)-1].To
			if !strings.HasSuffix(field[:p.span[0]], s[:from]) || !strings.HasPrefix(field[p.span[1]:], s[to:]) {
				return !slices.Contains(n.parts, p) || string(text.AppendExact(nil, field[p.span[0]:p.span[1]])) != string(text.AppendExact(nil, s))
			}
			return string(text.AppendExact(nil, field[p.span[0]:p.span[1]])) != string(text.AppendExact(nil, s[from:to]))
		}
		return string(text.AppendExact(nil, field[p.span[0]:p.span[1]])) != string(text.AppendExact(nil, s))
	})
}

// disguised finds patterns of which some words are in disguise: every word is a
// token or a disguise at its place.
func (n *naive) disguised(pattern []text.Element, allowed func(text.Field) bool) (all []place) {
	options := func(e text.Element) (found []place) {
		for i, tok := range n.tokens.List[:n.spoken] {
			if allowed(tok.Field) && n.isAt(i, e, false) && (!e.Joined || tok.Joined) {
				found = append(found, place{tok.Pos, tok.Pos, tok.Field, earshot.Span{int(tok.From), int(tok.To)}})
			}
		}
		if e.Letters() < text.MinDisguised || e.Joined {
			return found
		}
		key := string(text.AppendSkeleton(nil, e.Key))
		for _, d := range n.disguise {
			if allowed(d.field) && (d.key == key || e.Prefix && strings.HasPrefix(d.key, key)) {
				found = append(found, d.place)
			}
		}
		return found
	}
	for _, first := range options(pattern[0]) {
		whole, ok := first, true
		for _, e := range pattern[1:] {
			at := slices.IndexFunc(options(e), func(p place) bool { return p.from == first.from+e.Offset })
			if ok = at >= 0; !ok {
				break
			}
			whole.to = options(e)[at].to
		}
		if ok {
			all = append(all, whole)
		}
	}
	return all
}

// camel finds words, or all words of a phrase together, in tags.
func (n *naive) camel(pattern []text.Element, q *earshot.QueryNode, allowed func(text.Field) bool) (all []place) {
	key := ""
	for _, e := range pattern {
		key += e.Key
	}
	for _, p := range n.parts {
		part := n.fields[p.field][p.span[0]:p.span[1]]
		has := string(text.AppendLetters(nil, part))
		e := pattern[len(pattern)-1]
		e.Key = key
		fits := fills(has, e)
		if len(pattern) == 1 && e.Exact != "" && !q.Exact {
			spelled, _ := text.AppendSpelled(nil, part)
			fits = string(spelled) == e.Exact || e.Prefix && strings.HasPrefix(string(spelled), e.Exact)
		}
		if allowed(p.field) && fits {
			all = append(all, p)
		}
	}
	return all
}

func (n *naive) isAt(i int, e text.Element, exact bool) bool {
	if e.Joined && !n.tokens.List[i].Joined {
		return false
	}
	if tok := &n.tokens.List[i]; e.Exact != "" && !exact {
		spelled, _ := text.AppendSpelled(nil, n.fields[tok.Field][tok.From:tok.To])
		return string(spelled) == e.Exact || e.Prefix && strings.HasPrefix(string(spelled), e.Exact)
	}
	return fills(string(n.tokens.Key(i)), e)
}

// fills reports whether a key is what an element asks for, letter by letter.
func fills(key string, e text.Element) bool {
	have, want := []rune(key), []rune(e.Key)
	if len(have) < len(want) || len(have) > len(want) && !e.Prefix {
		return false
	}
	for i, r := range want {
		if have[i] != r && (r != text.Hole || e.Holes == 0) {
			return false
		}
	}
	return true
}
