package alerts

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"earshot"
)

// Lengths in runes. A summary fits a phone's notification and a line of a terminal.
const (
	maxSummary = 200
	maxHead    = 80
	maxQuote   = 120
	maxName    = 40

	maxReminder = 90
	maxWatched  = 60
)

// Summary says in one line what an alert is about, who wrote it and where: how
// urgent, the brand, the kind unless it is an ordinary customer, the words, the
// author, the place and how many posts. It has at most 200 runes and nothing in
// it that could break the line or disguise what it says.
func Summary(a *earshot.Alert) string {
	head := head(a.Urgency, a.Brand, a.Kind, a.Topic)
	if a.Reminder != "" {
		head += " · " + clean(a.Reminder, maxReminder)
	}
	if a.Watched != "" {
		head += " · " + clean(a.Watched, maxWatched)
	}
	switch {
	case a.Evidence != nil:
		return clean(head+" · "+evidence(a.Evidence), maxSummary)
	case a.Mention == nil && a.Reminder != "":
		return head
	}
	if a.Mention == nil {
		return head + " · " + takenBack(a)
	}
	tail := origin(a.Mention)
	switch st := a.Story; {
	case a.Kind != earshot.KindCustomer && st != nil && st.Count > a.Count:
		tail += ", " + plural(st.Count, "post") + " by " + plural(st.Authors, "author")
	case a.Count > 1:
		tail += ", " + plural(a.Count, "post")
	}
	room := min(maxQuote, maxSummary-length(head)-length(tail)-length(" · “”"))
	return head + " · " + quote(a.Mention, room) + tail
}

// evidence says what is seen of a crisis, and what by habit would be.
func evidence(e *earshot.Evidence) string {
	state := string(e.To)
	if e.From == e.To {
		state = "still " + state
	}
	share := 0
	if e.Seen > 0 {
		share = 100 * e.Negative / e.Seen
	}
	line := fmt.Sprintf("%s: %s in an hour, usually %.0f, %d %% negative, %s", state, plural(e.Seen, "mention"), e.Expected, share, plural(e.Authors, "author"))
	var networks []string
	for i := 0; i < len(e.Networks) && i < 3; i++ {
		networks = append(networks, e.Networks[i].Name)
	}
	if len(networks) > 0 {
		line += " on " + strings.Join(networks, ", ")
	}
	if e.Planned != "" {
		line += ", during " + e.Planned
	}
	return line
}

// summary says how much old news there was, how old, and that it woke nobody.
func (h *heap) summary(c *earshot.Case) string {
	line := fmt.Sprintf("%s · %s (oldest %s)", head(c.Band, c.Brand, c.Kind, c.Topic), plural(c.Count, "older post"), ago(h.Oldest))
	switch n := len(h.Listeners); {
	case n > maxListeners:
		line += fmt.Sprintf(" heard by %s and others", strings.Join(h.Listeners[:maxListeners-1], ", "))
	case n > 0 && h.Listeners[0] != "":
		line += " heard by " + strings.Join(h.Listeners, ", ")
	}
	return clean(line+" — stored, nobody was paged", maxSummary)
}

func head(urgency earshot.Band, brand string, kind earshot.Kind, topic string) string {
	parts := []string{string(urgency), brand}
	if label := label(kind, topic); label != "" {
		parts = append(parts, label)
	}
	return clean(strings.Join(parts, " · "), maxHead)
}

// ago says an age in the unit a person would choose.
func ago(age time.Duration) string {
	const day = 24 * time.Hour
	if age < time.Minute {
		return "less than a minute"
	}
	for _, unit := range []struct {
		name string
		long time.Duration
	}{{"year", 365 * day}, {"month", 30 * day}, {"week", 7 * day}, {"day", day}, {"hour", time.Hour}} {
		if n := int(age / unit.long); n > 1 || (n == 1 && unit.long <= day) {
			return plural(n, unit.name)
		}
	}
	return plural(int(age/time.Minute), "minute")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// label leaves out what goes without saying: that a matter is a customer's.
func label(kind earshot.Kind, topic string) string {
	switch {
	case kind == earshot.KindCustomer:
		return topic
	case topic == "" || topic == string(kind):
		return string(kind)
	}
	return string(kind) + ": " + topic
}

func takenBack(a *earshot.Alert) string {
	switch {
	case a.Why == earshot.BecauseWithdrawn && a.Kind == earshot.KindSilence:
		return "over, it is heard again"
	case a.Why == earshot.BecauseWithdrawn:
		return "withdrawn, nothing is left of it"
	}
	return "a post was deleted or edited away, " + plural(a.Count, "post") + " left"
}

func quote(m *earshot.Mention, room int) string {
	said := clean(m.Title, room)
	if said == "" {
		said = clean(m.Text, room)
	}
	for i := 0; said == "" && i < len(m.Media); i++ {
		said = clean(m.Media[i].Alt, room)
	}
	switch {
	case said != "":
		return "“" + said + "”"
	case m.Network == "": // nothing but its ID is known
		return "a post that was edited or deleted since"
	}
	return "a post without words"
}

// origin is who wrote a mention and where, as far as known, with a dash before.
// For something with a headline, or from a feed, the website says more than the
// network.
func origin(m *earshot.Mention) string {
	who := clean(m.Author.Handle, maxName)
	if who == "" {
		who = clean(m.Author.Name, maxName)
	}
	where := m.Network
	if u, err := url.Parse(m.URL); err == nil && (m.Title != "" || m.Network == "rss") && u.Hostname() != "" {
		where = strings.TrimPrefix(u.Hostname(), "www.")
	}
	where = clean(where, maxName)
	switch {
	case who != "" && where != "":
		return " — " + who + " on " + where
	case who != "" || where != "":
		return " — " + who + where
	}
	return ""
}

// clean makes one line of at most limit runes of a text: white space becomes one
// blank, what cannot be seen or turns the reading direction goes.
func clean(text string, limit int) string {
	var kept []rune
	gap := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			gap = len(kept) > 0
			continue
		case invisible(r):
			continue
		}
		if gap {
			kept, gap = append(kept, ' '), false
		}
		kept = append(kept, r)
		if len(kept) > limit {
			return string(cut(kept, limit))
		}
	}
	return string(kept)
}

func invisible(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0': // fillers that Unicode calls letters or marks
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) || !assigned(r)
}

// assigned keeps out noncharacters, which terminals show in ways of their own.
func assigned(r rune) bool { return r&0xfffe != 0xfffe && (r < 0xfdd0 || r > 0xfdef) }

// cut shortens a line to limit runes with an ellipsis, between words if one ends
// near and never between a letter and its marks.
func cut(line []rune, limit int) []rune {
	if limit < 1 {
		return nil
	}
	end := limit - 1
	for i := end; i > end-20 && i > end/2; i-- {
		if line[i] == ' ' {
			end = i
			break
		}
	}
	for end > 0 && (unicode.IsMark(line[end]) || (line[end] >= 0x1f3fb && line[end] <= 0x1f3ff)) {
		end--
	}
	return append(line[:end:end], '…')
}

func length(s string) int { return len([]rune(s)) }
