// Package delight weighs whether a mention is a moment worth sharing: somebody who
// is glad or touching to read tells a story of their own, and few have answered yet.
// Every sign is a part of the sum. It measures no feelings of its own, sentiment
// does, and does not decide who hears of it: rules do.
package delight

import (
	"math"

	"earshot"
	"earshot/rules/relevance"
)

// Names of the parts.
const (
	RuleJoy      = "joy"
	RuleTouching = "touching"
	RuleChild    = "a child's voice"
	RuleSelf     = "told by who lived it"
	RuleTold     = "a story told"
	RuleLength   = "told at length"
	RuleDear     = "somebody dear"
	RuleGift     = "a gift or a letter"
	RuleBrand    = "to the brand"
	RuleNamed    = "names the brand"
	RuleSells    = "wants to sell"
	RulePress    = "press"
	RuleMachine  = "no person's account"
	RuleTags     = "many hashtags"
	RuleLinks    = "many links"
	RuleRepost   = "somebody else's words"
	RuleOwned    = "the brand itself"
	RuleCrowd    = "many have answered"
	RuleSour     = "may be sarcasm"
	RuleAnger    = "a complaint"
	RuleDanger   = "danger"
	RuleRating   = "bad rating"
)

// What the signs are worth, in millionths. Feelings, a story and the rest are 0.4,
// 0.4 and 0.2 at most, so that no two of them alone are more than 0.8, and neither
// feelings nor a story are more than 0.6 without the other.
const (
	feelings = 400_000 // joy and touching words together
	joy      = 250_000 // at a sentiment of 0.7; nothing at 0.15
	self     = 100_000
	told     = 60_000 // each word that tells what happened
	toldMost = 180_000
	length   = 120_000 // at 60 words; nothing at 12
	dear     = 60_000
	gift     = 40_000
	brand    = 100_000
	named    = 50_000

	sells     = -400_000 // each sign
	sellsMost = -800_000
	press     = -200_000 // each sign
	pressMost = -400_000
	machine   = -300_000
	tags      = -200_000
	links     = -200_000
	crowd     = -300_000 // from a hundred answers on; nothing up to three
	sour      = -200_000 // each sign
	sourMost  = -400_000
	anger     = -700_000 // at a complaint of 1 in which nothing moves; nothing at 0.2
	danger    = -300_000
	rating    = -300_000
	never     = -1_000_000
)

// Bounds of what is counted.
const (
	manyTags  = 5
	manyLinks = 3
	leastTold = 2 // words that tell what happened make a story
)

// Evidence is what is known of a mention beside its words.
type Evidence struct {
	Mention   *earshot.Mention
	Sentiment earshot.Score // as the brand judges it
	Complaint earshot.Score // [0,1], as Danger
	Danger    earshot.Score
	Addressed bool // the author speaks to the brand
	Named     bool // the brand's words are in it
	Owned     bool // the brand wrote it
}

// Weigh appends the parts of the delight to dst; their sum may leave [0,1]. Where
// nothing is felt, there are none, and the delight is 0. It needs Read before.
func (m *Meter) Weigh(dst []relevance.Part, e *Evidence) []relevance.Part {
	w := weighing{Meter: m, e: e, parts: dst}
	if w.feel(); w.felt == 0 {
		return dst
	}
	w.tell()
	w.first(dearest, RuleDear, dear)
	w.first(given, RuleGift, gift)
	switch {
	case e.Addressed:
		w.add(RuleBrand, brand)
	case e.Named:
		w.add(RuleNamed, named)
	}
	w.doubt()
	return w.parts
}

// weighing is the sum in the making.
type weighing struct {
	*Meter
	e     *Evidence
	parts []relevance.Part
	felt  earshot.Score
}

func (w *weighing) add(rule string, weight earshot.Score) {
	if weight != 0 {
		w.parts = append(w.parts, relevance.Part{Rule: rule, Weight: weight})
	}
}

