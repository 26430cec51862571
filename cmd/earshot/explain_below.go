package main

import (
	"bytes"
	"fmt"

	"earshot"
)

// below writes which brands a mention is too little about, and why. It reports
// whether there are any.
func (e explainer) below(out *bytes.Buffer, m *earshot.Mention) bool {
	verdicts := e.book.Below(m)
	for i := range verdicts {
		v := &verdicts[i]
		fmt.Fprintf(out, "  brand %s, too little about it: relevance %s\n", printable(v.Brand), v.Relevance)
		for _, r := range v.Reasons {
			about := ""
			if r.Span != nil {
				about = " “" + printable(fieldOf(m, r.Field)[r.Span[0]:r.Span[1]]) + "”"
			}
			fmt.Fprintf(out, "      %s  %s%s\n", signed(r.Weight), printable(r.Rule), about)
		}
	}
	return len(verdicts) > 0
}
