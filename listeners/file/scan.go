package file

import (
	"earshot"
	"earshot/listeners/jsonscan"
)

// scanner reads a line that encoding/json would need several times as long for.
type scanner struct{ *jsonscan.Scanner }

// scan reads a mention and reports whether it could; if not, encoding/json is to
// say what the line is. That both agree is fuzzed.
func scan(text string) (m earshot.Mention, ok bool) {
	s := scanner{jsonscan.New(text)}
	ok = s.Object(func(key string) bool { return s.mention(&m, key) }) && s.End()
	return m, ok
}

func (s scanner) mention(m *earshot.Mention, key string) bool {
	switch key {
	case "id":
		return s.String(&m.ID)
	case "network":
		return s.String(&m.Network)
	case "listener":
		return s.String(&m.Listener)
	case "change":
		return s.String((*string)(&m.Change))
	case "author":
		return s.Null() || s.Object(func(key string) bool { return s.author(&m.Author, key) })
	case "title":
		return s.String(&m.Title)
	case "text":
		return s.String(&m.Text)
	case "url":
		return s.String(&m.URL)
	case "lang":
		return s.String(&m.Lang)
	case "posted":
		return s.Time(&m.Posted)
	case "heard":
		return s.Time(&m.Heard)
	case "reply_to":
		return s.String(&m.ReplyTo)
	case "conversation":
		return s.String(&m.Conversation)
	case "repost_of":
		return s.String(&m.RepostOf)
	case "quote_of":
		return s.String(&m.QuoteOf)
	case "to":
		return jsonscan.Array(s.Scanner, &m.To, s.String)
	case "channel":
		return s.String(&m.Channel)
	case "links":
		return jsonscan.Array(s.Scanner, &m.Links, s.String)
	case "media":
		return jsonscan.Array(s.Scanner, &m.Media, s.media)
	case "engagement":
		return s.Null() || s.Object(func(key string) bool { return s.engagement(&m.Engagement, key) })
	case "rating":
		return s.Float(&m.Rating)
	case "place":
		return s.String(&m.Place)
	case "country":
		return s.String(&m.Country)
	case "visibility":
		return s.String((*string)(&m.Visibility))
	case "about":
		return jsonscan.Array(s.Scanner, &m.About, s.String)
	case "flags":
		return jsonscan.Array(s.Scanner, &m.Flags, s.String)
	}
	return s.Unknown(key, "id", "network", "listener", "change", "author", "title", "text", "url", "lang", "posted",
		"heard", "reply_to", "conversation", "repost_of", "quote_of", "to", "channel", "links", "media", "engagement",
		"rating", "place", "country", "visibility", "about", "flags")
}

func (s scanner) author(a *earshot.Author, key string) bool {
	switch key {
	case "handle":
		return s.String(&a.Handle)
	case "name":
		return s.String(&a.Name)
	case "followers":
		return s.Int(&a.Followers)
	case "verified":
		return s.Bool(&a.Verified)
	case "created":
		return s.Time(&a.Created)
	}
	return s.Unknown(key, "handle", "name", "followers", "verified", "created")
}

func (s scanner) media(to *earshot.Media) bool {
	return s.Null() || s.Object(func(key string) bool {
		switch key {
		case "url":
			return s.String(&to.URL)
		case "alt":
			return s.String(&to.Alt)
		case "name":
			return s.String(&to.Name)
		}
		return s.Unknown(key, "url", "alt", "name")
	})
}

func (s scanner) engagement(e *earshot.Engagement, key string) bool {
	switch key {
	case "likes":
		return s.Int(&e.Likes)
	case "reposts":
		return s.Int(&e.Reposts)
	case "replies":
		return s.Int(&e.Replies)
	case "views":
		return s.Int(&e.Views)
	}
	return s.Unknown(key, "likes", "reposts", "replies", "views")
}
