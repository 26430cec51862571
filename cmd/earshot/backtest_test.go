package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"earshot"
)

var theDayAfter = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// pastLog is a log of what a book made of some texts.
type pastLog []earshot.Stored

func (l pastLog) Judged(ctx context.Context, _ string, _ time.Time, each func(s earshot.Stored, done float64) error) error {
	for i, s := range l {
		if err := each(s, float64(i+1)/float64(len(l))); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Raised is nothing: nobody was told.
func (l pastLog) Raised(ctx context.Context, _ string, _ time.Time, _ func(*earshot.Alert) error) error {
	return ctx.Err()
}

// past judges texts a minute apart by the book of a configuration.
func past(t *testing.T, c *Config, texts ...string) pastLog {
	t.Helper()
	start := theDayAfter.Add(-24 * time.Hour)
	var log pastLog
	for i, text := range texts {
		m := earshot.Mention{ID: fmt.Sprintf("x:%d", i), Network: "x", Listener: "test", Text: text, Heard: start.Add(time.Duration(i) * time.Minute)}
		for _, v := range c.Book.Judge(&m) {
			log = append(log, earshot.Stored{Sequence: uint64(len(log) + 1), Brand: v.Brand, Mention: m, Verdict: &v})
		}
	}
	return log
}

func proofConfig(t *testing.T, text string) *Config {
	t.Helper()
	name := filepath.Join(t.TempDir(), "book.yaml")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := loadProof(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const oldBook = `
brands:
  - {name: acme, query: acme}
  - {name: zenith, query: zenith}
rules:
  - {name: refund, when: mention.text contains "refund", urgency: 40, send: [cs]}
`

const newBook = `
brands:
  - {name: acme, query: acme NOT raffle}
  - {name: zenith, query: zenith OR acme}
rules:
  - {name: money, when: mention.text contains "refund" && brand == "acme", urgency: 90, routes: [{team: cs}, {team: pr, kind: crisis}]}
`

var pastTexts = []string{"acme refund", "acme raffle", "acme is a name", "zenith refund"}

// A backtest counts what changes for each brand and team and shows the posts that
// change most.
func TestBacktest(t *testing.T) {
	old := proofConfig(t, oldBook)
	for name, before := range map[string]*Config{"stored": nil, "judged": old} {
		b := &backtest{before: before, after: proofConfig(t, newBook), limit: 3, until: theDayAfter, progress: io.Discard}
		r, err := b.run(t.Context(), past(t, old, pastTexts...))
		if err != nil {
			t.Fatal(err)
		}
		acme, zenith := r.Brands[0], r.Brands[1]
		if r.Mentions != 4 || acme.Mentions != 3 || acme.Lost != 1 || acme.MoreUrgent != 1 || acme.RoutesAdded != 1 || acme.Changed != 2 {
			t.Errorf("%s: acme: %+v", name, acme)
		}
		if zenith.Mentions != 4 || zenith.Gained != 3 || zenith.LessUrgent != 1 || zenith.RoutesRemoved != 1 {
			t.Errorf("%s: zenith: %+v", name, zenith)
		}
		want := []alertsDiff{{"cs", earshot.KindCustomer, 1, 1}, {"pr", earshot.KindCrisis, 0, 1}}
		if !slices.Equal(acme.Alerts, want) {
			t.Errorf("%s: alerts of acme are %v", name, acme.Alerts)
		}
		if want := []alertsDiff{{"cs", earshot.KindCustomer, 1, 0}}; !slices.Equal(zenith.Alerts, want) {
			t.Errorf("%s: alerts of zenith are %v", name, zenith.Alerts)
		}
		if len(r.Posts) != 3 || r.Posts[0].Mention != "x:0" || r.Posts[0].Because[0] != (urgencyShift{"money", 90 * earshot.Unit}) {
			t.Errorf("%s: shown are %+v", name, r.Posts)
		}
	}
}

// The same book changes nothing, and says so.
func TestBacktestSame(t *testing.T) {
	old := proofConfig(t, oldBook)
	b := &backtest{after: old, limit: 3, until: theDayAfter, progress: io.Discard}
	r, err := b.run(t.Context(), past(t, old, pastTexts...))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := r.print(&out); err != nil || !strings.Contains(out.String(), "No post changes") || len(r.Posts) > 0 {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, d := range r.Brands {
		for _, a := range d.Alerts {
			if a.Old != a.New || a.Old == 0 {
				t.Errorf("%s: %+v", d.Brand, a)
			}
		}
	}
}

// One brand is looked at alone, few posts are shown, and an interrupted backtest
// shows how far it came.
func TestBacktestBounds(t *testing.T) {
	old := proofConfig(t, oldBook)
	b := &backtest{after: proofConfig(t, newBook), brand: "zenith", limit: 1, until: theDayAfter, progress: io.Discard}
	r, err := b.run(t.Context(), past(t, old, pastTexts...))
	if err != nil || len(r.Brands) != 1 || len(r.Posts) != 1 {
		t.Errorf("%v: %+v", err, r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err = b.run(ctx, past(t, old, pastTexts...))
	if err == nil || !strings.HasPrefix(err.Error(), "interrupted after ") || r == nil {
		t.Errorf("%v: %+v", err, r)
	}
}

// The command judges what a running daemon has stored, and changes nothing of it.
func TestBacktestCommand(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.hears(line("forum:1", "@jane", "acme makes me furious, my heirloom broke"), line("forum:2", "@bob", "acme makes me furious \u202e"))
	h.alerts(earshot.BecauseNew, 2)
	text, err := os.ReadFile(h.config)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), "new.yaml")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), `"furious"`, `"heirloom"`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {"--old", h.config}} {
		stdout, _ := earshotIs(t, 0, append([]string{"backtest", "-c", changed, "--since", "1h"}, args...)...)
		for _, want := range []string{"2 mentions stored since", "no more to ", "forum:2", "alerts: 2 told\n  by the old verdicts: 2 the same\n  by the new"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%q is not in\n%s", want, stdout)
			}
		}
		if strings.Contains(stdout, "\u202e") {
			t.Error("a stranger commands the terminal")
		}
	}
	stdout, _ := earshotIs(t, 0, "backtest", "-c", changed, "--json", "--brand", "acme")
	var r backtestReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || r.Mentions != 2 || r.Brands[0].Changed != 1 {
		t.Errorf("%v: %s", err, stdout)
	}
	stdout, _ = earshotIs(t, 0, "backtest", "-c", changed, "--since", "2020-01-01", "--until", "2020-02-01")
	if !strings.HasPrefix(stdout, "0 mentions") || !strings.Contains(stdout, "alerts: 0 told") {
		t.Errorf("nothing was heard then:\n%s", stdout)
	}
	earshotIs(t, 2, "backtest", "-c", changed, "--since", "soon")
	earshotIs(t, 2, "backtest", "-c", changed, "--until", "soon")
	earshotIs(t, 2, "backtest", "-c", changed, "--limit", "-1")
	_, stderr := earshotIs(t, 78, "backtest", "-c", changed, "--old", "nothere.yaml")
	if !strings.Contains(stderr, "nothere.yaml: reading the configuration: there is no such file") {
		t.Errorf("stderr is %s", stderr)
	}
}
