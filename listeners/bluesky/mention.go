package bluesky

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"earshot"
)

// collection is what posts are in.
const collection = "app.bsky.feed.post"

// A DID and a record key are parts of IDs and addresses: nothing else may be in
// them. Source: the specifications of the AT Protocol.
var (
	validDID  = regexp.MustCompile(`^did:[a-z]+:[A-Za-z0-9._:%-]{1,512}$`)
	validRKey = regexp.MustCompile(`^[A-Za-z0-9._~:-]{1,512}$`)
)

// mentionOf turns the commit of a post into a mention. It is not called for
// anything else.
func mentionOf(e *event) (earshot.Mention, error) {
	c := &e.Commit
	if !isDID(e.DID) || !isRKey(c.RKey) {
		return earshot.Mention{}, fmt.Errorf("the post %.80q of %.80q has no valid address", c.RKey, e.DID)
	}
	m := earshot.Mention{
		ID: idOf(e.DID, c.RKey), Network: network,
		Author: earshot.Author{Handle: e.DID},
		URL:    "https://bsky.app/profile/" + e.DID + "/post/" + c.RKey,
	}
	switch c.Operation {
	case "create":
		m.Change = earshot.New
	case "update":
		m.Change = earshot.Edited
	case "delete":
		return earshot.Mention{ID: m.ID, Network: network, Change: earshot.Deleted}, nil
	default:
		return earshot.Mention{}, fmt.Errorf("the operation %.40q is none of create, update and delete", c.Operation)
	}
	c.Record.fill(&m, e)
	return m, nil
}

func idOf(did, rkey string) string { return network + ":at://" + did + "/" + collection + "/" + rkey }

// authorOf is the DID in the ID of a mention.
func authorOf(id string) string {
	did, _, _ := strings.Cut(strings.TrimPrefix(id, network+":at://"), "/")
	return did
}

// isDID is validDID, fast for the kind that nearly everybody has.
func isDID(s string) bool {
	const plc = "did:plc:"
	if len(s) != len(plc)+24 || !strings.HasPrefix(s, plc) {
		return validDID.MatchString(s)
	}
	for _, c := range []byte(s[len(plc):]) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return validDID.MatchString(s)
		}
	}
	return true
}

// isRKey is validRKey, fast for the kind that nearly all posts have.
func isRKey(s string) bool {
	if s == "" || len(s) > 16 {
		return validRKey.MatchString(s)
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return validRKey.MatchString(s)
		}
	}
	return true
}

// mentionID is the ID of a post that a record refers to, "" if it is no post.
func mentionID(uri string) string {
	rest, ok := strings.CutPrefix(uri, "at://")
	if !ok {
		return ""
	}
	did, rest, _ := strings.Cut(rest, "/")
	kind, rkey, _ := strings.Cut(rest, "/")
	if kind != collection || !isDID(did) || !isRKey(rkey) {
		return ""
	}
	return idOf(did, rkey)
}

func (r *record) fill(m *earshot.Mention, e *event) {
	m.Text = r.Text
	if len(r.Langs) > 0 {
		m.Lang = r.Langs[0]
	}
	m.Posted = r.posted(time.UnixMicro(e.TimeUS).UTC())
	m.ReplyTo, m.Conversation = mentionID(r.Reply.Parent.URI), mentionID(r.Reply.Root.URI)
	m.QuoteOf = mentionID(r.Embed.Record.URI)
	if m.QuoteOf == "" {
		m.QuoteOf = mentionID(r.Embed.Record.Record.URI)
	}
	r.annotate(m)
	r.Embed.show(m, e.DID)
	r.Embed.Media.show(m, e.DID)
	for _, l := range r.Labels.Values {
		if l.Val != "" {
			m.Flags = append(m.Flags, "label:"+l.Val)
		}
	}
}

// posted is when the author claims to have written it, which may be long ago, but
// not after it was seen.
func (r *record) posted(seen time.Time) time.Time {
	at, err := time.Parse(time.RFC3339Nano, r.CreatedAt)
	if err != nil || at.After(seen) {
		return seen
	}
	return at.UTC()
}

// annotate adds the links in the text and whom it addresses.
func (r *record) annotate(m *earshot.Mention) {
	for i := range r.Facets {
		f := &r.Facets[i]
		for _, feature := range f.Features {
			switch feature.Type {
			case "app.bsky.richtext.facet#link":
				m.Links = appendNew(m.Links, feature.URI)
			case "app.bsky.richtext.facet#mention":
				handle := f.Index.of(r.Text)
				if !strings.HasPrefix(handle, "@") {
					handle = feature.DID
				}
				m.To = appendNew(m.To, handle)
			}
		}
	}
}

// of is the piece of text that a span means, "" if there is none.
func (s span) of(text string) string {
	if s.Start < 0 || s.End < s.Start || s.End > int64(len(text)) {
		return ""
	}
	return text[s.Start:s.End]
}

// show adds pictures, films and the link of a card.
func (p *picture) show(m *earshot.Mention, did string) {
	m.Links = appendNew(m.Links, p.External.URI)
	for _, images := range [][]image{p.Images, p.Items} {
		for _, i := range images {
			if i.Image.Ref.CID != "" {
				url := "https://cdn.bsky.app/img/feed_fullsize/plain/" + did + "/" + i.Image.Ref.CID + "@jpeg"
				m.Media = append(m.Media, earshot.Media{URL: url, Alt: i.Alt})
			}
		}
	}
	if p.Video.Ref.CID != "" {
		url := "https://video.bsky.app/watch/" + did + "/" + p.Video.Ref.CID + "/playlist.m3u8"
		m.Media = append(m.Media, earshot.Media{URL: url, Alt: p.Alt})
	}
}

func appendNew(all []string, one string) []string {
	if one == "" || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}
