package earshot

import (
	"strconv"
	"strings"
)

// Query is a parsed boolean query. It is data only, so that a driver whose
// network can search for itself may translate it; rules makes and runs it.
type Query struct {
	Text string    // as written
	Root QueryNode // never a QueryNot: a query always asks for something
}

// QueryNode is one operator or one leaf of a query, in normal form: no operator
// directly inside the same operator, no operator with a single operand.
type QueryNode struct {
	Op       QueryOp
	Nodes    []QueryNode // what it joins; nil for a leaf
	Text     string      // of a leaf, as written without quotes, # or @, words may end in *; of a site, the host name in ASCII
	Distance int         // of near, in words
	Span     Span        // where it stands in Query.Text
}

// QueryOp says what a node of a query does.
type QueryOp string

// The operators and leaves of a query.
const (
	QueryAnd     QueryOp = "and"
	QueryOr      QueryOp = "or"
	QueryNot     QueryOp = "not"     // one operand, always below an and
	QueryNear    QueryOp = "near"    // two operands: words, phrases or an or of them, in any order
	QueryWord    QueryOp = "word"    // in text, hashtags and handles; with an accent it means just that, without one any
	QueryPhrase  QueryOp = "phrase"  // words in a row
	QueryHashtag QueryOp = "hashtag" // the whole hashtag
	QueryHandle  QueryOp = "handle"  // the whole handle
	QuerySite    QueryOp = "site"    // host of the mention or of a link, or a parent domain
)

// String writes the query in its normal form, with every group in parentheses.
func (q *Query) String() string {
	var b strings.Builder
	q.Root.write(&b, false)
	return b.String()
}

func (n *QueryNode) write(b *strings.Builder, group bool) {
	switch n.Op {
	case QueryAnd:
		n.join(b, " AND ", group)
	case QueryOr:
		n.join(b, " OR ", group)
	case QueryNear:
		n.join(b, " NEAR/"+strconv.Itoa(n.Distance)+" ", group)
	case QueryNot:
		b.WriteString("NOT ")
		n.Nodes[0].write(b, true)
	case QueryPhrase:
		b.WriteString(`"` + n.Text + `"`)
	case QueryHashtag:
		b.WriteString("#" + n.Text)
	case QueryHandle:
		b.WriteString("@" + n.Text)
	case QuerySite:
		b.WriteString("site:" + n.Text)
	default:
		b.WriteString(n.Text)
	}
}

func (n *QueryNode) join(b *strings.Builder, operator string, group bool) {
	if group {
		b.WriteByte('(')
	}
	for i := range n.Nodes {
		if i > 0 {
			b.WriteString(operator)
		}
		n.Nodes[i].write(b, true)
	}
	if group {
		b.WriteByte(')')
	}
}
