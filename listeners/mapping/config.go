package mapping

import "earshot"

// Config is the section mapping of a listener: an expression for each field of a
// mention. What is left out stays unknown; only ID is needed.
type Config struct {
	Items        string           `yaml:"items" jsonschema:"description=List of what becomes a mention each; the answer itself if left out"`
	Skip         string           `yaml:"skip" jsonschema:"description=True for an item that is none of our business"`
	ID           string           `yaml:"id" jsonschema:"required,description=ID of the post on its network"`
	Change       string           `yaml:"change" jsonschema:"description=new or edited or deleted; what is left out is found by comparing"`
	Title        string           `yaml:"title" jsonschema:"description=Headline as plain text"`
	Text         string           `yaml:"text" jsonschema:"description=What was written as plain text: html(body) if it comes as HTML"`
	URL          string           `yaml:"url" jsonschema:"description=Where a person can open it"`
	Lang         string           `yaml:"lang" jsonschema:"description=Language as the network claims (BCP 47)"`
	Posted       string           `yaml:"posted" jsonschema:"description=When it was published: date(created_at) or unix(created)"`
	Author       AuthorConfig     `yaml:"author" jsonschema:"description=Who wrote it"`
	ReplyTo      string           `yaml:"reply_to" jsonschema:"description=ID of the post that it answers"`
	Conversation string           `yaml:"conversation" jsonschema:"description=ID of the post that its thread began with"`
	RepostOf     string           `yaml:"repost_of" jsonschema:"description=ID of the post that it repeats"`
	QuoteOf      string           `yaml:"quote_of" jsonschema:"description=ID of the post that it comments on"`
	To           string           `yaml:"to" jsonschema:"description=Handles that it is addressed to; a list or one"`
	Channel      string           `yaml:"channel" jsonschema:"description=Where on the network: forum or board or group"`
	Links        string           `yaml:"links" jsonschema:"description=Addresses in the text; a list or one. Those written out in the text are found without it"`
	Media        string           `yaml:"media" jsonschema:"description=Pictures and films: a list of addresses or of media(address, description)"`
	Engagement   EngagementConfig `yaml:"engagement" jsonschema:"description=What others did with it so far"`
	Rating       string           `yaml:"rating" jsonschema:"description=Stars of a review"`
	Place        string           `yaml:"place" jsonschema:"description=Where it was written"`
	Country      string           `yaml:"country" jsonschema:"description=Country of that place (ISO 3166-1 alpha-2)"`
	Visibility   string           `yaml:"visibility" jsonschema:"description=public or private; public if left out"`
}

// AuthorConfig is the section author of a mapping.
type AuthorConfig struct {
	Handle    string `yaml:"handle" jsonschema:"description=Name that the network knows the author by"`
	Name      string `yaml:"name" jsonschema:"description=Name for people"`
	Followers string `yaml:"followers" jsonschema:"description=How many follow the author"`
	Verified  string `yaml:"verified" jsonschema:"description=True if the network vouches for the author"`
	Created   string `yaml:"created" jsonschema:"description=When the account was opened"`
}

// EngagementConfig is the section engagement of a mapping.
type EngagementConfig struct {
	Likes   string `yaml:"likes" jsonschema:"description=Likes or points or upvotes"`
	Reposts string `yaml:"reposts" jsonschema:"description=Reposts or shares"`
	Replies string `yaml:"replies" jsonschema:"description=Replies or comments"`
	Views   string `yaml:"views" jsonschema:"description=Views"`
}

// field is one expression of a mapping and where its value goes.
type field struct {
	path   string
	source string
	kind   Kind
	// needed fields make a dead letter of an item they cannot be read of; of the
	// others only the value is lost, and flagged.
	needed bool
	set    func(m *earshot.Mention, v value, in *Document)
	*Expression
}

// fields are those that a configuration names, in the order they are read.
func (c *Config) fields() []*field {
	all := append(c.contents(), c.circumstances()...)
	var used []*field
	for _, f := range all {
		if f.source != "" {
			used = append(used, f)
		}
	}
	return used
}

