package sentiment

// stance is what a comparison says of the brand that is asked about.
type stance struct {
	from, to int     // tokens of the comparison
	within   [2]int  // tokens that say nothing more of the brand
	heed     float64 // how much those count: 0, or less if the contrary holds
	margin   float64 // what it argues for positive and against negative
}

// What a comparison counts, and how far its sides are looked for, in words.
const (
	compared   = 2.0  // logarithmic odds: who is better
	partly     = 0.6  // of it: who makes another one look good, who is not better
	contrary   = -0.8 // of what is said of one that is unlike the other
	reach      = 4
	reachThan  = 3
	reachOver  = 9
	distinctly = 0.3 // odds from which words are clearly good or bad
	regret     = -0.8
)

// frame is a comparison: what is said of a subject against an object, each looked
// for among some tokens.
type frame struct {
	sign            float64 // of the subject; the object has the contrary
	from, to        int     // tokens that say so
	subject, object [2]int
	indirect        bool // those words are about the object
}

// compare finds what the comparisons of a sentence, tokens from to to, say of the
// brand. Questions claim nothing.
func (h *heeding) compare(from, to int, asks bool) {
	for k := range h.places {
		p := &h.places[k]
		if p.from < from || p.from >= to {
			continue
		}
		begin, end := h.clauseOf(p.from)
		switch {
		case p.cue&cueUnlike != 0:
			h.unlike(p, from, to)
		case p.cue&cueInstead != 0:
			h.instead(p, from, to)
		case p.cue&(cueMove|cueWent|cueLeave) != 0 && h.leave(k, from, to):
		default:
			if f, ok := h.frame(k, begin, end); ok {
				h.take(f, begin, end, asks)
			}
		}
	}
	h.signs(from, to)
}

// clauseOf is the clause that a token stands in.
func (h *heeding) clauseOf(token int) (from, to int) {
	if c := h.clauseAt(token); c != nil {
		return c.from, c.to
	}
	return token, token + 1
}

// next is the first cue after place k that begins at most reach words after it
// and before to.
func (h *heeding) next(k int, is cue, reach, to int) (*place, bool) {
	after := h.places[k].to
	for j := k + 1; j < len(h.places); j++ {
		p := &h.places[j]
		if p.from > after+reach || p.from >= to {
			break
		}
		if p.cue&is != 0 {
			return p, true
		}
	}
	return nil, false
}

// frame reads the comparison that begins with place k, in a clause.
func (h *heeding) frame(k, begin, end int) (f frame, ok bool) {
	p := &h.places[k]
	f = frame{sign: 1, from: p.from, to: p.to, subject: [2]int{begin, p.from}}
	switch {
	case p.cue&(cueBetter|cueWorse) != 0:
		than, ok := h.next(k, cueThan, reachThan, end)
		if !ok {
			return f, false
		}
		f.to = than.to
		if p.cue&cueWorse != 0 {
			f.sign = -1
		}
	case p.cue&cueBeats != 0:
	case p.cue&cueLoses != 0:
		f.sign = -1
	case p.cue&(cuePrefer|cuePick) != 0:
		than := cueOver
		if p.cue&cuePrefer != 0 {
			than |= cueTo
		}
		over, ok := h.next(k, than, reachOver, end)
		if !ok {
			return f, false
		}
		f.subject = [2]int{p.to, over.from}
		f.object = [2]int{over.to, min(over.to+reach, end)}
		f.from, f.to = p.from, p.to
		return f, true
	case p.cue&cueMakes != 0:
		return h.makes(k, begin, end)
	case p.cue&cueLearn != 0:
		f.sign = -1
		f.object, ok = h.after(cueFrom, p.to, end)
		return f, ok
	case p.cue&cueWish != 0:
		f.object, ok = h.after(cueLike, p.to, end)
		f.sign, f.subject, f.indirect = -1, [2]int{p.to, f.object[0]}, true
		f.to = max(f.object[1], f.to)
		return f, ok
	default:
		return f, false
	}
	f.object = [2]int{f.to, min(f.to+reach, end)}
	return f, true
}

