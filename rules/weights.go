package rules

import (
	"iter"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"earshot"
	"earshot/rules/urgency"
)

// Weights says how many points each reason is worth at most in the urgency. The
// sum is limited to 0 to 100.
type Weights struct {
	Complaint   float64 `yaml:"complaint" jsonschema:"description=Points for a complaint,minimum=-100,maximum=100"`
	Request     float64 `yaml:"request" jsonschema:"description=Points for a request for help or an answer,minimum=-100,maximum=100"`
	Danger      float64 `yaml:"danger" jsonschema:"description=Points for danger to people,minimum=-100,maximum=100"`
	Leaving     float64 `yaml:"leaving" jsonschema:"description=Points for a threat to leave,minimum=-100,maximum=100"`
	Legal       float64 `yaml:"legal" jsonschema:"description=Points for lawyers and authorities and the press,minimum=-100,maximum=100"`
	Offensive   float64 `yaml:"offensive" jsonschema:"description=Points for insults,minimum=-100,maximum=100"`
	Informative float64 `yaml:"informative" jsonschema:"description=Points for facts of an emergency,minimum=-100,maximum=100"`
	Negative    float64 `yaml:"negative" jsonschema:"description=Points for a sentiment of -1; less above it in proportion,minimum=-100,maximum=100"`
	Question    float64 `yaml:"question" jsonschema:"description=Points for a question that addresses the brand,minimum=-100,maximum=100"`
	Topic       float64 `yaml:"topic" jsonschema:"description=Points for each topic that is marked danger,minimum=-100,maximum=100"`
	Reach       float64 `yaml:"reach" jsonschema:"description=Points for a million followers or views; 0 for a thousand and a third for each ten times more,minimum=-100,maximum=100"`
	Verified    float64 `yaml:"verified" jsonschema:"description=Points for a verified author,minimum=-100,maximum=100"`
	Newcomer    float64 `yaml:"newcomer" jsonschema:"description=Points for an account of less than 30 days,minimum=-100,maximum=100"`
	Rating      float64 `yaml:"rating" jsonschema:"description=Points for a review of one star; half for two,minimum=-100,maximum=100"`
	Waiting     float64 `yaml:"waiting" jsonschema:"description=Points for a post that was heard a day after it was posted; less before in proportion,minimum=-100,maximum=100"`
	Thread      float64 `yaml:"thread" jsonschema:"description=Points for a post that goes on with a conversation,minimum=-100,maximum=100"`
}

// DefaultWeights make a complaint alone low (below 30) and with a request normal,
// danger alone normal and with a complaint high (from 60).
func DefaultWeights() Weights {
	return Weights{
		Complaint: 20, Request: 15, Danger: 45, Leaving: 20, Legal: 20, Offensive: 5,
		Negative: 15, Question: 10, Topic: 25,
		Reach: 10, Verified: 3, Rating: 10, Waiting: 3, Thread: 2,
	}
}

// each yields the key of every weight, and the weight to be changed.
func (w *Weights) each() iter.Seq2[string, *float64] {
	return func(yield func(string, *float64) bool) {
		v := reflect.ValueOf(w).Elem()
		for i := range v.NumField() {
			weight, ok := reflect.TypeAssert[*float64](v.Field(i).Addr())
			if ok && !yield(v.Type().Field(i).Tag.Get("yaml"), weight) {
				return
			}
		}
	}
}

// weights checks those of all brands.
func (c *compiler) weights() Weights {
	w := DefaultWeights()
	if c.config.Points != nil {
		w = *c.config.Points
	}
	for key, weight := range w.each() {
		c.points("urgency.weights."+key, *weight)
	}
	return w
}

// weightsOf returns what weighs for a brand: its own points, else those of all.
func (c *compiler) weightsOf(path string, own Points, all *Weights) Weights {
	w := *all
	var known []string
	for key, weight := range w.each() {
		known = append(known, key)
		if p, ok := own[key]; ok {
			c.points(path+"."+key, p)
			*weight = p
		}
	}
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if !slices.Contains(known, key) {
			c.fail(path+"."+key, "there is no weight "+strconv.Quote(key), c.suggest(key, known))
		}
	}
	return w
}

