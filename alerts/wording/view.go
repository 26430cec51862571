package wording

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"earshot"
)

// View is an alert made ready to be read: all of its texts are of bounded length and
// without control characters, addresses are http or https or empty.
type View struct {
	Test      bool
	Alert     earshot.Alert // as it is: nothing in it has been made ready
	Brand     string
	Kind      string // in words
	Urgency   string // in words
	Why       string // in words
	Topic     string
	Headline  string // of the mention
	Quote     string // its text; empty when it was taken back
	Author    string // name and handle
	Network   string
	URL       string // where a person can open it
	Facts     []Fact // what else there is to know, each on a line
	Sources   []Link // other posts of the matter
	Withdrawn bool   // nothing is left of the case
}

// Fact is a value with its name.
type Fact struct{ Name, Value string }

// Link is a post that a person can open.
type Link struct{ Name, URL string }

// Bounds of what is quoted, in runes.
const (
	maxQuote    = 2000
	maxHeadline = 200
	maxName     = 80
	maxSources  = 5
)

// View makes an alert ready to be read.
func (w *Wording) View(a *earshot.Alert, test bool) View {
	v := View{
		Test: test, Alert: *a, Brand: Line(a.Brand, maxName), Topic: Line(a.Topic, maxName),
		Kind: w.Word("kind." + string(a.Kind)), Urgency: w.Word("urgency." + string(a.Urgency)), Why: w.Word("why." + string(a.Why)),
		Withdrawn: a.Why == earshot.BecauseWithdrawn,
	}
	if m := a.Mention; m != nil {
		v.Headline, v.Quote = Line(m.Title, maxHeadline), Lines(m.Text, maxQuote)
		v.Author, v.Network, v.URL = author(m), Line(m.Network, maxName), Address(m.URL)
		if v.Quote == "" && len(m.Media) > 0 {
			v.Quote = Lines(m.Media[0].Alt, maxQuote)
		}
	}
	w.facts(&v)
	return v
}

func author(m *earshot.Mention) string {
	name, handle := Line(m.Author.Name, maxName), Line(m.Author.Handle, maxName)
	switch {
	case name == "" || strings.EqualFold(name, strings.TrimPrefix(handle, "@")):
		return handle
	case handle == "":
		return name
	}
	return name + " (" + handle + ")"
}

// Address is an address that may be clicked, or nothing.
func Address(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(raw) > 2000 || Line(raw, 2001) != raw {
		return ""
	}
	u.User = nil
	return u.String()
}

func (v *View) add(name, value string) {
	if value != "" {
		v.Facts = append(v.Facts, Fact{name, value})
	}
}

func (w *Wording) facts(v *View) {
	a := &v.Alert
	add := func(key, value string) { v.add(w.Word(key), value) }
	if m := a.Mention; m != nil {
		add("author", v.Author)
		add("network", v.Network)
		add("posted", w.Time(m.Posted))
		if m.Visibility == earshot.Private {
			add("visibility", w.Word("private"))
		}
	}
	if !v.Withdrawn {
		add("respond_by", w.Time(a.RespondBy))
		add("owner", Line(a.Owner, maxName))
	}
	if len(a.To) > 0 {
		add("to", Line(strings.Join(a.To, ", "), maxHeadline))
	}
	if a.Count > 1 {
		add("count", count(int64(a.Count)))
	}
	if a.Reach > 0 {
		add("reach", count(a.Reach))
	}
	w.story(v, a.Story)
	w.evidence(v, a.Evidence)
	w.held(v, a.Held)
	if a.Verdict != nil {
		add("rules", rules(a.Verdict))
	}
	add("case", a.Case)
}

func (w *Wording) story(v *View, s *earshot.Story) {
	if s == nil {
		return
	}
	v.add(w.Word("story"), fmt.Sprintf("%s · %s %s · %s", count(int64(s.Count)), count(int64(s.Authors)), w.Word("authors"), Line(strings.Join(s.Networks, ", "), maxName)))
	v.sources(append([]earshot.Source{s.First}, s.Top...))
}

