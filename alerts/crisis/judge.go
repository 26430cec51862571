package crisis

import (
	"time"

	"earshot"
)

// level is how bad an hour is, whatever came before.
type level int

const (
	nothing level = iota
	unusual
	worse
	spreads
)

// Bounds of a judgement that are not for the configuration.
const (
	cold      = 3    // times as many as usual are asked for while habits are not known
	coldShare = 0.6  // and so large a share of negative ones,
	coldMore  = 0.25 // so much larger than what is known of the habit, and
	coldMost  = 0.9  // this at most
	farAbove  = 3    // times the habit: the negative share that no planned event explains
	enough    = 0.5  // a negative share that is always enough
	apeShare  = 0.5  // of negative authors, from which it is a matter of accounts that copy
	ownPart   = 0.5  // of the authors asked for: how many must write words of their own
	inNetwork = 3    // negative authors that make a network count
	slowly    = 3    // times what an hour asks for, of a day
	slowTimes = 2.5  // times the usual of a day
	regular   = 4    // how much more regular days are than hours
	easeOff   = 0.5  // of what it took to become worse keeps it so
	easeShare = 0.75 // the same for shares

	conditions = 16 // more than there are
)

// hour is what is known when an hour is judged.
type hour struct {
	config  *Config
	figures *figures
	window  earshot.Period

	expected, expectedIll float64 // authors and negative ones by habit
	busy, ill, illRaw     float64 // surprises; raw counts every account that copies
	habit                 float64 // share of negative ones by habit
	talk                  float64 // mentions an author makes by habit
	learnt                time.Duration
	known                 bool
	planned               string
	day                   dayHour // the sum of a day
	slow                  float64 // its surprise
	illNeeded             float64 // surprise it takes
	over                  int     // elevated states of the week beyond the budget
}

func (w *Watch) hour(to int64) *hour {
	from := to - int64(steps)
	f := figure(w.within(from, to), false)
	h := &hour{
		config: &w.config, figures: f,
		window:      earshot.Period{From: timeOf(from), To: timeOf(to)},
		expected:    w.volume.expect(timeOf(from)),
		expectedIll: w.ill.expect(timeOf(from)),
		habit:       w.shares.habitShare(),
		talk:        w.shares.talk(),
		learnt:      time.Duration(w.volume.Hours) * time.Hour,
		known:       w.volume.known(),
		planned:     w.config.planned(w.brand, w.topic, timeOf(to-1)),
	}
	if h.planned != "" { // more mentions bring more of everything
		h.expectedIll = max(h.expectedIll, f.voices()*h.habit)
	}
	h.illNeeded, h.over = w.standing.needs(h.window.To, w.config.Budget)
	if !h.known {
		return h
	}
	h.busy = surprise(f.voices(), max(h.expected, usualBusy), w.volume.size())
	h.ill = surprise(f.negVoices(), max(h.expectedIll, quietly), w.ill.size())
	h.illRaw = surprise(f.negAuthors, max(h.expectedIll, quietly), w.ill.size())
	w.slowly(h)
	return h
}

// slowly looks at the day for what no hour of it shows: of an hour that is
// remarkable by itself only so much counts as others might have.
func (w *Watch) slowly(h *hour) {
	for _, past := range w.day {
		h.day.Posts += past.Posts
		h.day.Voices += past.Voices
		h.day.NegVoices += min(past.NegVoices, max(float64(h.config.Authors), farAbove*past.Expected))
		h.day.Expected += past.Expected
	}
	if h.planned == "" && len(w.day) == 24 {
		h.slow = surprise(h.day.NegVoices, max(h.day.Expected, quietly), regular*w.ill.size())
	}
}

// shareNeeded is the share of negative authors that is far above habit: of a brand
// that is used to complaints somewhat more of them, half at most.
func (h *hour) shareNeeded() float64 {
	needed := min(enough, max(h.config.Negative, h.habit+0.15*(1-h.habit)))
	if h.planned != "" {
		needed = max(needed, min(0.7, farAbove*h.habit))
	}
	if h.isCold() {
		needed = max(needed, coldShare, min(coldMost, h.habit+coldMore))
	}
	return needed
}

func (h *hour) isCold() bool { return !h.known || h.learnt < h.config.ColdStart }

// scale is how many times the configured minimums are asked for.
func (h *hour) scale() float64 {
	if h.isCold() {
		return cold
	}
	return 1
}

