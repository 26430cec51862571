package crisis

import (
	"math"
	"slices"
	"time"

	"earshot"
	"earshot/alerts/duty"
)

// Bounds of time.
const (
	settle  = 3                      // steps after its end in which an hour is learnt, for those who are late
	holds   = int64(steps + settle)  // steps that buckets are kept
	ahead   = int64(2 * steps)       // steps that a mention may be ahead of Advance
	leap    = int64(14 * 24 * steps) // a longer pause is not gone through step by step
	deafAt  = 0.5                    // share of the hour from which nothing is concluded from little
	deafMax = int64(24 * steps)      // what is silent for longer is silent by habit
	tiring  = 72 * time.Hour         // what lasts longer is learnt as habit
	ageing  = 1 - 1.0/(14*24)        // per hour, of shares
	quietly = 3.0                    // negative authors in an hour that are never unusual
	badly   = 5.0                    // powers of ten of negative authors against chance
	deafLog = 32                     // stretches remembered
)

// Watch is what is known of one brand and one of its topics. It takes 200 kB at
// most. It is not for concurrent use.
type Watch struct {
	config       Config
	brand, topic string
	next         int64     // the step that is looked at next; 0 before the first Advance
	buckets      []*bucket // ascending
	registry     registry
	volume, ill  habit // of authors, and of negative ones
	shares       shares
	lexis        lexis
	day          []dayHour // the last hours, for what burns slowly
	missed       []span
	standing     standing
	unseen       int64 // mentions from before or after what is looked at
}

// shares are sums of the past, which count less with every hour.
type shares struct{ Posts, Voices, NegVoices, Age float64 }

type dayHour struct{ Posts, Voices, NegVoices, Expected float64 }

// span is a range of steps, the end not included.
type span struct{ From, To int64 }

// NewWatch returns a watch that knows nothing yet of a brand and one of its topics,
// the empty one for the whole brand. The configuration has been checked.
func NewWatch(c Config, brand, topic string) *Watch {
	w := &Watch{config: c.with(), brand: brand, topic: topic, standing: standing{State: earshot.Calm}}
	w.place()
	return w
}

// place has habits be those of the place that the configuration names.
func (w *Watch) place() {
	days := duty.NewWorkdays(w.config.Timezone, w.config.Holidays)
	w.volume.days, w.ill.days = days, days
}

// State is how the brand, or its topic, stands.
func (w *Watch) State() earshot.Alarm { return w.standing.State }

// Hear adds a mention. Order does not matter, nor does it to hear one twice. A
// mention from more than an hour before the time of the last Advance is only counted
// as unseen: catching up is no crisis. So is one from a quarter of an hour after it:
// whoever reads mentions advances to the time at which they were heard first.
func (w *Watch) Hear(s Seen) {
	if s.Key == "" {
		return
	}
	at := stepOf(s.At)
	if w.next != 0 && (at < w.next-int64(steps) || at > w.next+ahead) {
		w.unseen++
		return
	}
	if b := w.bucketAt(at); b != nil {
		b.hear(&s, &w.registry)
	}
}

// Remove takes back what Hear was told of a mention, by its key and its ID: its author
// has deleted it, or says something else now. Nothing shows it any more, and the last
// hour counts without it; of more mentions in five minutes than are kept, as far as
// is known. What was learnt of earlier hours are numbers, and stays. It reports
// whether anything was known of it.
func (w *Watch) Remove(key, id string) bool {
	gone, of := false, fingerprint(key)
	for _, b := range w.buckets {
		gone = b.remove(of, id) || gone
	}
	if first := w.standing.First; first != nil && first.Source.Mention == id {
		w.standing.First, gone = nil, true
	}
	return gone
}

// Unseen is how many mentions were too late, or too early, to be looked at.
func (w *Watch) Unseen() int64 { return w.unseen }

// bucketAt is the bucket of a step. Before the first Advance the newest steps are
// kept.
func (w *Watch) bucketAt(at int64) *bucket {
	for i, b := range slices.Backward(w.buckets) {
		if b.Step == at {
			return b
		}
		if b.Step < at {
			return w.insert(i+1, at)
		}
	}
	return w.insert(0, at)
}

