package listeners

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"earshot"
)

// How much of what a network says is kept, in bytes or in pieces.
const (
	maxID     = 2 << 10
	maxTitle  = 1 << 10
	maxText   = 64 << 10
	maxURL    = 8 << 10
	maxName   = 512
	maxAlt    = 4 << 10
	maxLinks  = 100
	maxMedia  = 50
	maxTo     = 50
	maxFlags  = 20
	maxBody   = 64 << 10
	maxReason = 1 << 10
)

// latest is how far ahead of our clock a network's may be before we do not
// believe it.
const latest = 24 * time.Hour

// earliest is when the first post of any network earshot listens to was written.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// normalise returns the batch as it is stored: mentions that keep the promises
// of the vocabulary, and dead letters for those that cannot. It counts the
// latter and leaves the source's own batch as it was.
func normalise(batch Batch, listener, part string, now time.Time) (clean Batch, lost int) {
	clean = Batch{Next: batch.Next, Mentions: make([]earshot.Mention, 0, len(batch.Mentions))}
	for _, d := range batch.Dead {
		clean.Dead = append(clean.Dead, deadLetter(d, listener, part, now))
	}
	for _, m := range batch.Mentions {
		err := tidy(&m, listener, now)
		if err == nil {
			clean.Mentions = append(clean.Mentions, m)
			continue
		}
		body, marshalErr := json.Marshal(&m)
		if marshalErr != nil {
			err = errors.Join(err, marshalErr)
		}
		lost++
		clean.Dead = append(clean.Dead, deadLetter(earshot.DeadLetter{Reason: err.Error(), Body: body}, listener, part, now))
	}
	return clean, lost
}

func deadLetter(d earshot.DeadLetter, listener, part string, now time.Time) earshot.DeadLetter {
	d.Listener, d.Part = listener, part
	if d.At.IsZero() {
		d.At = now
	}
	d.Reason, _ = cut(oneLine(d.Reason), maxReason)
	d.Body = d.Body[:min(len(d.Body), maxBody)]
	return d
}

// tidy makes m what the vocabulary says a mention is, or says why it cannot be one.
func tidy(m *earshot.Mention, listener string, now time.Time) error {
	m.Listener = listener
	if !plausible(m.Heard, now) {
		m.Heard = now
	}
	m.Heard = m.Heard.UTC()
	if m.Change == "" {
		m.Change = earshot.New
	}
	tidyWords(m)
	tidyFigures(m)
	if err := identify(m); err != nil {
		return err
	}
	switch m.Visibility {
	case "", earshot.Public, earshot.Private:
	default:
		return fmt.Errorf("visibility %.40q is neither public nor private", m.Visibility)
	}
	switch m.Change {
	case earshot.New, earshot.Edited:
		return nil
	case earshot.Deleted:
		// Nothing that the author took back, whatever the source still says.
		*m = earshot.Mention{
			ID: m.ID, Network: m.Network, Listener: m.Listener, Change: m.Change,
			Heard: m.Heard, Visibility: m.Visibility,
		}
		return nil
	}
	return fmt.Errorf("change %.40q is none of new, edited and deleted", m.Change)
}

// identify checks the ID, by which everything else finds the mention.
func identify(m *earshot.Mention) error {
	network, native, _ := strings.Cut(m.ID, ":")
	switch {
	case network == "" || native == "" || !isNetwork(network):
		return fmt.Errorf("id %.80q is not network:native", m.ID)
	case len(m.ID) > maxID:
		return fmt.Errorf("id is %d bytes long, more than %d", len(m.ID), maxID)
	case oneLine(m.ID) != m.ID:
		return fmt.Errorf("id %.80q holds control characters or invalid UTF-8", m.ID)
	case network == OperationNetwork && m.Listener != Operation:
		return fmt.Errorf("id %.80q is of earshot's own network", m.ID)
	case m.Network == "":
		m.Network = network
	case m.Network != network:
		return fmt.Errorf("id %.80q is not of the network %.40q", m.ID, m.Network)
	}
	return nil
}

