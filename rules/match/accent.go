package match

import (
	"bytes"

	"earshot"
	"earshot/rules/text"
)

// accent is a spelling that a query asks for exactly. It has a term of its own,
// noted where the term without accents is found and the spelling is right.
type accent struct {
	exact  string
	prefix bool
	term   int32
}

// noteAccents notes the spellings of token i, whose term is in the post.
func (p *Post) noteAccents(m *earshot.Mention, accents []accent, i int) {
	tok := &p.Tokens.List[i]
	field := m.Text
	if tok.Field == text.Title {
		field = m.Title
	}
	p.spelled, _ = text.AppendSpelled(p.spelled[:0], field[tok.From:tok.To])
	for _, a := range accents {
		if string(p.spelled) == a.exact || a.prefix && bytes.HasPrefix(p.spelled, []byte(a.exact)) {
			p.note(a.term, int32(i))
		}
	}
}