// findings collects conditions with what was seen.
type findings []earshot.Finding

func (f *findings) met(what string, seen, needed float64) bool {
	*f = append(*f, earshot.Finding{What: what, Seen: round(seen), Needed: round(needed), Met: seen >= needed})
	return seen >= needed
}

// judge says how bad the hour is, with every condition.
func (h *hour) judge() (level, []earshot.Finding) {
	found := make(findings, 0, conditions)
	f, c, scale := h.figures, h.config, h.scale()
	budget := float64(1 + h.over)

	busy := found.met("authors against habit, powers of ten", h.busy, tooMany)
	ill := found.met("negative authors against habit, powers of ten", h.ill, h.illNeeded)
	if !h.known {
		busy, ill = true, true // nothing to compare with: the minimums below must do
	}
	mentions := found.met("mentions in the hour", f.posts, float64(c.Mentions)*scale)
	authors := found.met("negative authors, who copy counting once", f.negVoices(), float64(c.Authors)*scale*budget)
	share := found.met("share of negative authors", share(f.negVoices(), f.voices()), h.shareNeeded())
	worseNow := ill && mentions && authors && share
	slow := h.slowBurn(&found)
	aped := h.aping(&found)

	crowd := found.met("negative authors for a crisis", f.negVoices(), float64(c.Crowd)*scale)
	own := found.met("negative authors with words of their own", f.ownAuthors, ownPart*float64(c.Authors)*scale)
	networks := found.met("networks with three negative authors", float64(f.networksFrom(inNetwork)), float64(c.Networks))
	reach := found.met("followers of all authors", float64(f.reach), float64(c.Reach))
	times := found.met("times the usual number of negative authors", f.negVoices()/max(h.expectedIll, quietly), c.Times)
	if h.known {
		found.met("hours of which the habit is known", h.learnt.Hours(), c.ColdStart.Hours())
	} else {
		times = found.met("hours of which the habit is known", h.learnt.Hours(), minKnown)
	}
	ofCrisis := ill && mentions && share && crowd && own && (networks || reach || times)
	switch {
	case ofCrisis:
		return spreads, found
	case worseNow, slow, aped:
		return worse, found
	case busy && mentions, ill && mentions && f.negVoices() >= easeOff*float64(c.Authors)*scale:
		return unusual, found
	default:
		return nothing, found
	}
}

// slowBurn looks for what grows over a day without any hour that is remarkable.
func (h *hour) slowBurn(found *findings) bool {
	c, scale := h.config, h.scale()
	if h.slow == 0 {
		return false
	}
	burns := found.met("negative authors of a day against habit, powers of ten", h.slow, badly)
	authors := found.met("negative authors of a day", h.day.NegVoices,
		max(slowly*float64(c.Authors)*scale*float64(1+h.over), slowTimes*h.day.Expected))
	share := found.met("share of negative authors of a day", share(h.day.NegVoices, h.day.Voices), h.shareNeeded())
	return burns && authors && share && h.day.Posts >= slowly*float64(c.Mentions)*scale
}

// aping looks for new accounts that copy one text: PR is told, as what it is.
func (h *hour) aping(found *findings) bool {
	f := h.figures
	if f.negApes < inNetwork {
		return false
	}
	apes := found.met("share of negative authors that are new accounts copying one text: coordinated",
		share(f.negApes, f.negAuthors), apeShare)
	many := f.negAuthors >= float64(h.config.Authors)*h.scale()*float64(1+h.over) && f.posts >= float64(h.config.Mentions)*h.scale()
	return apes && many && (h.illRaw >= h.illNeeded || !h.known)
}

// lasts reports whether an hour is still as bad as what began: less is asked than
// to begin, so that what stands on the edge does not come and go.
func (h *hour) lasts() bool {
	f, c := h.figures, h.config
	many := easeOff * float64(c.Authors) * h.scale()
	if f.negApes >= inNetwork && share(f.negApes, f.negAuthors) >= apeShare {
		return f.negAuthors >= many
	}
	return f.negVoices() >= many &&
		share(f.negVoices(), f.voices()) >= easeShare*h.shareNeeded() &&
		(!h.known || h.ill >= easeOff*badly)
}

// networksFrom counts networks with so many negative authors.
func (f *figures) networksFrom(least float64) int {
	n := 0
	for _, count := range f.networks {
		if count >= least {
			n++
		}
	}
	return n
}

func share(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(1, part/whole)
}
