package rss

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/atom"
	feedjson "github.com/mmcdole/gofeed/json"
	"github.com/mmcdole/gofeed/rss"
	htmlatom "golang.org/x/net/html/atom"

	"earshot"
	"earshot/listeners"
)

// document is what could be read of a feed.
type document struct {
	*gofeed.Feed
	extras     map[*gofeed.Item]extra
	shared     map[string]bool // IDs that the feed gives to items with different addresses
	hints      hints
	push       announced // who pushes it
	tombstones []tombstone
	broken     []breakage
	kept       []trace // items that were left out, since they have been heard as they are
	truncated  bool    // the end is missing; the items are those that were whole
	entities   bool    // it declares entities of its own, which are not expanded
	excess     int     // items that are too many; the oldest were left out
}

// extra is what there is to know about an item and gofeed.Item has no room for.
type extra struct {
	plain  bool   // its content is plain text, not HTML
	lang   string // its language, where gofeed does not look
	byline string // who wrote it, as it is written
	raw    uint64 // hash of its bytes in the document, 0 if unknown

	comments string // where its comments are published, as it is written
}

// tombstone says that an entry was taken back (RFC 6721).
type tombstone struct {
	ref  string // the ID of the entry
	when time.Time
}

// breakage is an item that could not be read.
type breakage struct {
	raw    []byte
	reason string
}

// hints is what a feed says about how often to ask for it.
type hints struct {
	ttl             string // minutes
	updatePeriod    string
	updateFrequency string
}

// readText turns UTF-8 into a document, its items oldest first, without those
// that are known to have been heard.
func readText(text []byte, known *recent) (*document, error) {
	d, err := readAny(text, known)
	if err != nil {
		return nil, notFeed(err)
	}
	d.Items = oldestFirst(d.Items)
	d.shared = sharedIDs(d.Items)
	return d, nil
}

func notFeed(err error) error { return fmt.Errorf("%w: not a feed: %w", listeners.ErrMalformed, err) }

func readAny(doc []byte, known *recent) (*document, error) {
	switch {
	case len(doc) == 0:
		return nil, errors.New("an empty answer")
	case doc[0] == '{':
		return readJSON(doc)
	case doc[0] == '<':
		return readXML(doc, known)
	}
	return nil, errors.New("neither XML nor JSON")
}

func readXML(doc []byte, known *recent) (*document, error) {
	d, err := readOutlined(doc, known)
	if err == nil {
		d.entities = bytes.Contains(doc, []byte("<!ENTITY"))
	}
	return d, err
}

func readOutlined(doc []byte, known *recent) (*document, error) {
	o, err := outlineOf(doc)
	if err != nil {
		return nil, err
	}
	switch o.root {
	case "rss", "rdf", "feed":
	default:
		if htmlatom.Lookup([]byte(o.root)) != 0 {
			return nil, errWebPage
		}
		return nil, fmt.Errorf("its root element is <%.40s>, not rss, rdf or feed", o.root)
	}
	if o.root != "feed" && !o.channel && len(o.items) == 0 {
		return nil, fmt.Errorf("its root element is <%s>, but it has no channel", o.root)
	}
	if o.refused {
		return nil, errors.New("it is nested too deeply or made to be costly to read")
	}
	o.keepNewest(doc)
	whole := !o.truncated && o.excess == 0
	for _, p := range o.items {
		whole = whole && !p.refused
	}
	if whole {
		if d := known.read(doc, o); d != nil {
			return d, nil
		}
	}
	return salvage(doc, o)
}

var errWebPage = errors.New("it is a web page")

// parseXML has gofeed parse a whole, harmless document.
func parseXML(root string, doc []byte) (*document, error) {
	if root == "feed" {
		f, err := (&atom.Parser{}).Parse(bytes.NewReader(doc))
		if err != nil {
			return nil, err
		}
		return fromAtom(f)
	}
	f, err := (&rss.Parser{}).Parse(bytes.NewReader(doc))
	if err != nil {
		return nil, err
	}
	return fromRSS(f)
}

