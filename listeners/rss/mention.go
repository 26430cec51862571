package rss

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	ext "github.com/mmcdole/gofeed/extensions"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/markup"
)

// network is what mentions of this driver are from.
const network = "rss"

// Flags of mentions, besides those the runner sets.
const (
	flagUndated   = "undated"   // the feed gives no date
	flagBadDate   = "bad_date"  // it gives one that cannot be read
	flagTruncated = "truncated" // the feed ended in the middle
	flagCut       = "cut"       // it is longer than what is kept
	flagGarbled   = "garbled"   // it refers to entities that the feed declares itself
)

// normaliser turns the items of one feed into mentions.
type normaliser struct {
	doc  *document
	feed string   // the feed as configured: what tells its short IDs from those of others
	base *url.URL // where the feed was read, for relative addresses
}

// mention returns what the item says. Its ID is empty when there is nothing in
// it to tell it by.
func (n normaliser) mention(item *gofeed.Item) earshot.Mention {
	m := earshot.Mention{Network: network, Change: earshot.New}
	m.URL = markup.Resolve(n.base, item.Link)
	n.body(&m, item)
	m.ID = n.id(item, &m)
	m.Author = n.author(item)
	m.Lang = n.language(item)
	m.Media = n.media(item, m.Media)
	m.ReplyTo = n.replyTo(item)
	m.Posted = posted(item)
	switch {
	case !m.Posted.IsZero():
	case item.Published == "" && item.Updated == "":
		m.Flags = append(m.Flags, flagUndated)
	default:
		m.Flags = append(m.Flags, flagBadDate)
	}
	if n.doc.truncated {
		m.Flags = append(m.Flags, flagTruncated)
	}
	return m
}

func (n normaliser) body(m *earshot.Mention, item *gofeed.Item) {
	source := item.Content
	if strings.TrimSpace(source) == "" {
		source = item.Description
	}
	if source == "" {
		source = firstValue(inGroupsToo(item, "description")) // all that a video feed says
	}
	base := n.base
	if u, err := url.Parse(m.URL); err == nil && m.URL != "" {
		base = u
	}
	var r markup.Rendering
	if n.doc.extras[item].plain {
		r = markup.Plain(source)
	} else {
		r = markup.Render(source, base)
	}
	r.Links = listeners.AppendBareLinks(r.Links, r.Text, markup.MaxLinks)
	title, cut := markup.Title(item.Title)
	if title == r.Text {
		title = "" // a post without a headline of its own
	}
	m.Title, m.Text, m.Links, m.Media = title, r.Text, r.Links, r.Media
	if cut || r.Cut {
		m.Flags = append(m.Flags, flagCut)
	}
	if n.doc.entities && strings.Contains(item.Title+source, "&") {
		m.Flags = append(m.Flags, flagGarbled)
	}
}

// id is the mention's identity: what the feed calls the item, else its address,
// else its words. Names that mean something everywhere stay as they are, so that
// two feeds with one article agree; others mean something in their feed only, and
// get its address before them. Not the item's link, even if it has one: links
// change with headlines and campaigns, IDs are what does not.
func (n normaliser) id(item *gofeed.Item, m *earshot.Mention) string {
	if guid := strings.TrimSpace(item.GUID); guid != "" && !n.doc.shared[guid] {
		return n.native(guid)
	}
	return n.fallbackID(m)
}

func (n normaliser) fallbackID(m *earshot.Mention) string {
	switch {
	case m.URL != "":
		return n.native(m.URL)
	case m.Title != "" || m.Text != "":
		return n.native(digest(m.Title + "\x00" + m.Text))
	}
	return ""
}

func (n normaliser) native(name string) string {
	const longest = 512
	if len(name) > longest || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' }) {
		name = digest(name)
	}
	scheme, _, found := strings.Cut(name, ":")
	if found {
		switch strings.ToLower(scheme) {
		case "http", "https", "tag", "urn":
			return network + ":" + name
		}
	}
	return network + ":" + n.feed + "#" + name
}

