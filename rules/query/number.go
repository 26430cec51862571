package query

import (
	"math"
	"strconv"
	"strings"

	"earshot"
)

// numberOf finds the rule of a field that compares numbers, nil if it is none.
func numberOf(name string) *fieldRule {
	about := map[string]string{
		"followers": earshot.QueryFollowers, "authorfollowers": earshot.QueryFollowers, "followers_count": earshot.QueryFollowers,
		"reach": earshot.QueryReach, "likes": earshot.QueryLikes, "reposts": earshot.QueryReposts, "retweets": earshot.QueryReposts,
		"replies": earshot.QueryReplies, "comments": earshot.QueryReplies, "views": earshot.QueryViews, "rating": earshot.QueryRating,
		"accountage": earshot.QueryAge,
	}[strings.ToLower(name)]
	if about == "" {
		return nil
	}
	needs, hint := "a range", "write "+name+":[100 TO 5000] or "+name+":[100 TO *]"
	switch about {
	case earshot.QueryRating:
		hint = "write rating:[1 TO 2] or rating:5"
	case earshot.QueryAge:
		needs, hint = "a range of days", "write accountAge:[0d TO 30d] or accountAge:[1y TO *]"
	}
	return &fieldRule{op: earshot.QueryBetween, about: about, needs: needs, hint: hint, read: readRange}
}

// readRange reads [1 TO 5], [1 TO *], 1..5 and 5.
func readRange(f *fieldRule, n *earshot.QueryNode, value string) bool {
	n.Text = f.about
	from, to := value, value
	if inner, ok := strings.CutPrefix(value, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		parts := strings.Fields(inner)
		if !closed || len(parts) != 3 || parts[1] != "TO" {
			return false
		}
		from, to = parts[0], parts[2]
	} else if a, b, ok := strings.Cut(value, ".."); ok {
		from, to = a, b
		if from == "" {
			from = "*"
		}
		if to == "" {
			to = "*"
		}
	} else if value == "*" {
		return false
	}
	var ok, also bool
	n.Range.Min, ok = limit(from, f.about, math.Inf(-1))
	n.Range.Max, also = limit(to, f.about, math.Inf(1))
	return ok && also && n.Range.Min <= n.Range.Max && !(from == "*" && to == "*")
}

// limit reads a number, with a unit if it is an age; * is open.
func limit(s, about string, open float64) (float64, bool) {
	if s == "*" {
		return open, true
	}
	unit := 1.0
	if n := len(s); about == earshot.QueryAge && n > 1 {
		units := map[byte]float64{'h': 1.0 / 24, 'd': 1, 'w': 7, 'y': 365}
		if u, ok := units[s[n-1]]; ok {
			s, unit = s[:n-1], u
		}
	}
	const most = 1e15
	v, err := strconv.ParseFloat(s, 64)
	return v * unit, err == nil && v >= 0 && v <= most
}

func readIs(f *fieldRule, n *earshot.QueryNode, value string) bool {
	if strings.EqualFold(value, earshot.QueryVerified) {
		n.Text = earshot.QueryVerified
		return true
	}
	return readKind(f, n, value)
}

// readKind knows the kinds of engagement by the names that networks give them.
func readKind(_ *fieldRule, n *earshot.QueryNode, value string) bool {
	n.Text = map[string]string{
		"post": earshot.QueryPost, "original": earshot.QueryPost, "reply": earshot.QueryReply, "comment": earshot.QueryReply,
		"repost": earshot.QueryRepost, "retweet": earshot.QueryRepost, "share": earshot.QueryRepost, "boost": earshot.QueryRepost,
		"quote": earshot.QueryQuote,
	}[strings.ToLower(value)]
	return n.Text != ""
}

func readHas(_ *fieldRule, n *earshot.QueryNode, value string) bool {
	n.Text = map[string]string{
		"links": earshot.QueryHasLinks, "media": earshot.QueryHasMedia, "images": earshot.QueryHasMedia, "videos": earshot.QueryHasMedia,
		"hashtags": earshot.QueryHasTags, "mentions": earshot.QueryHasNames,
	}[strings.ToLower(value)]
	return n.Text != ""
}

func isVerified(name string) bool {
	return strings.EqualFold(name, "verified") || strings.EqualFold(name, "authorVerified")
}

// verified reads authorVerified:true and authorVerified:false.
func (p *parser) verified(span earshot.Span, name, value string) (earshot.QueryNode, bool) {
	n := earshot.QueryNode{Op: earshot.QueryIs, Text: earshot.QueryVerified, Span: span}
	switch {
	case p.inside != scope{}:
		p.fail(span, name+": cannot stand inside of another field", "join the two by AND")
		return n, false
	case strings.EqualFold(value, "true"):
		return n, true
	case strings.EqualFold(value, "false"):
		return earshot.QueryNode{Op: earshot.QueryNot, Nodes: []earshot.QueryNode{n}, Span: span}, p.count(span)
	}
	p.fail(span, name+": needs true or false", "write "+name+":true")
	return n, false
}
