package sentiment

import "earshot/rules/match"

// How much of a post counts for a brand.
const (
	aside    = 0.1 // a clause about another one
	conceded = 0.5 // although it is late, …
	turned   = 0.6 // it is nice, but …
)

// Toward is what the post that was measured last feels for a brand, own being where
// it is named, among others that are named too: the text's own feeling, but that
// clauses about others hardly count, that who is compared is better or worse, and
// that what is conceded weighs less. Parts then sum to that score, until the next
// call. A brand that is not named has the feeling of the text.
func (m *Meter) Toward(in Input, own, others []match.Words) Result {
	if len(m.arguments) == 0 || !m.heeding.weigh(&in, m.arguments, own, others) {
		m.explain(m.arguments, nil, m.whole, m.wholeOdds)
		m.Result = m.whole
		return m.Result
	}
	h := &m.heeding
	args := m.arguments
	for _, s := range h.stances {
		if s.margin != 0 {
			args = append(args, h.argue(s))
			h.heed = append(h.heed, 1)
		}
	}
	m.arguments = args[:len(m.arguments)] // the stances are this brand's alone
	z := loadWeights().base(in.Lang)
	for i := range args {
		z.neg += float64(args[i].neg * h.heed[i])
		z.pos += float64(args[i].pos * h.heed[i])
	}
	named := m.Named
	m.Result = loadWeights().result(z, in.Lang)
	m.Named = named
	m.explain(args, h.heed, m.Result, z)
	return m.Result
}

// argue makes an argument of a stance.
func (h *heeding) argue(s stance) argument {
	first, last := &h.in.Tokens.List[s.from], &h.in.Tokens.List[s.to-1]
	return argument{
		rule: RuleCompared, field: first.Field, from: int(first.From), to: int(max(first.To, last.To)),
		neg: max(-s.margin, 0), pos: max(s.margin, 0),
	}
}

// weigh works out how much each argument counts for the brand. It reports false if
// all count in full and nothing is compared.
func (h *heeding) weigh(in *Input, args []argument, own, others []match.Words) bool {
	h.start(in, args, own, others)
	if len(h.names) == 0 || len(h.clauses) == 0 || !h.ownNamed() {
		return false
	}
	for i := 0; i < len(h.clauses); {
		end := h.sentence(i)
		c := &h.clauses[i]
		h.compare(c.from, h.clauses[end-1].to, c.asks)
		i = end
	}
	h.divide()
	h.attribute()
	h.contrast()
	changed := len(h.stances) > 0
	for i, at := range h.at {
		if c := h.clauseAt(at); c != nil {
			h.heed[i] = c.heed
			changed = changed || c.heed != 1
		}
		for _, s := range h.stances {
			if s.heed != 1 && at >= s.within[0] && at < s.within[1] {
				h.heed[i] = s.heed
			}
		}
	}
	return changed
}

func (h *heeding) ownNamed() bool {
	for _, n := range h.names {
		if n.own {
			return true
		}
	}
	return false
}

// sentence is where the clauses of the sentence of clause i end.
func (h *heeding) sentence(i int) int {
	end := i + 1
	for end < len(h.clauses) && h.clauses[end].sentence == h.clauses[i].sentence {
		end++
	}
	return end
}

// about says whether a clause is about the brand, and whether about another one:
// what others are compared to, it is not about.
func (h *heeding) about(c *clause) (own, other bool) {
	for _, n := range h.names {
		if n.at >= c.from && n.at < c.to && !n.object {
			own, other = own || n.own, other || !n.own
		}
	}
	return own, other
}

// opposes reports whether the brand is what a clause compares another one to.
func (h *heeding) opposes(c *clause) bool {
	for _, n := range h.names {
		if n.at >= c.from && n.at < c.to && n.object && n.own {
			return true
		}
	}
	return false
}

// divide cuts clauses about several brands at a comma or an "and" between them where
// what is said on one side is good and on the other bad.
func (h *heeding) divide() {
	joints := 0
	for i := 0; i < len(h.clauses); i++ {
		c := h.clauses[i]
		if own, other := h.about(&c); !own || !other {
			continue
		}
		for at := c.from + 1; at < c.to; at++ {
			if joints == mostJoints || !h.joint(at) {
				continue
			}
			if joints++; !h.tell(c.from, at, c.to) {
				continue
			}
			rest := c
			h.clauses[i].to, rest.from, rest.cue = at, at, 0
			h.clauses = append(h.clauses, clause{})
			copy(h.clauses[i+2:], h.clauses[i+1:])
			h.clauses[i+1] = rest
			break
		}
	}
}

// joint reports whether a clause may be cut before a token.
func (h *heeding) joint(at int) bool {
	if _, comma := h.gap(at); comma {
		return true
	}
	for _, p := range h.places {
		if p.from == at {
			return p.cue&cueAnd != 0
		}
	}
	return false
}

// tell reports whether the words on both sides of a token name brands and disagree.
func (h *heeding) tell(from, at, to int) bool {
	if !h.says(from, at) || !h.says(at, to) {
		return false
	}
	a, b := h.margin(from, at), h.margin(at, to)
	if a*b >= 0 || min(a*a, b*b) < distinctly*distinctly {
		return false
	}
	own, other := h.named(from, at)
	also, another := h.named(at, to)
	return own && another || other && also
}

// says reports whether there are words among tokens from to to beside names and what
// joins them.
func (h *heeding) says(from, to int) bool {
	words := to - from
	for _, n := range h.names {
		if n.at >= from && n.at < to {
			words -= n.to - n.at
		}
	}
	for _, p := range h.places {
		if p.from >= from && p.from < to && p.cue&cueAnd != 0 {
			words--
		}
	}
	return words > 0
}

// attribute says which clauses are about others: those that name one, and those
// after them that name none.
func (h *heeding) attribute() {
	foreign := false
	for i := range h.clauses {
		c := &h.clauses[i]
		own, other := h.about(c)
		switch {
		case own:
			foreign = false
		case other:
			foreign = true
		case h.opposes(c):
			foreign = true // somebody else is better
			continue       // than the brand: what the comparison says, holds
		case c.cue&cueTurn != 0 && i > 0 && h.stranger(c):
			c.heed = aside
			continue
		case c.cue&(cueConcede|cueUnlike) != 0:
			continue
		}
		if foreign {
			c.heed = aside
		}
	}
}

// stranger reports whether a clause begins with a name that nobody listens to.
func (h *heeding) stranger(c *clause) bool {
	return h.looksNamed(c.from+1, min(c.from+1+reach, c.to))
}

// contrast makes what is conceded and what is said before a but count less where
// the rest of the sentence says otherwise.
func (h *heeding) contrast() {
	for i := 0; i < len(h.clauses); {
		end := h.sentence(i)
		for k := i; k < end; k++ {
			c := &h.clauses[k]
			switch {
			case c.heed != 1:
			case c.cue&cueConcede != 0 && h.disagrees(c, i, end):
				c.heed = conceded
			case k+1 < end && h.clauses[k+1].cue&cueTurn != 0 && h.clauses[k+1].heed == 1 && h.disagrees(c, k+1, k+2):
				c.heed = turned
			}
		}
		i = end
	}
}

// disagrees reports whether what a clause says is the contrary of what the others
// from clause from to to say.
func (h *heeding) disagrees(c *clause, from, to int) bool {
	rest := 0.0
	for k := from; k < to; k++ {
		if o := &h.clauses[k]; o.from != c.from && o.heed == 1 {
			rest += h.margin(o.from, o.to)
		}
	}
	return h.margin(c.from, c.to)*rest < 0
}
