package x

import (
	"context"
	"html"
	"slices"
	"strings"
	"time"
	"unicode"

	"earshot"
	"earshot/listeners"
)

const network = "x"

func idOf(id snowflake) string { return network + ":" + id.String() }

// idOrNone is empty for a post that is not referred to.
func idOrNone(id snowflake) string {
	if id <= 0 {
		return ""
	}
	return idOf(id)
}

// emitTweets emits posts, oldest first, and the cursor that covers them.
func emitTweets(ctx context.Context, st *state, emit listeners.Emit, tweets []tweet) error {
	next, err := st.cursor()
	if err != nil {
		return err
	}
	batch := batchOf(tweets)
	batch.Next = next
	if newest := newestOf(batch.Mentions); !newest.IsZero() {
		listeners.Report(ctx, listeners.Outlook{Posted: newest})
	}
	return emit(ctx, batch)
}

func newestOf(all []earshot.Mention) time.Time {
	var newest time.Time
	for i := range all {
		if all[i].Posted.After(newest) {
			newest = all[i].Posted
		}
	}
	return newest
}

// batchOf is what posts say, dead letters included.
func batchOf(tweets []tweet) listeners.Batch {
	var batch listeners.Batch
	for i := range tweets {
		m, dead := mention(&tweets[i])
		if dead != nil {
			batch.Dead = append(batch.Dead, *dead)
			continue
		}
		batch.Mentions = append(batch.Mentions, m)
	}
	return batch
}

// mention is what a post says. All versions of an edited post are one mention,
// named by the first.
func mention(t *tweet) (earshot.Mention, *earshot.DeadLetter) {
	more, err := extraOf(t)
	switch {
	case err != nil:
		return earshot.Mention{}, &earshot.DeadLetter{Reason: "what X said beyond the old API cannot be read"}
	case more.Damage != "":
		return earshot.Mention{}, &earshot.DeadLetter{Reason: more.Damage, Body: more.Body}
	}
	id := snowflake(t.ID)
	m := earshot.Mention{
		ID: idOf(id), Network: network, Change: earshot.New, Lang: language(t.Lang),
		Posted: more.Posted, Text: plain(t), Links: links(t.Entities), Media: more.Media,
		ReplyTo: idOrNone(snowflake(t.InReplyToStatusID)), Conversation: idOrNone(more.Conversation),
		RepostOf: idOrNone(more.RepostOf), QuoteOf: idOrNone(snowflake(t.QuotedStatusID)),
		Engagement: earshot.Engagement{
			Likes: int64(t.FavoriteCount), Reposts: int64(t.RetweetCount), Replies: int64(t.ReplyCount), Views: more.Views,
		},
	}
	if more.Original > 0 && more.Original < id {
		m.ID, m.Change = idOf(more.Original), earshot.Edited
	}
	if m.Posted.IsZero() {
		m.Posted = id.time()
	}
	if m.ReplyTo != "" {
		m.To = addressees(m.Text)
	}
	m.Author, m.URL = author(t.User), address(t.User, id)
	if t.Place != nil {
		m.Place, m.Country = t.Place.FullName, t.Place.CountryCode
	}
	return m, nil
}

func author(u *tweeter) earshot.Author {
	if u == nil {
		return earshot.Author{}
	}
	a := earshot.Author{Name: u.Name, Followers: int64(u.FollowersCount), Verified: u.Verified}
	if u.ScreenName != "" {
		a.Handle = "@" + u.ScreenName
	}
	if created, err := time.Parse(time.RubyDate, u.CreatedAt); err == nil {
		a.Created = created.UTC()
	}
	return a
}

// address is where a person opens this version of a post.
func address(u *tweeter, id snowflake) string {
	name := "i"
	if u != nil && isHandle(u.ScreenName) {
		name = u.ScreenName
	}
	return "https://x.com/" + name + "/status/" + id.String()
}

// versionAt is the version of a post that an address leads to.
func versionAt(address string) (snowflake, bool) {
	i := strings.LastIndex(address, "/status/")
	if i < 0 {
		return 0, false
	}
	id, err := parseID(address[i+len("/status/"):])
	return id, err == nil
}

// plain is the text as the author meant it: X writes &, < and > as HTML does,
// replaces addresses by its own, and appends those of pictures.
func plain(t *tweet) string {
	text := t.FullText
	if e := t.Entities; e != nil {
		for _, u := range e.Urls {
			if strings.HasPrefix(u.URL, "http") && isAddress(u.ExpandedURL) {
				text = strings.ReplaceAll(text, u.URL, u.ExpandedURL)
			}
		}
		for _, m := range e.Media {
			if strings.HasPrefix(m.URL, "http") {
				text = strings.ReplaceAll(text, m.URL, "")
			}
		}
	}
	return strings.TrimSpace(html.UnescapeString(text))
}

func isAddress(s string) bool {
	return (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")) && !strings.ContainsFunc(s, unicode.IsSpace)
}

func links(e *tweetParts) []string {
	if e == nil {
		return nil
	}
	var all []string
	for _, u := range e.Urls {
		if isAddress(u.ExpandedURL) && !slices.Contains(all, u.ExpandedURL) {
			all = append(all, u.ExpandedURL)
		}
	}
	return all
}

// addressees are the handles that a reply begins with.
func addressees(text string) []string {
	var to []string
	for word := range strings.FieldsSeq(text) {
		name, is := strings.CutPrefix(word, "@")
		if !is || !isHandle(name) {
			break
		}
		to = append(to, word)
	}
	return to
}

// isHandle reports whether X could have an account of the name.
func isHandle(s string) bool {
	const longest = 15
	if s == "" || len(s) > longest {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}

// language leaves out the tags by which X says that a post has none: und, and
// those for posts of hashtags, pictures or links alone.
func language(tag string) string {
	switch tag {
	case "und", "zxx", "art", "qam", "qct", "qht", "qme", "qst":
		return ""
	}
	return tag
}