// makes reads that one makes another look good or bad, and so is the contrary.
func (h *heeding) makes(k, begin, end int) (f frame, ok bool) {
	p := &h.places[k]
	look, ok := h.next(k, cueLook, reachOver, end)
	if !ok {
		return f, false
	}
	to := min(look.to+reach, end)
	says := h.margin(look.to, to)
	f = frame{sign: -partly, from: p.from, to: to, subject: [2]int{begin, p.from}, object: [2]int{p.to, look.from}, indirect: true}
	if says < 0 {
		f.sign = partly
	}
	return f, says > distinctly || says < -distinctly
}

// take notes what a comparison says of the brand, if it is one of its sides.
func (h *heeding) take(f frame, begin, end int, asks bool) {
	subject, other := h.named(f.subject[0], f.subject[1])
	object, against := h.named(f.object[0], f.object[1])
	switch {
	case object:
		h.oppose(f.object)
	case against || h.looksNamed(f.object[0], f.object[1]):
		h.oppose(f.object)
		if !subject && !other {
			subject = h.topic(begin) // it is so much better than …
		}
	default:
		return
	}
	if subject == object { // both sides, or neither
		return
	}
	s := stance{from: f.from, to: f.to, within: [2]int{f.from, f.to}, heed: 1, margin: f.sign * compared}
	if f.indirect {
		s.heed = 0
	}
	if object {
		s.within, s.heed, s.margin = [2]int{begin, end}, 0, -s.margin
	}
	if h.denied(begin, f.from) {
		s.margin *= -partly
		s.heed = 0
	}
	if asks {
		s.margin, s.heed = 0, 0
	}
	h.stances = append(h.stances, s)
}

// oppose notes that the names among some tokens are what others are compared to.
func (h *heeding) oppose(tokens [2]int) {
	for i := range h.names {
		if n := &h.names[i]; n.at >= tokens[0] && n.at < tokens[1] {
			n.object = true
		}
	}
}

// topic reports whether the last name before a token is the brand's, or there is
// none.
func (h *heeding) topic(token int) bool {
	own := true
	for _, n := range h.names {
		if n.at < token && !n.object {
			own = n.own
		}
	}
	return own
}

// denied reports whether there is a negation among the tokens.
func (h *heeding) denied(from, to int) bool {
	for _, p := range h.places {
		if p.cue&cueNot != 0 && p.from >= max(from, to-reach-1) && p.to <= to {
			return true
		}
	}
	return false
}

// unlike reads that the sentence holds of all but one.
func (h *heeding) unlike(p *place, from, to int) {
	begin, end := h.clauseOf(p.from)
	if own, other := h.named(p.to, end); own && other { // without a comma the first is meant
		end = h.firstName(p.to)
	}
	object := [2]int{p.to, min(p.to+reach, end)}
	own, other := h.named(object[0], object[1])
	if !own && !other && !h.looksNamed(object[0], object[1]) {
		return
	}
	h.oppose(object)
	h.stances = append(h.stances, stance{from: p.from, to: p.to, within: [2]int{begin, end}, heed: 0})
	if !own {
		return
	}
	before, after := stance{within: [2]int{from, begin}, heed: contrary}, stance{within: [2]int{end, to}, heed: contrary}
	switch says := h.margin(from, begin) + h.margin(end, to); {
	case says > distinctly:
		before.margin = -partly * compared
	case says < -distinctly:
		before.margin = partly * compared
	}
	before.from, before.to = p.from, p.to
	h.stances = append(h.stances, before, after)
}

// firstName is where the first name from a token on ends.
func (h *heeding) firstName(token int) int {
	for _, n := range h.names {
		if n.at >= token {
			return n.to
		}
	}
	return token
}

