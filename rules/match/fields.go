package match

import (
	"regexp/syntax"
	"strings"

	"golang.org/x/net/idna"

	"earshot"
	"earshot/rules/language"
	"earshot/rules/text"
)

// properties is how many properties of posts have names.
const properties = 9

// propertyNames are what QueryIs may ask for.
var propertyNames = [properties]string{
	earshot.QueryPost, earshot.QueryReply, earshot.QueryRepost, earshot.QueryQuote, earshot.QueryVerified,
	earshot.QueryHasLinks, earshot.QueryHasMedia, earshot.QueryHasTags, earshot.QueryHasNames,
}

// requiredBy returns literals of which a text needs at least one to match.
func requiredBy(expression string) []string {
	parsed, err := syntax.Parse(expression, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return nil
	}
	literals, _ := text.Required(parsed)
	return literals
}

// What the keys of fields begin with. No word has a colon.
const (
	keyAuthor  = "author:"
	keyTo      = "to:"
	keyLang    = "lang:"
	keySite    = "site:"
	keyNetwork = "network:"
	keyChannel = "channel:"
	keyCountry = "country:"
)

// virtual numbers what is asked of a field.
func (b *builder) virtual(q *earshot.QueryNode) int32 {
	x := b.x
	key, want := "", wants(0)
	switch q.Op {
	case earshot.QueryAuthor:
		key, want = keyAuthor, wantAuthor
	case earshot.QueryTo:
		key, want = keyTo, wantTo
	case earshot.QueryLang:
		key, want = keyLang, wantLang
	case earshot.QuerySite:
		key, want = keySite, wantSite
		x.international = x.international || strings.Contains(q.Text, "xn--")
	case earshot.QueryNetwork:
		key, want = keyNetwork, wantNetwork
	case earshot.QueryChannel:
		key, want = keyChannel, wantChannel
	case earshot.QueryCountry:
		key, want = keyCountry, wantCountry
	case earshot.QueryIs:
		x.wants |= wantProperties
		for i, name := range propertyNames {
			if name != q.Text {
				continue
			}
			if x.properties[i] == 0 {
				x.properties[i] = x.words.Number()
				b.say(x.properties[i], timesProperty)
			}
			return x.properties[i]
		}
	}
	x.wants |= want
	if start, ok := strings.CutSuffix(q.Text, "*"); ok {
		return x.words.Prefix(key + start)
	}
	term := x.words.Word(key + q.Text)
	if want&(wantLang|wantNetwork|wantCountry) != 0 {
		b.say(term, timesProperty)
	}
	return term
}

// noteFields notes what the mention has beside its words.
func (p *Post) noteFields(x *Index, m *earshot.Mention) {
	if x.wants&wantAuthor != 0 {
		if m.Author.Handle != "" {
			p.noteHandle(x, keyAuthor, m.Author.Handle)
		} else {
			p.key = text.AppendName(append(p.key[:0], keyAuthor...), m.Author.Name)
			p.noteKey(x)
		}
	}
	if x.wants&wantTo != 0 {
		for _, handle := range m.To {
			p.noteHandle(x, keyTo, handle)
		}
	}
	if x.wants&wantLang != 0 {
		p.noteText(x, keyLang, p.languageOf(m))
	}
	if x.wants&wantSite != 0 {
		p.noteSites(x, m)
	}
	if x.wants&wantNetwork != 0 {
		p.noteText(x, keyNetwork, m.Network)
	}
	if x.wants&wantChannel != 0 {
		p.key = text.AppendChannel(append(p.key[:0], keyChannel...), m.Channel)
		p.noteKey(x)
	}
	if x.wants&wantCountry != 0 {
		p.noteText(x, keyCountry, m.Country)
	}
	if x.wants&wantProperties != 0 {
		p.noteProperties(x, m)
	}
}

func (p *Post) languageOf(m *earshot.Mention) string {
	if p.Language != nil {
		return p.Language(m)
	}
	return language.Base(m.Lang)
}

// noteKey notes the terms of p.key.
func (p *Post) noteKey(x *Index) {
	p.ids = x.words.Lookup(p.ids[:0], p.key)
	for _, term := range p.ids {
		p.note(term, -1)
	}
}