// at adds a part about words.
func (w *weighing) at(s *sign, rule string, weight earshot.Score) {
	w.parts = append(w.parts, relevance.Part{Rule: rule, Field: s.field, From: int(s.from), To: int(s.to), Weight: weight})
}

// first adds a part about the first word of a kind.
func (w *weighing) first(k kind, rule string, weight earshot.Score) {
	for i := range w.signs {
		if w.signs[i].kind == k {
			w.at(&w.signs[i], rule, weight)
			return
		}
	}
}

// feel weighs what is felt: joy, and words that touch, up to the same bound.
func (w *weighing) feel() {
	const least, full = 0.15, 0.7
	if w.felt = scaled(joy, (w.e.Sentiment.Float()-least)/(full-least)); w.felt > 0 {
		w.add(RuleJoy, w.felt)
	}
	for i := range w.signs {
		s := &w.signs[i]
		if s.kind != touches && s.kind != child {
			continue
		}
		rule := RuleTouching
		if s.kind == child {
			rule = RuleChild
		}
		if weight := min(s.weight, feelings-w.felt); weight > 0 {
			w.at(s, rule, weight)
			w.felt += weight
		}
	}
}

// tell weighs how much of a story there is. It is one for who lived it, and if more
// than one thing happened.
func (w *weighing) tell() {
	if w.teller < 0 {
		return
	}
	sum, words := earshot.Score(0), 0
	for i := range w.signs {
		s := &w.signs[i]
		if s.kind != tells {
			continue
		}
		words++
		if weight := min(told, toldMost-sum); weight > 0 {
			w.at(s, RuleTold, weight)
			sum += weight
		}
	}
	if words < leastTold {
		return
	}
	w.at(&w.signs[w.teller], RuleSelf, self)
	const least, full = 12, 60
	w.add(RuleLength, scaled(length, float64(w.words-least)/(full-least)))
}

// doubt weighs what speaks against a person with a story of their own.
func (w *weighing) doubt() {
	w.each(selling, RuleSells, sells, sellsMost)
	w.each(pressing, RulePress, press, pressMost)
	m := w.e.Mention
	w.when(isMachine(&m.Author), RuleMachine, machine)
	w.when(w.tags >= manyTags, RuleTags, tags)
	w.when(len(m.Links) >= manyLinks, RuleLinks, links)
	w.when(m.RepostOf != "", RuleRepost, never)
	w.when(w.e.Owned, RuleOwned, never)
	if m.Engagement.Replies > 0 {
		const few, many = 3, 100
		w.add(RuleCrowd, scaled(crowd, math.Log(float64(m.Engagement.Replies)/few)/math.Log(float64(many)/few)))
	}
	w.each(souring, RuleSour, sour, sourMost)
	const unsure, hardest = 0.2, 0.2 // who is moved may sound as if complaining
	hard := max(1-float64(w.moved)/feelings, hardest)
	w.add(RuleAnger, scaled(anger, (w.e.Complaint.Float()-unsure)/(1-unsure)*hard))
	w.add(RuleDanger, scaled(danger, w.e.Danger.Float()))
	const bad = 2 // stars
	w.when(m.Rating > 0 && m.Rating <= bad, RuleRating, rating)
}

// each adds a part for every word of a kind, up to a bound.
func (w *weighing) each(k kind, rule string, weight, most earshot.Score) {
	for i := range w.signs {
		if w.signs[i].kind != k || most == 0 {
			continue
		}
		part := max(weight, most)
		w.at(&w.signs[i], rule, part)
		most -= part
	}
}

func (w *weighing) when(holds bool, rule string, weight earshot.Score) {
	if holds {
		w.add(rule, weight)
	}
}

// scaled is a share of a weight; shares are limited to [0,1].
func scaled(weight earshot.Score, share float64) earshot.Score {
	return earshot.ScoreOf(weight.Float() * min(max(share, 0), 1))
}
