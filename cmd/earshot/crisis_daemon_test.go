package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
)

// crisisPlay is a book for a crisis of one brand, beside a crowd of copying accounts
// at another and the launch of a third.
const crisisPlay = `
brands:
  - {name: acme, query: acme, topics: {safety: {query: burned, danger: true}}}
  - {name: zenith, query: zenith}
  - {name: lumen, query: lumen}
rules:
  - {name: hurt, when: '"safety" in topics', urgency: 95, routes: [{team: cs}, {team: pr, kind: crisis}]}
  - {name: furious, when: 'mention.text contains "furious"', urgency: 65, send: [cs]}
  - {name: asks, when: 'mention.text contains "question"', urgency: 35, send: [cs]}
teams:
  - {name: cs, respond_within: {critical: 2h}, warn_at: 0.5}
  - {name: pr, kinds: [crisis, story]}
crisis:
  update: 30m
  planned:
    - {name: launch of the lighthouse, brand: lumen, from: 2026-01-09T08:00:00Z, to: 2026-01-10T08:00:00Z}
`

// crisisHour is what is said in an hour in which a brand comes to be in a crisis.
type crisisHour struct {
	minutes  [60][]earshot.Mention
	danger   []string // IDs of customers in danger
	all      int
	routed   int // mentions that concern customer service
	ordinary int // questions that are not urgent
}

const angry = "@angry" // writes four times

func newCrisisHour(crowd int) *crisisHour {
	h := &crisisHour{}
	add := func(minute int, m earshot.Mention) {
		h.minutes[minute] = append(h.minutes[minute], m)
		h.all++
	}
	networks := []string{"x", "bluesky", "reddit"}
	for n := range crowd {
		m := somebody(networks[n%3], n, horror)
		switch {
		case n%10 == 0:
			m.Text = "it burned my hand. " + m.Text
			h.danger = append(h.danger, m.ID)
			h.routed++
		case n%50 == 1:
			m.Text = "a question about acme, " + wordsOf(m.ID)
			h.routed++
			h.ordinary++
		}
		add(n*60/crowd, m)
	}
	for n := range 4 {
		m := somebody("x", 2_000_000+n, "acme makes me furious")
		m.Author.Handle = angry
		add(10*n, m)
		h.routed++
	}
	for n := range 60 { // accounts of a week copy one text
		m := somebody("x", 3_000_000+n, "")
		m.Text = "Do not buy from zenith, they are liars and thieves and their terrible products are a disgrace to everybody"
		m.Author.Created = friday.AddDate(0, 0, -7)
		add(15+n/3, m)
	}
	for n := range 200 { // a launch is praised
		add(n*60/200, somebody(networks[n%3], 4_000_000+n, "I love lumen, what a wonderful, beautiful lighthouse, thank you"))
	}
	return h
}

// playCrisis plays the days before, the hour in steps of some minutes, and the hours
// after it until all is calm.
func playCrisis(s *theatre, h *crisisHour, step int) {
	for _, brand := range []string{"zenith", "lumen", "acme"} {
		s.tell(ordinaryDays(brand, 5, friday)...)
	}
	s.settle()
	for minute := 0; minute < 60; minute += step {
		s.set(friday.Add(time.Duration(minute) * time.Minute))
		for _, posts := range h.minutes[minute : minute+step] {
			s.write(posts)
		}
		s.tell()
		s.settle()
	}
	for _, minute := range []int{70, 100, 130, 160, 190, 360, 600} { // at most one update between two
		s.set(friday.Add(time.Duration(minute) * time.Minute))
		s.tell()
		s.settle()
	}
}

// A crisis of thousands of mentions in an hour, by configuration, daemon and bus: PR
// hears a few times, customer service of everybody in danger, and nothing is lost.
func TestCrisisDaemon(t *testing.T) {
	t.Parallel()
	crowd, step := 1_500, 5
	if os.Getenv("EARSHOT_LONG") != "" {
		crowd, step = 100_000, 1
	} else {
		t.Log("1,500 mentions in steps of five minutes; EARSHOT_LONG=1 makes it 100,000 in steps of one")
	}
	h := newCrisisHour(crowd)
	s := newTheatre(t, nil, crisisPlay, friday)
	playCrisis(s, h, step)
	told, cases := s.alerts(), s.cases()
	checkPress(t, told)
	checkCustomers(t, s, h, told, cases)
	checkBacktest(t, s, told)
	s.stop(t)
}

