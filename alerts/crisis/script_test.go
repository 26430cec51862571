package crisis_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"earshot"
	"earshot/alerts/crisis"
)

// monday is when scripts begin.
var monday = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// script is some weeks of a brand, posted by people who are made up.
type script struct {
	hourly   float64 // mentions in an hour of the day
	negative float64 // share of them
	weeks    int
	happens  []event
	missed   []earshot.Period
}

// event is something that happens on top of the usual.
type event struct {
	from     time.Duration // since monday
	long     time.Duration
	posts    int     // spread over its length, most in the first half
	even     bool    // or evenly
	negative float64 // share
	authors  int     // who take part
	reposts  float64 // share
	networks []string
	fresh    bool // the accounts are new and copy one text
	copies   bool // they are old, and do
	reach    int64
	text     string
}

const day = 24 * time.Hour

// rhythm is how busy an hour is: few post at night, fewer at weekends.
func rhythm(at time.Time) float64 {
	busy := 0.15 + 0.85*math.Max(0, math.Sin(math.Pi*float64(at.Hour()-6)/17))
	if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		busy *= 0.6
	}
	return busy
}

var (
	everywhere = []string{"x", "x", "x", "reddit", "reddit", "mastodon"}
	small      = []string{"the new set looks", "building with my children", "where can one buy", "this tower took", "a gift for christmas"}
)

// poisson draws a count.
func poisson(r *rand.Rand, mean float64) int {
	if mean > 50 {
		return max(0, int(mean+r.NormFloat64()*math.Sqrt(mean)+0.5))
	}
	limit, product, n := math.Exp(-mean), r.Float64(), 0
	for product > limit {
		product *= r.Float64()
		n++
	}
	return n
}

// play writes down all mentions of a script, by five minutes.
func (s script) play(seed uint64) [][]crisis.Seen {
	r := rand.New(rand.NewPCG(seed, 1))
	steps := make([][]crisis.Seen, s.weeks*7*24*12)
	number := 0
	post := func(step int, m crisis.Seen) {
		number++
		m.ID = m.Network + ":" + strconv.Itoa(number)
		m.Key = m.ID
		m.URL = "https://" + m.Network + ".example/" + m.ID
		m.At = monday.Add(time.Duration(step)*5*time.Minute + time.Duration(r.IntN(300))*time.Second)
		m.Listener = m.Network
		steps[step] = append(steps[step], m)
	}
	for step := range steps {
		at := monday.Add(time.Duration(step) * 5 * time.Minute)
		mean := s.hourly / 12 * rhythm(at) * math.Exp(0.25*r.NormFloat64())
		for range poisson(r, mean) {
			post(step, s.usual(r))
		}
	}
	for number, e := range s.happens {
		for range e.posts {
			part := r.Float64()
			if !e.even {
				part *= math.Sqrt(r.Float64())
			}
			step := int((e.from + time.Duration(part*float64(e.long))) / (5 * time.Minute))
			if step < len(steps) {
				post(step, e.mention(r, number))
			}
		}
	}
	return steps
}

func (s script) usual(r *rand.Rand) crisis.Seen {
	network := everywhere[r.IntN(len(everywhere))]
	m := crisis.Seen{
		Network: network, Author: network + strconv.Itoa(r.IntN(4000)), Reach: int64(r.ExpFloat64() * 400),
		Text: small[r.IntN(len(small))] + " " + small[r.IntN(len(small))],
	}
	m.Negative = r.Float64() < s.negative
	m.Positive = !m.Negative && r.IntN(2) == 0
	m.Repost = r.IntN(10) == 0
	return m
}

func (e event) mention(r *rand.Rand, number int) crisis.Seen {
	networks := e.networks
	if networks == nil {
		networks = everywhere
	}
	network := networks[r.IntN(len(networks))]
	m := crisis.Seen{
		Network: network, Author: fmt.Sprint(network, "-event-", number, "-", r.IntN(max(1, e.authors))),
		Reach: int64(r.ExpFloat64() * 400), Text: e.text, NewAccount: e.fresh, Copy: e.fresh || e.copies,
		Rule: "recall",
	}
	m.Negative = r.Float64() < e.negative
	m.Positive = !m.Negative
	m.Repost = r.Float64() < e.reposts
	if e.reach > 0 && r.IntN(max(1, e.posts/3)) == 0 {
		m.Reach, m.Repost = e.reach, false
	}
	return m
}

// watch lets a watch hear a script, and returns what it told.
func (s script) watch(w *crisis.Watch, steps [][]crisis.Seen) []crisis.Transition {
	var all []crisis.Transition
	w.Advance(monday)
	missed := slices.Clone(s.missed)
	for step, mentions := range steps {
		for _, m := range mentions {
			w.Hear(m)
		}
		now := monday.Add(time.Duration(step+1) * 5 * time.Minute)
		for len(missed) > 0 && !missed[0].From.After(now) {
			w.Miss(missed[0])
			missed = missed[1:]
		}
		all = append(all, w.Advance(now)...)
	}
	return all
}

// pages are the states that PR was told of, and how many updates it had.
func pages(all []crisis.Transition) (states []earshot.Alarm, updates int) {
	for _, t := range all {
		switch {
		case t.Update:
			updates++
		case t.Tells():
			states = append(states, t.To)
		}
	}
	return states, updates
}