func (w *Watch) insert(i int, at int64) *bucket {
	if w.next == 0 && len(w.buckets) > 0 {
		newest := max(at, w.buckets[len(w.buckets)-1].Step)
		if at <= newest-holds {
			w.unseen++
			return nil
		}
		old := slices.IndexFunc(w.buckets, func(b *bucket) bool { return b.Step > newest-holds })
		if old < 0 {
			old = len(w.buckets)
		}
		w.buckets = slices.Delete(w.buckets, 0, old)
		i -= old
	}
	b := &bucket{Step: at}
	w.buckets = slices.Insert(w.buckets, i, b)
	return b
}

// Miss says that in a stretch of time not everything was heard: a listener was
// silent or earshot was down. Nothing is learnt of such hours, and that little was
// heard in them is no calm. After a day, silence is habit.
func (w *Watch) Miss(p earshot.Period) {
	from, to := stepOf(p.From), stepOf(p.To.Add(step-1))
	to = min(to, from+deafMax)
	if to <= from {
		return
	}
	w.missed = append(w.missed, span{from, to})
	slices.SortFunc(w.missed, func(a, b span) int { return int(min(1, max(-1, a.From-b.From))) })
	merged := w.missed[:1]
	for _, s := range w.missed[1:] {
		if last := &merged[len(merged)-1]; s.From <= last.To {
			last.To = max(last.To, s.To)
		} else {
			merged = append(merged, s)
		}
	}
	w.missed = slices.Clone(merged[max(0, len(merged)-deafLog):])
}

// deaf is the share of a range of steps in which not everything was heard.
func (w *Watch) deaf(from, to int64) float64 {
	missed := int64(0)
	for _, s := range w.missed {
		missed += max(0, min(to, s.To)-max(from, s.From))
	}
	return float64(missed) / float64(to-from)
}

// Advance looks at every five minutes that ended by now, and returns what changed,
// and the updates that are due. now is the time up to which everything was heard:
// of an engine that catches up, the time of what it reads, not the clock's. A time
// before the last one changes nothing.
func (w *Watch) Advance(now time.Time) []Transition {
	to := stepOf(now)
	if w.next == 0 || to-w.next > leap {
		w.next = to
		w.forget()
	}
	var all []Transition
	for ; w.next <= to; w.next++ {
		all = append(all, w.look()...)
		w.learn()
		w.forget()
	}
	return all
}

// within are the buckets of a range of steps.
func (w *Watch) within(from, to int64) []*bucket {
	first := slices.IndexFunc(w.buckets, func(b *bucket) bool { return b.Step >= from })
	if first < 0 {
		return nil
	}
	end := slices.IndexFunc(w.buckets, func(b *bucket) bool { return b.Step >= to })
	if end < 0 {
		end = len(w.buckets)
	}
	return w.buckets[first:end]
}

// forget lets go of buckets that nobody will look at again.
func (w *Watch) forget() {
	w.buckets = slices.DeleteFunc(w.buckets, func(b *bucket) bool {
		return b.Step <= w.next-holds || b.Step > w.next+ahead
	})
	w.missed = slices.DeleteFunc(w.missed, func(s span) bool { return s.To <= w.next-holds })
}

// learn takes in the hour that ended a while ago.
func (w *Watch) learn() {
	if (w.next-settle)%int64(steps) != 0 {
		return
	}
	from, to := w.next-holds, w.next-settle
	if w.deaf(from, to) > 0 {
		return
	}
	hour := w.within(from, to)
	f := figure(hour, false)
	usual := w.ill.expect(timeOf(from))
	w.day = append(w.day, dayHour{f.posts, f.voices(), f.negVoices(), usual})
	if len(w.day) > 24 {
		w.day = slices.Delete(w.day, 0, len(w.day)-24)
	}
	if !w.standing.learns(timeOf(w.next)) {
		return
	}
	w.volume.learn(timeOf(from), f.voices())
	w.ill.learn(timeOf(from), f.negVoices())
	s := &w.shares
	s.Posts = s.Posts*ageing + f.posts
	s.Voices = s.Voices*ageing + f.voices()
	s.NegVoices = s.NegVoices*ageing + f.negVoices()
	for _, b := range hour {
		for _, t := range b.Texts.Values {
			w.lexis.learn(t)
		}
	}
}

// habitShare is the share of negative authors by habit, that of a brand of which
// little is known being a tenth.
func (s *shares) habitShare() float64 { return (s.NegVoices + 2) / (s.Voices + 20) }

// talk is how many mentions an author makes by habit.
func (s *shares) talk() float64 { return math.Max(1, s.Posts/math.Max(1, s.Voices)) }