// points checks how many points a reason is worth.
func (c *compiler) points(path string, p float64) {
	if !(p >= -pointsMost && p <= pointsMost) {
		c.fail(path, "no reason can be worth so many points", "the whole scale has 100: from -100 to 100")
	}
}

// heads are the points of the heads.
func (w *Weights) heads() [urgency.HeadCount]float64 {
	return [urgency.HeadCount]float64{
		urgency.Complaint: w.Complaint, urgency.Request: w.Request, urgency.Danger: w.Danger,
		urgency.Leaving: w.Leaving, urgency.Legal: w.Legal, urgency.Offensive: w.Offensive, urgency.Informative: w.Informative,
	}
}

// Names of the reasons that are not about words, but for topics.
const (
	reasonNegative = "negative sentiment"
	reasonQuestion = "question"
	reasonReach    = "reach"
	reasonVerified = "verified author"
	reasonNewcomer = "new account"
	reasonRating   = "rating"
	reasonWaiting  = "waiting"
	reasonThread   = "thread"
	reasonTopic    = "topic:" // and its name
)

// learnt are the names of the reasons that trained models give.
var learnt = func() (names [urgency.HeadCount]string) {
	for _, h := range urgency.Heads() {
		names[h] = h.String() + ":model"
	}
	return names
}()

// pressHeads adds what the heads are worth, part by part.
func (v *draft) pressHeads(parts []urgency.Part, points *[urgency.HeadCount]float64) {
	spans := make([]earshot.Span, len(parts))
	for i := range parts {
		p := &parts[i]
		weight := earshot.ScoreOf(p.Value.Float() * points[p.Head])
		if weight == 0 {
			continue
		}
		r := earshot.Reason{Of: earshot.OfUrgency, Rule: p.Head.String(), Weight: weight}
		if p.Learnt {
			r.Rule = learnt[p.Head]
		}
		if p.To > 0 {
			spans[i] = earshot.Span{p.From, p.To}
			r.Field, r.Span = p.Field.Name(), &spans[i]
		}
		v.Urgency += weight
		v.Reasons = append(v.Reasons, r)
	}
}

// uneasy is the sentiment from which down who wrote counts.
var uneasy = earshot.ScoreOf(-0.3)

// pressContext adds what the mention itself says, if its words argue for urgency
// at all: praise by somebody famous is not urgent.
func (v *draft) pressContext(m *earshot.Mention, w *Weights) {
	if v.Urgency <= 0 || v.Sentiment > uneasy && v.Urgency < 5*earshot.Unit {
		return
	}
	v.pressShare(reasonReach, w.Reach, reach(max(m.Author.Followers, m.Engagement.Views)))
	v.pressShare(reasonVerified, w.Verified, share(m.Author.Verified))
	v.pressShare(reasonNewcomer, w.Newcomer, share(newcomer(m)))
	if m.Rating > 0 {
		v.pressShare(reasonRating, w.Rating, min(max((3-m.Rating)/2, 0), 1))
	}
	v.pressShare(reasonThread, w.Thread, share(m.ReplyTo != ""))
	if !m.Posted.IsZero() && m.Heard.After(m.Posted) {
		v.pressShare(reasonWaiting, w.Waiting, min(m.Heard.Sub(m.Posted).Hours()/24, 1))
	}
}

func (v *draft) pressShare(rule string, points, share float64) {
	v.press(rule, earshot.ScoreOf(points*share))
}

func share(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// reach is 0 up to a thousand people, 1 from a million on, and a third more for
// each ten times as many.
func reach(people int64) float64 {
	const few, steps = 1000, 3
	if people <= few {
		return 0
	}
	return min(math.Log10(float64(people)/few)/steps, 1)
}

func newcomer(m *earshot.Mention) bool {
	const young = 30 * 24 * time.Hour
	return !m.Author.Created.IsZero() && !m.Posted.IsZero() && m.Posted.Sub(m.Author.Created) < young
}