// feedName is a feed's address as part of an ID: a query, which tells many feeds
// of forums apart, may hold a secret and is only hashed.
func feedName(u *url.URL) string {
	const enough = 12
	name := strings.ToLower(u.Host) + u.EscapedPath()
	if u.RawQuery != "" {
		name += "?" + digest(u.RawQuery)[:enough]
	}
	return name
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// posted is when the item was published, else when it was last changed.
func posted(item *gofeed.Item) time.Time {
	switch {
	case item.PublishedParsed != nil:
		return item.PublishedParsed.UTC()
	case item.UpdatedParsed != nil:
		return item.UpdatedParsed.UTC()
	}
	return time.Time{}
}

func (n normaliser) author(item *gofeed.Item) earshot.Author {
	if line := n.doc.extras[item].byline; line != "" {
		return bylineOf(line)
	}
	people := item.Authors
	// The people of an RSS channel run it, those of other feeds write it.
	if len(people) == 0 && n.doc.FeedType != "rss" {
		people = n.doc.Authors
	}
	for _, p := range people {
		if a := bylineOf(p.Name); a != (earshot.Author{}) {
			return a
		}
	}
	return earshot.Author{}
}

// bylineOf reads "Name", "@handle", "Name (@handle)", "mail@host (Name)" and the
// like. It never keeps an e-mail address: nobody chose to be shown by that.
func bylineOf(line string) earshot.Author {
	const longest = 1 << 10
	if len(line) > longest {
		line = strings.ToValidUTF8(line[:longest], "")
	}
	var a earshot.Author
	var name []string
	for word := range strings.FieldsSeq(markup.Render(line, nil).Text) {
		switch bare := strings.Trim(word, "()<>[],;"); strings.IndexByte(bare, '@') {
		case -1:
			name = append(name, word)
		case 0:
			if len(bare) > 1 && a.Handle == "" {
				a.Handle = bare
			}
		}
	}
	a.Name = strings.Join(name, " ")
	if bare := strings.Trim(a.Name, "()<>[],; "); !strings.ContainsAny(bare, "()") {
		a.Name = bare
	}
	return a
}

func (n normaliser) language(item *gofeed.Item) string {
	candidates := []string{n.doc.extras[item].lang}
	if item.DublinCoreExt != nil {
		candidates = append(candidates, item.DublinCoreExt.Language...)
	}
	for _, c := range append(candidates, n.doc.Language) {
		if tag := languageTag(c); tag != "" {
			return tag
		}
	}
	return ""
}

// languageTag tidies a claimed language and drops what cannot be one.
func languageTag(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "-")
	if len(s) < 2 || len(s) > 35 {
		return ""
	}
	for _, c := range []byte(s) {
		if letter := 'a' <= c|0x20 && c|0x20 <= 'z'; !letter && c != '-' && (c < '0' || c > '9') {
			return ""
		}
	}
	return s
}

// replyTo follows the threading extension (RFC 4685).
func (n normaliser) replyTo(item *gofeed.Item) string {
	for _, e := range item.Extensions["thr"]["in-reply-to"] {
		if ref := strings.TrimSpace(e.Attrs["ref"]); ref != "" {
			return n.native(ref)
		}
	}
	return ""
}

// media adds what is enclosed to the pictures in the text.
func (n normaliser) media(item *gofeed.Item, inText []earshot.Media) []earshot.Media {
	var all []earshot.Media
	add := func(address, alt string) {
		if u := markup.Resolve(n.base, address); u != "" {
			alt, _ = markup.Title(alt)
			all = markup.AppendMedia(all, earshot.Media{URL: u, Alt: alt})
		}
	}
	for _, e := range item.Enclosures {
		add(e.URL, "")
	}
	for _, e := range inGroupsToo(item, "content") {
		alt := firstValue(e.Children["description"])
		if alt == "" {
			alt = firstValue(e.Children["title"])
		}
		add(e.Attrs["url"], alt)
	}
	for _, e := range inGroupsToo(item, "thumbnail") {
		add(e.Attrs["url"], "")
	}
	if item.Image != nil {
		add(item.Image.URL, item.Image.Title)
	}
	for _, m := range inText {
		all = markup.AppendMedia(all, m)
	}
	return all
}

// inGroupsToo are the Media RSS elements of that name, in groups or not.
func inGroupsToo(item *gofeed.Item, name string) []ext.Extension {
	media := item.Extensions["media"]
	found := slices.Clone(media[name])
	for _, group := range media["group"] {
		found = append(found, group.Children[name]...)
	}
	return found
}

func firstValue(list []ext.Extension) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Value
}