// checkBacktest checks that a backtest by the same book raises the alerts that teams
// were told, and no others.
func checkBacktest(t *testing.T, s *theatre, told []earshot.Alert) {
	t.Helper()
	config, err := Load(s.config)
	if err != nil {
		t.Fatal(err)
	}
	log, err := openRemote(t.Context(), config, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close(t.Context()) }()
	b := &backtest{after: config, since: friday.AddDate(0, 0, -7), until: s.now, limit: 3, progress: io.Discard}
	report, err := b.run(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := report.print(&out); err != nil {
		t.Fatal(err)
	}
	all := replayDiff{Same: len(told)}
	if want := (toldDiff{Alerts: len(told), Old: all, New: all}); *report.Told != want {
		t.Errorf("the backtest of %d alerts says\n%s", len(told), out.String())
	}
}

// checkPress checks what PR was told.
func checkPress(t *testing.T, told []earshot.Alert) {
	t.Helper()
	var lines []string
	single, updates, copied := 0, 0, false
	for _, a := range told {
		if a.Team != "pr" {
			continue
		}
		line := fmt.Sprint(a.At.Format(time.TimeOnly), " ", a.Brand, " ", a.Kind, " ", a.Why)
		switch e := a.Evidence; {
		case e == nil:
		case e.From == e.To:
			line += " update of " + string(e.To)
			updates++
		default:
			line += fmt.Sprint(" ", e.From, " to ", e.To, fmt.Sprintf(", new accounts %.2f, copies %.2f", e.NewShare, e.Copies+e.Reposts))
		}
		lines = append(lines, line)
		within := !a.At.Before(friday) && !a.At.After(friday.Add(time.Hour))
		if a.Brand == "acme" && within && (a.Evidence == nil || a.Evidence.From != a.Evidence.To) {
			single++
		}
		if a.Brand == "lumen" {
			t.Errorf("a launch is told as a crisis: %s", line)
		}
		if e := a.Evidence; a.Brand == "zenith" && e != nil && e.NewShare > .9 && e.Copies+e.Reposts > .8 {
			copied = copied || slices.ContainsFunc(e.Because, func(f earshot.Finding) bool { return f.Met && strings.Contains(f.What, "coordinated") })
		}
	}
	log := strings.Join(lines, "\n")
	t.Log(log)
	if single > 6 || updates == 0 {
		t.Errorf("in an hour of crisis PR was told %d times, with %d updates:\n%s", single, updates, log)
	}
	if !copied {
		t.Errorf("accounts that copy are not named:\n%s", log)
	}
	for _, want := range []string{"acme crisis escalated elevated to crisis", "acme crisis changed crisis to recovering", "acme crisis changed recovering to calm"} {
		if !strings.Contains(log, want) {
			t.Errorf("PR was not told: %s\n%s", want, log)
		}
	}
}

// checkCustomers checks that nobody in danger and no mention is missing.
func checkCustomers(t *testing.T, s *theatre, h *crisisHour, told []earshot.Alert, cases map[string]earshot.Case) {
	t.Helper()
	heard, digests, missing := map[string]bool{}, 0, 0
	for _, a := range told {
		if a.Team == "cs" && a.Why == earshot.BecauseNew && a.Mention != nil {
			heard[a.Mention.ID] = true
		}
		if a.Held != nil {
			digests += a.Held.Alerts
		}
	}
	for _, id := range h.danger {
		if !heard[id] {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("cs did not hear of %d of %d customers in danger", missing, len(h.danger))
	}
	counted, untold, fours := 0, 0, 0
	for _, c := range cases {
		if c.Team != "cs" {
			continue
		}
		counted += c.Count
		if c.Told == 0 {
			untold++
		}
		if c.Customer == (&earshot.Mention{Network: "x", Author: earshot.Author{Handle: angry}}).AuthorKey() {
			fours += c.Count
			if c.Count != 4 {
				t.Errorf("four posts of one customer are not one case: %+v", c)
			}
		}
	}
	if counted != h.routed || fours != 4 {
		t.Errorf("cases of cs hold %d mentions of %d, %d of one customer", counted, h.routed, fours)
	}
	held := s.metric(t, `earshot_alerts_held_total{kind="customer",team="cs"}`)
	if untold == 0 || int(held) != untold || digests != untold {
		t.Errorf("%d cases were never told, %g alerts held, %d in digests", untold, held, digests)
	}
	stored := 0
	for _, brand := range []string{"acme", "zenith", "lumen"} {
		n, err := count(t.Context(), s.js, "EARSHOT_MENTIONS", "earshot.mentions."+brand+".*.*")
		if err != nil {
			t.Fatal(err)
		}
		stored += n
	}
	if want := h.all + 3*240 + s.asides; stored != want {
		t.Errorf("%d mentions are stored of %d", stored, want)
	}
	t.Log("mentions ", stored, ", cases of cs ", counted, ", alerts ", len(told), ", held ", strconv.Itoa(untold))
}
