package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/emersion/go-message/mail"

	"earshot"
)

// network is the one that mails are of, whichever server they are on.
const network = "mail"

// longestText is more than is kept of a text, in bytes.
const longestText = 100 << 10

// parse turns a mail into a mention. received is when the server got it, zero if
// unknown; cut says that there is more of it than raw. What is wrong with a mail
// shows in the mention's flags; an error says that there is nothing in it at all.
func parse(raw []byte, received time.Time, cut bool) (earshot.Mention, error) {
	block, body := splitHeader(raw)
	header := gomail.HeaderFromMap(nil)
	header.Header = block
	r := &reader{truncated: cut}
	c := r.read(block, body, 0)
	m := earshot.Mention{
		ID:         idOf(&header, raw),
		Network:    network,
		Title:      words(&header, "Subject"),
		Author:     author(&header),
		To:         recipients(&header),
		Lang:       language(&header),
		Links:      c.links,
		Media:      r.attachments,
		Visibility: earshot.Private,
		Flags:      append(kindsOf(&header), r.flags...),
	}
	if m.Title == "" && c.text == "" && m.Author.Handle == "" && len(m.Media) == 0 {
		return m, errors.New("reading the mail: it has neither sender, subject, text nor attachment")
	}
	if passedOn.MatchString(m.Title) || slices.Contains(m.Flags, automatic) { // what looks like a quotation is what it is about
		m.Text = tidy(strings.Split(whole(c), "\n"))
	} else if m.Text = reply(c.text); m.Text == "" {
		m.Text = reply(whole(c))
	}
	if len(m.Text) > longestText {
		m.Text = strings.ToValidUTF8(strings.Clone(m.Text[:longestText]), "")
	}
	m.Posted = posted(&header, received, &m)
	m.ReplyTo, m.Conversation = thread(&header, m.ID)
	return m, nil
}

// passedOn is a subject of a mail that passes another one on.
var passedOn = regexp.MustCompile(`(?i)^\s*(fwd?|wg|tr|rv|enc|doorst|vb|vs|vl|pd|przek|továbbítás|ilt|yönlendirme|πρθ|转发|轉寄|전달)\s*[:：]`)

// whole is a text with all that was quoted in it.
func whole(c content) string {
	if c.full != "" {
		return c.full
	}
	return c.text
}

// posted is when the author sent the mail, or, when that is missing or cannot be,
// when the server got it.
func posted(header *gomail.Header, received time.Time, m *earshot.Mention) time.Time {
	const ahead = 24 * time.Hour // of a clock that is still believed
	date, err := header.Date()
	switch {
	case err == nil && !date.IsZero() && date.Year() >= 1990 && (received.IsZero() || date.Before(received.Add(ahead))):
		return date.UTC()
	case header.Has("Date"):
		m.Flags = append(m.Flags, "bad_date")
	}
	return received.UTC()
}

// idOf is the mail's own ID, so that copies of it in two mailboxes are one mention,
// or a digest of it when it has none.
func idOf(header *gomail.Header, raw []byte) string {
	if ids := messageIDs(header.Get("Message-Id")); len(ids) > 0 {
		return mentionID(ids[0])
	}
	return network + ":sha256-" + digest(raw)
}

// mentionID is the ID of the mention of a message with an ID.
func mentionID(messageID string) string {
	const longest = 1 << 10
	strange := func(c rune) bool { return !unicode.IsPrint(c) || c == utf8.RuneError }
	if len(messageID) > longest || strings.ContainsFunc(messageID, strange) {
		return network + ":id-sha256-" + digest([]byte(messageID))
	}
	return network + ":" + messageID
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// messageIDs returns the IDs in a header, as people's programs write them: with or
// without what RFC 5322 asks for between the brackets.
func messageIDs(value string) []string {
	const most = 200
	var ids []string
	for len(ids) < most {
		_, rest, opened := strings.Cut(value, "<")
		id, rest, closed := strings.Cut(rest, ">")
		if !opened || !closed {
			break
		}
		if id = strings.Join(strings.Fields(id), ""); id != "" {
			ids = append(ids, id)
		}
		value = rest
	}
	if one := strings.TrimSpace(value); len(ids) == 0 && strings.Contains(one, "@") && !strings.ContainsAny(one, " <>") {
		ids = append(ids, one)
	}
	return ids
}

// thread returns the mention that the mail answers and the one that its
// conversation began with. References lists the conversation, oldest first.
func thread(header *gomail.Header, self string) (replyTo, conversation string) {
	var known []string
	for _, id := range append(messageIDs(header.Get("References")), first(messageIDs(header.Get("In-Reply-To")))...) {
		if id := mentionID(id); id != self {
			known = append(known, id)
		}
	}
	if len(known) == 0 {
		return "", ""
	}
	return known[len(known)-1], known[0]
}

func first(ids []string) []string { return ids[:min(1, len(ids))] }
