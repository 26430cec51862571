package rules

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/types"

	"earshot"
	"earshot/rules/urgency"
)

// attributes is a set of attributes: bit i for place i of the table.
type attributes uint64

const mentionPrefix = "mention."

// subject is what a condition is about.
type subject struct {
	mention   *earshot.Mention
	verdict   *draft
	heads     *urgency.Scores
	lang      string
	addressed bool
	opinion   *earshot.Opinion // nil for none
}

// attribute is one name in conditions.
type attribute struct {
	name  string
	typ   types.Type
	value func(*subject) any
}

// mostLinks is how many links and pictures conditions see, so that a mention
// with thousands of them costs nothing.
const mostLinks = 100

// table lists all attributes, as docs/rules.md does.
var table = []attribute{
	{"brand", types.String, func(s *subject) any { return s.verdict.Brand }},
	{"relevance", types.Float64, func(s *subject) any { return s.verdict.Relevance.Float() }},
	{"sentiment", types.Float64, func(s *subject) any { return s.verdict.Sentiment.Float() }},
	{"urgency", types.Float64, func(s *subject) any { return s.verdict.Urgency.Float() }},
	{"delight", types.Float64, func(s *subject) any { return s.verdict.Delight.Float() }},
	{"topics", types.Array(types.String), func(s *subject) any { return s.verdict.Topics }},
	{"labels", types.Array(types.String), func(s *subject) any { return s.verdict.Labels }},
	{"lang", types.String, func(s *subject) any { return s.lang }},
	{"addresses_brand", types.Bool, func(s *subject) any { return s.addressed }},
	{"owned_author", types.Bool, func(s *subject) any { return s.verdict.OwnedAuthor }},
	{"model_sentiment", types.Float64, func(s *subject) any { return s.thought().Sentiment.Float() }},
	{"model_urgency", types.Float64, func(s *subject) any { return s.thought().Urgency.Float() }},
	{"model_labels", types.Array(types.String), func(s *subject) any { return list(s.thought().Labels) }},
	{"complaint", types.Float64, func(s *subject) any { return s.heads[urgency.Complaint].Float() }},
	{"request", types.Float64, func(s *subject) any { return s.heads[urgency.Request].Float() }},
	{"danger", types.Float64, func(s *subject) any { return s.heads[urgency.Danger].Float() }},
	{"threat", types.Float64, func(s *subject) any {
		return min(s.heads[urgency.Leaving]+s.heads[urgency.Legal], earshot.Unit).Float()
	}},
	{"leaving", types.Float64, func(s *subject) any { return s.heads[urgency.Leaving].Float() }},
	{"legal", types.Float64, func(s *subject) any { return s.heads[urgency.Legal].Float() }},
	{"offensive", types.Float64, func(s *subject) any { return s.heads[urgency.Offensive].Float() }},
	{"informative", types.Float64, func(s *subject) any { return s.heads[urgency.Informative].Float() }},
	{"mention.id", types.String, func(s *subject) any { return clip(s.mention.ID, mostShort) }},
	{"mention.network", types.String, func(s *subject) any { return clip(s.mention.Network, mostShort) }},
	{"mention.listener", types.String, func(s *subject) any { return clip(s.mention.Listener, mostShort) }},
	{"mention.change", types.String, func(s *subject) any { return clip(string(cmp.Or(s.mention.Change, earshot.New)), mostShort) }},
	{"mention.author.handle", types.String, func(s *subject) any { return clip(s.mention.Author.Handle, mostShort) }},
	{"mention.author.name", types.String, func(s *subject) any { return clip(s.mention.Author.Name, mostShort) }},
	{"mention.author.followers", types.Int64, func(s *subject) any { return s.mention.Author.Followers }},
	{"mention.author.verified", types.Bool, func(s *subject) any { return s.mention.Author.Verified }},
	{"mention.author.created", types.TypeOf(time.Time{}), func(s *subject) any { return s.mention.Author.Created }},
	{"mention.title", types.String, func(s *subject) any { return clip(s.mention.Title, mostText) }},
	{"mention.text", types.String, func(s *subject) any { return clip(s.mention.Text, mostText) }},
	{"mention.url", types.String, func(s *subject) any { return clip(s.mention.URL, mostShort) }},
	{"mention.lang", types.String, func(s *subject) any { return clip(s.mention.Lang, mostShort) }},
	{"mention.posted", types.TypeOf(time.Time{}), func(s *subject) any { return s.mention.Posted }},
	{"mention.heard", types.TypeOf(time.Time{}), func(s *subject) any { return s.mention.Heard }},
	{"mention.reply_to", types.String, func(s *subject) any { return clip(s.mention.ReplyTo, mostShort) }},
	{"mention.conversation", types.String, func(s *subject) any { return clip(s.mention.Conversation, mostShort) }},
	{"mention.repost_of", types.String, func(s *subject) any { return clip(s.mention.RepostOf, mostShort) }},
	{"mention.quote_of", types.String, func(s *subject) any { return clip(s.mention.QuoteOf, mostShort) }},
	{"mention.to", types.Array(types.String), func(s *subject) any { return list(s.mention.To) }},
	{"mention.channel", types.String, func(s *subject) any { return clip(s.mention.Channel, mostShort) }},
	{"mention.links", types.Array(types.String), func(s *subject) any { return list(s.mention.Links) }},
	{"mention.media", types.Array(types.Map{"url": types.String, "alt": types.String}), media},
	{"mention.engagement.likes", types.Int64, func(s *subject) any { return s.mention.Engagement.Likes }},
	{"mention.engagement.reposts", types.Int64, func(s *subject) any { return s.mention.Engagement.Reposts }},
	{"mention.engagement.replies", types.Int64, func(s *subject) any { return s.mention.Engagement.Replies }},
	{"mention.engagement.views", types.Int64, func(s *subject) any { return s.mention.Engagement.Views }},
	{"mention.rating", types.Float64, func(s *subject) any { return s.mention.Rating }},
	{"mention.place", types.String, func(s *subject) any { return clip(s.mention.Place, mostShort) }},
	{"mention.country", types.String, func(s *subject) any { return s.mention.Country }},
	{"mention.about", types.Array(types.String), func(s *subject) any { return list(s.mention.About) }},
	{"mention.visibility", types.String, func(s *subject) any { return clip(string(cmp.Or(s.mention.Visibility, earshot.Public)), mostShort) }},
	{"mention.flags", types.Array(types.String), func(s *subject) any { return list(s.mention.Flags) }},
}

