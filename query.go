package earshot

// Query is a parsed boolean query. It is data only, so that a driver whose
// network can search for itself may translate it; rules makes and runs it.
//
// A driver that cannot express a node asks for more, never for less: it leaves
// out a NOT, a range or a property, takes a NEAR for an AND and an exact spelling
// for any. What a node with Evade, Camel or Compound also finds has no other
// form, and a driver may look for the plain word alone. Whatever comes is matched
// again.
type Query struct {
	Text string    // as written
	Root QueryNode // never a QueryNot: a query always asks for something
}

// QueryNode is one operator or one leaf of a query, in normal form: no operator
// directly inside the same operator, no operator with a single operand.
type QueryNode struct {
	Op       QueryOp
	Nodes    []QueryNode // what it joins; nil for a leaf
	Text     string      // of a leaf: see the operators
	Distance int         // of near, in words
	Ordered  bool        // of near: the second operand comes after the first
	Exact    bool        // of a word or phrase: capitals and accents as written
	Title    bool        // of words, phrases, tags and regexes: in the title only
	Evade    bool        // of words, phrases and tags: also in disguise, as in L.3.G.0
	Camel    bool        // of words and phrases: also as one of the words of #LegoStarWars
	Compound bool        // of words and phrases: also inside a longer word
	Range    QueryRange  // of a range
	Span     Span        // where it stands in Query.Text; what another query brings stands where it is named
}

// QueryRange is from Min to Max, both included; infinite where it is open.
type QueryRange struct{ Min, Max float64 }

// Contains reports whether v is in the range.
func (r QueryRange) Contains(v float64) bool { return v >= r.Min && v <= r.Max }

// QueryOp says what a node of a query does.
type QueryOp string

// The operators of a query.
const (
	QueryAnd QueryOp = "and"
	QueryOr  QueryOp = "or"
	QueryNot QueryOp = "not" // one operand, always below an and
	// QueryNear joins words, phrases, tags, and ors of them, in one field: one of
	// them stands first and all others begin at most Distance words after it ends;
	// neighbours are 1 apart. Two operands may stand in any order unless Ordered.
	QueryNear QueryOp = "near"
)

// The leaves that are compared with title and text. Text is as written, without
// quotes and signs. The words may end in * (any letters) and hold ? (one letter).
const (
	QueryWord    QueryOp = "word"    // in text, hashtags and handles; with an accent it means just that, without one any
	QueryPhrase  QueryOp = "phrase"  // words in a row
	QueryHashtag QueryOp = "hashtag" // the whole hashtag
	QueryHandle  QueryOp = "handle"  // the whole handle, where it is mentioned
	QueryCashtag QueryOp = "cashtag" // the whole symbol of a share, as in $ACME
	QueryRegex   QueryOp = "regex"   // RE2, capitals make no difference
)

// The leaves that are compared with the rest of a mention. Text is folded to lower
// case; those of authors, addressees and channels may end in *.
const (
	QueryAuthor  QueryOp = "author"  // handle of the author without @, or else the name; without a server any
	QueryTo      QueryOp = "to"      // one of the handles it is addressed to, without @; without a server any
	QueryLang    QueryOp = "lang"    // language, ISO 639, without region
	QuerySite    QueryOp = "site"    // host of the mention or of a link, or a parent domain, in ASCII
	QueryURL     QueryOp = "url"     // words in a row in the mention's address or in that of a link
	QueryLinks   QueryOp = "links"   // words in a row in the address of a link
	QueryNetwork QueryOp = "network" // name of the network
	QueryChannel QueryOp = "channel" // subreddit, group, board: where on the network, without r/
	QueryCountry QueryOp = "country" // ISO 3166-1 alpha-2
	QueryIs      QueryOp = "is"      // a property: QueryReply …
	QueryBetween QueryOp = "between" // a number of the mention, named by QueryFollowers …, is in Range
	QueryNamed   QueryOp = "query"   // another query of this name; linked queries have none
)

// The properties that QueryIs asks for.
const (
	QueryPost     = "post" // neither reply, nor repost, nor quote
	QueryReply    = "reply"
	QueryRepost   = "repost"
	QueryQuote    = "quote"
	QueryVerified = "verified" // its author is
	QueryHasLinks = "links"
	QueryHasMedia = "media"
	QueryHasTags  = "hashtags"
	QueryHasNames = "mentions" // handles in its title or text
)

// The numbers that QueryBetween compares. Unknown counts are 0; who has no rating
// and whose account has no known age is in no range.
const (
	QueryFollowers = "followers"
	QueryReach     = "reach" // views, or the author's followers if they are more
	QueryLikes     = "likes"
	QueryReposts   = "reposts"
	QueryReplies   = "replies"
	QueryViews     = "views"
	QueryRating    = "rating"
	QueryAge       = "accountAge" // of the author's account when the post was published, in days
)