func isNetwork(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// tidyWords repairs and cuts everything that is text. What loses words that a
// person would have read is flagged.
func tidyWords(m *earshot.Mention) {
	shortened := false
	limit := func(s *string, most int) {
		var cutOff bool
		*s, cutOff = cut(oneLine(*s), most)
		shortened = shortened || cutOff
	}
	limit(&m.Title, maxTitle)
	var long bool
	m.Text, long = cut(lines(m.Text), maxText)
	shortened = shortened || long

	limit(&m.Author.Handle, maxName)
	limit(&m.Author.Name, maxName)
	limit(&m.Lang, maxName)
	m.URL = whole(m.URL, maxURL)
	for _, id := range []*string{&m.ReplyTo, &m.Conversation, &m.RepostOf, &m.QuoteOf} {
		*id = whole(*id, maxID)
	}
	tidyPlaces(m, limit)
	m.About, m.Opinions = nil, nil // only the log knows

	m.Links = each(m.Links, maxLinks, func(s string) (string, bool) {
		s = whole(s, maxURL)
		return s, s != ""
	})
	m.Links = AppendBareLinks(m.Links, m.Text, maxLinks)
	m.Media = each(m.Media, maxMedia, func(p earshot.Media) (earshot.Media, bool) {
		p.URL = whole(p.URL, maxURL)
		limit(&p.Alt, maxAlt)
		limit(&p.Name, maxName)
		return p, p.URL != "" || p.Name != ""
	})
	m.Flags = each(m.Flags, maxFlags, func(s string) (string, bool) {
		s = whole(s, maxName)
		return s, s != ""
	})
	if shortened {
		flag(m, "cut")
	}
	if strings.ContainsRune(m.Title, utf8.RuneError) || strings.ContainsRune(m.Text, utf8.RuneError) {
		flag(m, "garbled")
	}
}

// tidyPlaces repairs what says where the mention was written and to whom.
func tidyPlaces(m *earshot.Mention, limit func(s *string, most int)) {
	limit(&m.Place, maxName)
	limit(&m.Channel, maxName)
	if m.Country = strings.ToUpper(m.Country); !isCountry(m.Country) {
		m.Country = ""
	}
	m.To = each(m.To, maxTo, func(s string) (string, bool) {
		s = whole(s, maxName)
		return s, s != ""
	})
}

func isCountry(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

// tidyFigures drops numbers and times that cannot be: unknown is better than wrong.
func tidyFigures(m *earshot.Mention) {
	switch {
	case m.Posted.IsZero():
		if !slices.Contains(m.Flags, "bad_date") { // which says more
			flag(m, "undated")
		}
	case !plausible(m.Posted, m.Heard):
		m.Posted = time.Time{}
		flag(m, "bad_date")
	default:
		m.Posted = m.Posted.UTC()
	}
	if !plausible(m.Author.Created, m.Heard) {
		m.Author.Created = time.Time{}
	}
	m.Author.Created = m.Author.Created.UTC()
	if math.IsNaN(m.Rating) || math.IsInf(m.Rating, 0) {
		m.Rating = 0
	}
	e := &m.Engagement
	for _, count := range []*int64{&m.Author.Followers, &e.Likes, &e.Reposts, &e.Replies, &e.Views} {
		*count = max(*count, 0)
	}
}

func plausible(at, now time.Time) bool {
	return !at.Before(earliest) && !at.After(now.Add(latest))
}

func flag(m *earshot.Mention, name string) {
	if !slices.Contains(m.Flags, name) {
		m.Flags = append(slices.Clip(m.Flags), name)
	}
}

// each returns what keep made of the first pieces, at most as many as are kept,
// in a slice of its own.
func each[T any](all []T, most int, keep func(T) (T, bool)) []T {
	if len(all) == 0 {
		return nil
	}
	kept := make([]T, 0, min(len(all), most)+1)
	for _, one := range all {
		if len(kept) == most {
			break
		}
		if one, ok := keep(one); ok {
			kept = append(kept, one)
		}
	}
	return kept
}
