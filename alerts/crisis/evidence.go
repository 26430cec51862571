package crisis

import (
	"math"

	"earshot"
)

// evidence is what PR is told of the hour when the state stays or becomes another.
// It is gathered before the state is entered.
func (w *Watch) evidence(h *hour, to earshot.Alarm, found []earshot.Finding) earshot.Evidence {
	buckets := w.within(w.next-int64(steps), w.next)
	f := figure(buckets, true)
	e := earshot.Evidence{
		Topic: w.topic, From: w.standing.State, To: to, Since: w.standing.Since,
		Window:    h.window,
		Expected:  round(h.expected * h.talk),
		Seen:      int(f.posts + 0.5),
		Negative:  int(f.negative + 0.5),
		Habit:     round(h.habit),
		Authors:   int(f.authors + 0.5),
		NewShare:  round(share(f.newAuthors, f.authors)),
		Reposts:   round(share(f.reposts, f.posts)),
		Copies:    round(share(f.copies, f.posts)),
		Reach:     f.reach,
		Networks:  w.tally(&f.names.network),
		Rules:     w.tally(&f.names.rule),
		Listeners: w.tally(&f.names.listener),
		Words:     newWords(buckets, &w.lexis, w.brand),
		Because:   found,
		Planned:   h.planned,
	}
	if e.Since.IsZero() {
		e.Since = h.window.To
	}
	if first := w.firstSince(); first != nil {
		e.First = first.Source
	}
	var foremost []top
	for _, b := range buckets {
		for _, t := range b.Top {
			foremost = rank(foremost, t, topShown)
		}
	}
	for _, t := range foremost {
		e.Top = append(e.Top, t.Source)
	}
	return e
}

// tally names what was counted; what has no name is left out.
func (w *Watch) tally(counts *[nameLimit + 2]float64) []earshot.Tally {
	var list []earshot.Tally
	for number, count := range counts {
		if number > 0 && count > 0 {
			list = append(list, earshot.Tally{Name: w.registry.name(uint8(number)), Count: int(count + 0.5)})
		}
	}
	return most(list, namesShown)
}

// round leaves two digits behind the point: nobody reads more.
func round(x float64) float64 { return math.Round(x*100) / 100 }