// noteText notes a short value in ASCII, whose capitals make no difference.
func (p *Post) noteText(x *Index, key, value string) {
	p.key = append(p.key[:0], key...)
	for i := range len(value) {
		c := value[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		p.key = append(p.key, c)
	}
	p.noteKey(x)
}

// noteHandle notes a handle with and without its server.
func (p *Post) noteHandle(x *Index, key, handle string) {
	p.key = text.AppendName(append(p.key[:0], key...), handle)
	p.noteKey(x)
	for i := len(key); i < len(p.key); i++ {
		if p.key[i] == '@' {
			p.key = p.key[:i]
			p.noteKey(x)
			return
		}
	}
}

func (p *Post) noteProperties(x *Index, m *earshot.Mention) {
	has := [properties]bool{
		m.ReplyTo == "" && m.RepostOf == "" && m.QuoteOf == "",
		m.ReplyTo != "", m.RepostOf != "", m.QuoteOf != "", m.Author.Verified,
		len(m.Links) > 0 || len(p.Tokens.Hosts) > 0, len(m.Media) > 0,
	}
	for i := range p.Tokens.List {
		has[7] = has[7] || p.Tokens.List[i].Kind == text.Hashtag
		has[8] = has[8] || p.Tokens.List[i].Kind == text.Handle
	}
	for i, term := range x.properties {
		if term != 0 && has[i] {
			p.note(term, -1)
		}
	}
}

// noteSites looks for the hosts of the mention, its links and the addresses in
// its title and text, however they are written.
func (p *Post) noteSites(x *Index, m *earshot.Mention) {
	p.noteAddress(x, m.URL)
	for _, link := range m.Links {
		p.noteAddress(x, link)
	}
	for _, host := range p.Tokens.Hosts {
		p.noteHost(x, host, "")
	}
	p.noteBareHosts(x, m.Title)
	p.noteBareHosts(x, m.Text)
}

func (p *Post) noteAddress(x *Index, address string) {
	if host := text.Host(address); host != "" {
		p.noteHost(x, host, "")
		return
	}
	p.noteBareHosts(x, address)
}

// noteBareHosts looks for hosts in a text. A single word is none there.
func (p *Post) noteBareHosts(x *Index, s string) {
	for host := range text.BareHosts(s) {
		p.noteHost(x, host, ".")
	}
}

// noteHost looks for the host and all that it is below of, as far as they have
// the sign.
func (p *Post) noteHost(x *Index, host, sign string) {
	for host = x.ascii(host); host != "" && strings.Contains(host, sign); _, host, _ = strings.Cut(host, ".") {
		p.noteText(x, keySite, host)
	}
}

// ascii is how an international host name is compared, "" for what is too long
// to be one. It takes long, and is needed only if a query has such a name.
func (x *Index) ascii(host string) string {
	if len(host) > text.MaxHost {
		return ""
	}
	if x.international && strings.IndexFunc(host, func(r rune) bool { return r >= 0x80 }) >= 0 {
		if ascii, err := idna.Lookup.ToASCII(host); err == nil {
			return ascii
		}
	}
	return host
}

// numberNames are what QueryBetween may compare.
var numberNames = [...]string{
	earshot.QueryFollowers, earshot.QueryReach, earshot.QueryLikes, earshot.QueryReposts, earshot.QueryReplies, earshot.QueryViews,
	earshot.QueryRating, earshot.QueryAge,
}

// unknown is in no range.
const unknown = -1

// numbersOf are the numbers of a mention, in the order of their names.
func numbersOf(m *earshot.Mention) [len(numberNames)]float64 {
	rating, age := m.Rating, float64(unknown)
	if rating <= 0 {
		rating = unknown
	}
	when := m.Posted
	if when.IsZero() {
		when = m.Heard
	}
	if created := m.Author.Created; !created.IsZero() && !when.IsZero() {
		age = max(when.Sub(created).Hours()/24, 0)
	}
	e := &m.Engagement
	return [...]float64{
		float64(m.Author.Followers), float64(max(m.Author.Followers, e.Views)), float64(e.Likes), float64(e.Reposts), float64(e.Replies),
		float64(e.Views), rating, age,
	}
}
