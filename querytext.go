package earshot

import (
	"math"
	"strconv"
	"strings"
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
		n.writeNear(b, group)
	case QueryNot:
		b.WriteString("NOT ")
		n.Nodes[0].write(b, true)
	default:
		n.writeLeaf(b)
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

func (n *QueryNode) writeNear(b *strings.Builder, group bool) {
	distance := strconv.Itoa(n.Distance)
	if len(n.Nodes) > 2 {
		n.join(b, " AND ", true)
		b.WriteString("~" + distance)
		return
	}
	if n.Ordered {
		distance += "f"
	}
	n.join(b, " NEAR/"+distance+" ", group)
}

func (n *QueryNode) writeLeaf(b *strings.Builder) {
	for _, m := range []struct {
		on   bool
		name string
	}{{n.Title, "title:"}, {n.Evade, "evade:"}, {n.Camel, "camel:"}, {n.Compound, "compound:"}} {
		if m.on {
			b.WriteString(m.name)
		}
	}
	sign := map[QueryOp]string{QueryHashtag: "#", QueryHandle: "@", QueryCashtag: "$"}[n.Op]
	switch n.Op {
	case QueryWord, QueryPhrase, QueryHashtag, QueryHandle, QueryCashtag:
		switch {
		case n.Exact:
			b.WriteString("{" + sign + n.Text + "}")
		case n.Op == QueryPhrase:
			b.WriteString(`"` + n.Text + `"`)
		default:
			b.WriteString(sign + n.Text)
		}
	case QueryRegex:
		b.WriteString("/" + n.Text + "/")
	case QueryBetween:
		b.WriteString(n.Text + ":[" + bound(n.Range.Min) + " TO " + bound(n.Range.Max) + "]")
	default:
		b.WriteString(n.field() + ":" + quoted(n.Text))
	}
}

func (n *QueryNode) field() string {
	switch {
	case n.Op == QueryChannel:
		return "subreddit"
	case n.Op != QueryIs:
		return string(n.Op)
	case n.Text == QueryHasLinks, n.Text == QueryHasMedia, n.Text == QueryHasTags, n.Text == QueryHasNames:
		return "has"
	}
	return "is"
}

func quoted(s string) string {
	if strings.ContainsAny(s, " \t\n()") {
		return `"` + s + `"`
	}
	return s
}

func bound(v float64) string {
	if math.IsInf(v, 0) {
		return "*"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
