package story

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"earshot"
	"earshot/alerts/matter"
)

// New accounts are those opened less than a month before they posted.
const newAccount = 30 * 24 * time.Hour

// A mention of a hundred links refers to the first ones; addresses and IDs that
// nobody would type are not repeated in stories.
const (
	maxPages  = 4
	maxSource = 500     // bytes
	maxReach  = 1 << 40 // more than there are people
)

// Tie is something that a mention refers to.
type Tie struct {
	How How    // Repost, Quote, Thread or Link
	To  string // key of a mention, or a page
}

// Post is what the index must know of a mention. Of makes it.
type Post struct {
	Key      string         // Mention.Key
	Brand    string         //
	Sequence uint64         // of the mention in the log
	At       time.Time      // when it was heard
	Ties     []Tie          //
	Text     string         // title and text, without what names the brand
	Author   string         // Mention.AuthorKey, else a name for the site; empty if unknown
	Handle   string         // of the author, as others would write it after an @
	New      bool           // the author's account was new
	Reach    int64          // the author's followers
	Negative bool           // the author is unhappy
	Source   earshot.Source // where to find it: its mention by key, as what an author takes back is named nowhere
}

// Of makes the post of a mention that has a verdict. Domains are the brand's own
// websites: a link to them joins nothing.
func Of(s *earshot.Stored, domains []string) Post {
	m := &s.Mention
	p := Post{
		Key:      m.Key(),
		Brand:    s.Brand,
		Sequence: s.Sequence,
		At:       m.Heard,
		Text:     words(s),
		Author:   m.AuthorKey(),
		Handle:   strings.ToLower(strings.TrimPrefix(m.Author.Handle, "@")),
		New:      !m.Author.Created.IsZero() && !m.Posted.IsZero() && m.Posted.Sub(m.Author.Created) < newAccount,
		Reach:    min(max(m.Author.Followers, 0), maxReach),
		Negative: s.Verdict != nil && s.Verdict.Sentiment < -negative,
		Source:   earshot.Source{Mention: m.Key(), Network: m.Network, Posted: m.Posted, Reach: min(max(m.Author.Followers, 0), maxReach)},
	}
	if p.At.IsZero() {
		p.At = m.Posted
	}
	if p.Source.Posted.IsZero() || p.Source.Posted.After(p.At) {
		p.Source.Posted = p.At
	}
	if p.Author == "" {
		if u, err := url.Parse(m.URL); err == nil && u.Host != "" {
			p.Author = earshot.Key("site\x00" + strings.ToLower(u.Host))
		}
	}
	p.Ties = ties(m, domains)
	return p
}

// negative is the sentiment below which an author counts as unhappy, negated.
const negative = 3 * earshot.Unit / 10

func ties(m *earshot.Mention, domains []string) []Tie {
	var list []Tie
	tie := func(how How, id string) {
		if id == "" || id == m.ID {
			return
		}
		t := Tie{how, earshot.Key(id)}
		if !slices.ContainsFunc(list, func(other Tie) bool { return other.To == t.To }) {
			list = append(list, t)
		}
	}
	tie(Repost, m.RepostOf)
	tie(Quote, m.QuoteOf)
	for _, root := range matter.Thread(m) {
		tie(Thread, root)
	}
	pages := matter.Pages(m, domains)
	for _, page := range pages[:min(len(pages), maxPages)] {
		list = append(list, Tie{Link, page})
	}
	return list
}

// words are the title and text without the words that say which brand it is: they
// alone make nothing alike. A query that matches most of a text does not name the
// brand, and nothing is taken out.
func words(s *earshot.Stored) string {
	title, text := s.Mention.Title, s.Mention.Text
	if s.Verdict != nil {
		title, text = without(title, "title", s.Verdict.Reasons), without(text, "text", s.Verdict.Reasons)
	}
	if title == "" {
		return text
	}
	return title + "\n" + text
}

func without(text, field string, reasons []earshot.Reason) string {
	var cut []byte
	taken := 0
	for _, r := range reasons {
		if r.Of != earshot.OfRelevance || r.Field != field || r.Span == nil || r.Weight <= 0 {
			continue
		}
		from, to := r.Span[0], r.Span[1]
		if from < 0 || to > len(text) || from >= to {
			continue
		}
		if cut == nil {
			cut = []byte(text)
		}
		for i := from; i < to; i++ {
			if cut[i] != ' ' {
				taken++
			}
			cut[i] = ' '
		}
	}
	if taken == 0 || taken > len(text)/2 {
		return text
	}
	return string(cut)
}

// hash names something within a brand.
func hash(brand, sort, what string) uint64 {
	h := xxhash.Sum64String(what)
	h ^= xxhash.Sum64String(brand) * 0x9e3779b97f4a7c15
	h ^= xxhash.Sum64String(sort) * 0xbf58476d1ce4e5b9
	h ^= h >> 29
	return h * 0x94d049bb133111eb
}

// post is a remembered mention.
type post struct {
	mark
	slot    int      // in the ring
	text    uint64   // ticket for its print, 0 for none
	name    uint64   // its own
	held    []uint64 // names that it holds, its own first
	how     How
	source  earshot.Source
	fans    int64
	unhappy bool
	shared  bool // repeats a mention without words of its own
	copied  bool // has the same words as one of another author
	fresh   bool // by a new account
}