func (w *Wording) evidence(v *View, e *earshot.Evidence) {
	if e == nil {
		return
	}
	v.add(w.Word("state"), w.Word("alarm."+string(e.From))+" → "+w.Word("alarm."+string(e.To)))
	v.add(w.Word("since"), w.Time(e.Since))
	v.add(w.Word("seen"), fmt.Sprintf("%s (%s %s)", count(int64(e.Seen)), w.Word("expected"), strconv.FormatFloat(math.Round(e.Expected*10)/10, 'f', -1, 64)))
	v.add(w.Word("negative"), fmt.Sprintf("%s (%s %s)", count(int64(e.Negative)), w.Word("habit"), percent(e.Habit)))
	v.add(w.Word("authors"), fmt.Sprintf("%s (%s %s)", count(int64(e.Authors)), percent(e.NewShare), w.Word("new_accounts")))
	v.add(w.Word("reposts"), fmt.Sprintf("%s, %s %s", percent(e.Reposts), percent(e.Copies), w.Word("copies")))
	if e.Reach > 0 && v.Alert.Reach == 0 {
		v.add(w.Word("reach"), count(e.Reach))
	}
	v.add(w.Word("networks"), tallies(e.Networks))
	v.add(w.Word("words"), tallies(e.Words))
	v.add(w.Word("planned"), Line(e.Planned, maxName))
	for _, f := range e.Because {
		mark := "✗"
		if f.Met {
			mark = "✓"
		}
		what, seen, needed := Finding(f, count)
		v.add(mark+" "+what, seen+" / "+needed)
	}
	v.sources(append([]earshot.Source{e.First}, e.Top...))
}

func (w *Wording) held(v *View, h *earshot.Held) {
	if h == nil {
		return
	}
	v.add(w.Word("held"), count(int64(h.Alerts)))
	v.add(w.Word("between"), w.Time(h.From)+" – "+w.Time(h.To))
	v.add(w.Word("because"), tallies(h.Why))
}

func (v *View) sources(all []earshot.Source) {
	for _, s := range all {
		address := Address(s.URL)
		if len(v.Sources) == maxSources || s.Mention == "" || address != "" && (address == v.URL || v.links(address)) {
			continue
		}
		name := Line(s.Network, maxName)
		if s.Reach > 0 {
			name += " · " + count(s.Reach)
		}
		if address != "" {
			v.Sources = append(v.Sources, Link{name, address})
		} else if v.names(s) {
			v.add("→ "+name, Line(s.Mention, maxHeadline)) // by its ID it is found: earshot export
		}
	}
}

// names reports whether a source without an address is worth naming: one with an ID
// that has not been named before.
func (v *View) names(s earshot.Source) bool {
	if !strings.Contains(s.Mention, ":") || v.Alert.Mention != nil && v.Alert.Mention.ID == s.Mention {
		return false
	}
	named := Line(s.Mention, maxHeadline)
	return !slices.ContainsFunc(v.Facts, func(f Fact) bool { return f.Value == named })
}

func (v *View) links(address string) bool {
	for _, l := range v.Sources {
		if l.URL == address {
			return true
		}
	}
	return false
}

// rules are the names of what made the mention matter, each once.
func rules(v *earshot.Verdict) string {
	var names []string
	seen := map[string]bool{earshot.Limit: true}
	for _, r := range v.Reasons {
		if r.Of == earshot.OfUrgency && !seen[r.Rule] && len(names) < 6 {
			seen[r.Rule] = true
			names = append(names, Line(r.Rule, maxName))
		}
	}
	return strings.Join(names, ", ")
}

func tallies(all []earshot.Tally) string {
	var parts []string
	for _, t := range all[:min(len(all), 8)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", Line(t.Name, maxName), count(int64(t.Count))))
	}
	return strings.Join(parts, ", ")
}

func percent(share float64) string {
	return strconv.FormatFloat(math.Round(100*share), 'f', -1, 64) + " %"
}

// count writes a number in groups of three, which are read alike in all languages.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// samples are what templates are tried with: an alert that holds everything, and one
// that holds next to nothing.
func (w *Wording) samples(name string) []any {
	full := w.View(Sample(time.Unix(1, 0)), true)
	bare := w.View(&earshot.Alert{}, false)
	if strings.HasPrefix(name, "digest") {
		return []any{Digest{Views: []View{full, bare}}, Digest{Views: []View{bare}, Test: true}}
	}
	return []any{full, bare}
}