func fromAtom(f *atom.Feed) (*document, error) {
	feed, err := (&gofeed.DefaultAtomTranslator{}).Translate(f)
	if err != nil {
		return nil, err
	}
	d := &document{Feed: feed, extras: map[*gofeed.Item]extra{}, hints: syndication(feed), tombstones: tombstones(feed)}
	for i, entry := range f.Entries {
		for _, link := range entry.Links {
			if link.Rel == "replies" && strings.Contains(link.Type, "xml") && link.Href != "" {
				d.extras[feed.Items[i]] = extra{comments: link.Href}
				break
			}
		}
	}
	for _, link := range f.Links {
		d.push.add(link.Rel, link.Href)
	}
	return d, nil
}

// tombstones finds them under whatever prefix the feed gave their namespace.
func tombstones(feed *gofeed.Feed) []tombstone {
	var found []tombstone
	for _, byName := range feed.Extensions {
		for _, e := range byName["deleted-entry"] {
			if ref := strings.TrimSpace(e.Attrs["ref"]); ref != "" {
				when, _ := time.Parse(time.RFC3339, e.Attrs["when"]) // without a date it counts as old
				found = append(found, tombstone{ref: ref, when: when})
			}
		}
	}
	return found
}

func fromRSS(f *rss.Feed) (*document, error) {
	feed, err := (&gofeed.DefaultRSSTranslator{DisableContentImageScan: true}).Translate(f)
	if err != nil {
		return nil, err
	}
	d := &document{Feed: feed, hints: syndication(feed), extras: map[*gofeed.Item]extra{}}
	d.hints.ttl = f.TTL
	for i, item := range f.Items {
		// A GUID is the link too, unless it says that it is not.
		if item.Link == "" && item.GUID != nil && !strings.EqualFold(item.GUID.IsPermalink, "false") {
			feed.Items[i].Link = item.GUID.Value
		}
		d.extras[feed.Items[i]] = extra{byline: rssByline(item), comments: commentRSS(feed.Items[i])}
	}
	for _, byName := range feed.Extensions {
		for _, link := range byName["link"] { // of Atom, under whatever prefix
			d.push.add(link.Attrs["rel"], link.Attrs["href"])
		}
	}
	return d, nil
}

// commentRSS is what the Well-Formed Web calls it, in the spellings that are seen.
func commentRSS(item *gofeed.Item) string {
	for name, found := range item.Extensions["wfw"] {
		if strings.EqualFold(name, "commentRss") && len(found) > 0 {
			return strings.TrimSpace(found[0].Value)
		}
	}
	return ""
}

func rssByline(item *rss.Item) string {
	lines := []string{item.Author}
	if dc := item.DublinCoreExt; dc != nil {
		lines = append(append(lines, dc.Author...), dc.Creator...)
	}
	if item.ITunesExt != nil {
		lines = append(lines, item.ITunesExt.Author)
	}
	for _, line := range lines {
		if bylineOf(line) != (earshot.Author{}) {
			return line
		}
	}
	return ""
}

func syndication(feed *gofeed.Feed) hints {
	sy := feed.Extensions["sy"]
	var h hints
	if e := sy["updatePeriod"]; len(e) > 0 {
		h.updatePeriod = e[0].Value
	}
	if e := sy["updateFrequency"]; len(e) > 0 {
		h.updateFrequency = e[0].Value
	}
	return h
}

func fromJSON(f *feedjson.Feed) (*document, error) {
	withoutNulls(f)
	feed, err := (&gofeed.DefaultJSONTranslator{}).Translate(f)
	if err != nil {
		return nil, err
	}
	d := &document{Feed: feed, extras: map[*gofeed.Item]extra{}}
	for i, item := range f.Items {
		e := extra{plain: item.ContentHTML == "" && item.ContentText != "", lang: item.Language}
		if item.Author != nil {
			e.byline = item.Author.Name
		}
		if len(item.Authors) > 0 {
			e.byline = item.Authors[0].Name
		}
		d.extras[feed.Items[i]] = e
	}
	return d, nil
}
