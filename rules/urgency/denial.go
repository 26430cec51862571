package urgency

import (
	"strings"
)

// denial follows a negation to what it denies: nobody [was] hurt, no [passengers
// were] injured. It reaches over the words that the lists call links, and over one
// other word after a negation such as "no"; any other word or sign ends it, so
// that "nobody told us that it is dangerous" denies no danger.
type denial struct {
	next  int  // the token that it reaches
	spare bool // it may pass one word that is no link
	owing bool // it has just passed that word: now a link must follow
}

// reaches reports whether the denial holds for the phrase that begins with token i.
func (d *denial) reaches(in *Input, i int) bool {
	if i == 0 || i != d.next || d.owing {
		return false
	}
	before, tok := &in.Tokens.List[i-1], &in.Tokens.List[i]
	if before.Field != tok.Field || before.To > tok.From {
		return false
	}
	return strings.Trim(in.Fields[tok.Field][before.To:tok.From], " '’`-") == ""
}

// begin starts at the token after a negation.
func (d *denial) begin(next int, spare bool) {
	*d = denial{next: next, spare: spare}
}

// pass takes the denial over what stands from token i on and is no negation.
func (d *denial) pass(in *Input, i, next int, link bool) {
	if i != d.next {
		return
	}
	owing := d.owing
	d.owing = false
	switch {
	case !d.reaches(in, i):
	case link:
		d.next = next
	case d.spare && !owing:
		d.next, d.spare, d.owing = next, false, true
	}
}