// contents are the fields that say what was written.
func (c *Config) contents() []*field {
	return []*field{
		{path: "title", source: c.Title, kind: Text, needed: true, set: func(m *earshot.Mention, v value, _ *Document) { m.Title = v.text }},
		{path: "text", source: c.Text, kind: Text, needed: true, set: func(m *earshot.Mention, v value, _ *Document) { m.Text = v.text }},
		{path: "url", source: c.URL, kind: Text, set: func(m *earshot.Mention, v value, in *Document) { m.URL = in.address(v.text) }},
		{path: "lang", source: c.Lang, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.Lang = v.text }},
		{path: "posted", source: c.Posted, kind: Time, set: func(m *earshot.Mention, v value, _ *Document) { m.Posted = v.time }},
		{path: "links", source: c.Links, kind: List, set: func(m *earshot.Mention, v value, in *Document) { m.Links = in.addresses(v.list) }},
		{path: "media", source: c.Media, kind: List, set: func(m *earshot.Mention, v value, in *Document) { m.Media = in.media(v.list) }},
		{path: "rating", source: c.Rating, kind: Number, set: func(m *earshot.Mention, v value, _ *Document) { m.Rating = v.number }},
		{path: "visibility", source: c.Visibility, kind: Text, needed: true, set: func(m *earshot.Mention, v value, _ *Document) { m.Visibility = earshot.Visibility(v.text) }},
		{path: "reply_to", source: c.ReplyTo, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.ReplyTo = sibling(m, v.text) }},
		{path: "conversation", source: c.Conversation, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.Conversation = sibling(m, v.text) }},
		{path: "repost_of", source: c.RepostOf, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.RepostOf = sibling(m, v.text) }},
		{path: "quote_of", source: c.QuoteOf, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.QuoteOf = sibling(m, v.text) }},
	}
}

// circumstances are the fields that say who wrote it, where, and what came of it.
func (c *Config) circumstances() []*field {
	count := func(of func(*earshot.Mention) *int64) func(*earshot.Mention, value, *Document) {
		return func(m *earshot.Mention, v value, _ *Document) { *of(m) = v.count() }
	}
	return []*field{
		{path: "author.handle", source: c.Author.Handle, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.Author.Handle = v.text }},
		{path: "author.name", source: c.Author.Name, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.Author.Name = v.text }},
		{path: "author.verified", source: c.Author.Verified, kind: Flag, set: func(m *earshot.Mention, v value, _ *Document) { m.Author.Verified = v.flag }},
		{path: "author.created", source: c.Author.Created, kind: Time, set: func(m *earshot.Mention, v value, _ *Document) { m.Author.Created = v.time }},
		{path: "author.followers", source: c.Author.Followers, kind: Number, set: count(func(m *earshot.Mention) *int64 { return &m.Author.Followers })},
		{path: "engagement.likes", source: c.Engagement.Likes, kind: Number, set: count(func(m *earshot.Mention) *int64 { return &m.Engagement.Likes })},
		{path: "engagement.reposts", source: c.Engagement.Reposts, kind: Number, set: count(func(m *earshot.Mention) *int64 { return &m.Engagement.Reposts })},
		{path: "engagement.replies", source: c.Engagement.Replies, kind: Number, set: count(func(m *earshot.Mention) *int64 { return &m.Engagement.Replies })},
		{path: "engagement.views", source: c.Engagement.Views, kind: Number, set: count(func(m *earshot.Mention) *int64 { return &m.Engagement.Views })},
		{path: "to", source: c.To, kind: List, set: func(m *earshot.Mention, v value, _ *Document) { m.To = texts(v.list) }},
		{path: "channel", source: c.Channel, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.Channel = v.text }},
		{path: "place", source: c.Place, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.Place = v.text }},
		{path: "country", source: c.Country, kind: Text, set: func(m *earshot.Mention, v value, _ *Document) { m.Country = v.text }},
	}
}

// sibling is the mention ID of another post of the same network.
func sibling(m *earshot.Mention, native string) string {
	if native == "" {
		return ""
	}
	return m.Network + ":" + native
}