// What conditions see of texts, in bytes. A list is bounded as a whole.
const (
	mostText  = 64 << 10
	mostShort = 1 << 10 // of names, addresses and other short texts
	mostList  = 16 << 10
)

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// list is what conditions see of one.
func list(all []string) []string {
	all = all[:min(len(all), mostLinks)]
	room, long := mostList, false
	for _, s := range all {
		long = long || len(s) > mostShort
		room -= min(len(s), mostShort)
	}
	if !long && room >= 0 {
		return all
	}
	seen, room := make([]string, 0, len(all)), mostList
	for _, s := range all {
		s = clip(s, min(mostShort, room))
		room -= len(s)
		seen = append(seen, s)
	}
	return seen
}

func media(s *subject) any {
	all := s.mention.Media[:min(len(s.mention.Media), mostLinks)]
	seen, room := make([]map[string]any, 0, len(all)), mostList
	for _, m := range all {
		url := clip(m.URL, min(mostShort, room))
		alt := clip(m.Alt, min(mostShort, room-len(url)))
		room -= len(url) + len(alt)
		seen = append(seen, map[string]any{"url": url, "alt": alt})
	}
	return seen
}

// isLong reports whether an attribute is a list or may be a long text.
func (a *attribute) isLong() bool {
	nature := a.typ.Nature()
	return nature.IsArray() || a.name == "mention.title" || a.name == "mention.text"
}

var (
	mentionAttributes = attributesWhere(func(name string) bool { return strings.HasPrefix(name, mentionPrefix) })
	soFar             = attributesWhere(func(name string) bool { return name == "urgency" || name == "labels" })
)

func attributesWhere(is func(name string) bool) (set attributes) {
	for i := range table {
		if is(table[i].name) {
			set |= 1 << i
		}
	}
	return set
}

// attributeNames lists what stands directly below a prefix: brand, mention, author.
func attributeNames(prefix string) []string {
	var names []string
	for i := range table {
		if rest, ok := strings.CutPrefix(table[i].name, prefix); ok {
			name, _, _ := strings.Cut(rest, ".")
			names = append(names, name)
		}
	}
	return names
}

// environment is the types of all attributes, for the compiler.
func environment() types.Map {
	env := types.Map{}
	for i := range table {
		at := env
		path := strings.Split(table[i].name, ".")
		for _, step := range path[:len(path)-1] {
			below, ok := at[step].(types.Map)
			if !ok {
				below = types.Map{}
				at[step] = below
			}
			at = below
		}
		at[path[len(path)-1]] = table[i].typ
	}
	return env
}

// values is the environment that conditions run in, used again and again.
type values struct {
	env   map[string]any
	slots []slot // by place in the table
	read  attributes
}

// slot is where the value of an attribute goes.
type slot struct {
	in  map[string]any
	key string
}

func newValues() values {
	v := values{env: map[string]any{}, slots: make([]slot, len(table))}
	for i := range table {
		at := v.env
		path := strings.Split(table[i].name, ".")
		for _, step := range path[:len(path)-1] {
			below, ok := at[step].(map[string]any)
			if !ok {
				below = map[string]any{}
				at[step] = below
			}
			at = below
		}
		v.slots[i] = slot{in: at, key: path[len(path)-1]}
	}
	return v
}

// set fills in the attributes; those of the mention only once until forget.
func (v *values) set(which attributes, s *subject) {
	which &^= v.read
	for i := range table {
		if which&(1<<i) != 0 {
			v.slots[i].in[v.slots[i].key] = table[i].value(s)
		}
	}
	v.read |= which & mentionAttributes
}

// forget makes set read the next mention.
func (v *values) forget() { v.read = 0 }