// instead reads that one was taken and another not.
func (h *heeding) instead(p *place, from, to int) {
	object := [2]int{p.to, min(p.to+reach, to)}
	own, other := h.named(object[0], object[1])
	if !own && !other {
		return
	}
	h.oppose(object)
	if own {
		h.stances = append(h.stances, stance{from: p.from, to: p.to, within: [2]int{from, to}, heed: contrary, margin: -partly})
	}
}

// leave reads that somebody left one for another: switched from A to B, traded A
// for B. Who regrets it holds less of where he went.
func (h *heeding) leave(k, from, to int) bool {
	p := &h.places[k]
	f := frame{from: p.from, to: p.to}
	if p.cue&cueLeave != 0 {
		f.object = [2]int{p.to, min(p.to+reachThan, to)}
		f.subject, _ = h.after(cueFor, p.to, min(p.to+reachOver, to))
	}
	if f.subject[1] == 0 && p.cue&(cueMove|cueWent) != 0 {
		f.object, _ = h.after(cueFrom, from, to)
		var ok bool
		if f.subject, ok = h.after(cueTo, from, to); ok && f.object[1] == 0 {
			f.object = h.nameBefore(from, min(p.from, f.subject[0]))
		}
	}
	if f.subject[0] > f.object[0] {
		f.object[1] = min(f.object[1], f.subject[0])
	} else {
		f.subject[1] = min(f.subject[1], f.object[0])
	}
	object, left := h.who(f.object)
	subject, joined := h.who(f.subject)
	if object == subject || (!left || !joined) && p.cue&cueMove == 0 {
		return false
	}
	h.oppose(f.object)
	sorry := h.margin(max(p.to, f.object[1], f.subject[1]), to) < regret
	s := stance{from: p.from, to: p.to, within: [2]int{from, to}, margin: -compared}
	if subject {
		s.within, s.margin = [2]int{from, f.subject[0]}, compared
	}
	switch {
	case sorry && subject:
		s.margin = 0
	case sorry:
		s.margin = partly * compared
	}
	h.stances = append(h.stances, s)
	return true
}

// nameBefore is the last name among tokens from to to.
func (h *heeding) nameBefore(from, to int) (found [2]int) {
	for _, n := range h.names {
		if n.at >= from && n.at < to {
			found = [2]int{n.at, n.to}
		}
	}
	return found
}

// after is where a name follows a cue among tokens from to to.
func (h *heeding) after(is cue, from, to int) (found [2]int, ok bool) {
	for i := range h.places {
		p := &h.places[i]
		if p.cue&is == 0 || p.from < from || p.from >= to {
			continue
		}
		found = [2]int{p.to, min(p.to+reachThan, to)}
		if _, ok := h.who(found); ok {
			return found, true
		}
	}
	return [2]int{}, false
}

// who reports whether the brand is named among some tokens, and whether anybody
// is.
func (h *heeding) who(tokens [2]int) (own, anybody bool) {
	own, other := h.named(tokens[0], tokens[1])
	return own, own || other || h.looksNamed(tokens[0], tokens[1])
}

// signs reads A > B.
func (h *heeding) signs(from, to int) {
	list := h.in.Tokens.List
	for i := from; i+1 < to; i++ {
		if list[i].Field != list[i+1].Field || list[i].To >= list[i+1].From {
			continue
		}
		sign := 0.0
		for _, c := range h.in.Fields[list[i].Field][list[i].To:list[i+1].From] {
			switch {
			case c == '>' && sign >= 0:
				sign = 1
			case c == '<' && sign <= 0:
				sign = -1
			case c != ' ':
				sign = 0
			}
		}
		if sign != 0 {
			h.take(frame{sign: sign, from: i, to: i + 2, subject: [2]int{max(i-1, from), i + 1}, object: [2]int{i + 1, min(i+3, to)}}, from, to, false)
		}
	}
}
