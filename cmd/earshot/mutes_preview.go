package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"earshot"
	"earshot/alerts/noise"
	"earshot/bus"
)

// mutePreview is what a mute would have held back of alerts that were raised.
type mutePreview struct {
	Matchers noise.Matchers `json:"matchers"`
	Since    time.Time      `json:"since"`
	Alerts   int            `json:"alerts"` // raised since
	Held     int            `json:"held"`   // of them: held back by the mute
	Danger   int            `json:"danger"` // of them: matched but never held back
	Groups   []muteGroup    `json:"groups"` // most urgent first
	Top      []heldAlert    `json:"top"`    // most urgent first
	gate     *noise.Gate
}

type muteGroup struct {
	Team    string       `json:"team"`
	Brand   string       `json:"brand"`
	Kind    earshot.Kind `json:"kind"`
	Urgency earshot.Band `json:"urgency"`
	Count   int          `json:"count"`
}

type heldAlert struct {
	ID      string       `json:"id"`
	Team    string       `json:"team"`
	Urgency earshot.Band `json:"urgency"`
	At      time.Time    `json:"at"`
	Summary string       `json:"summary"`
}

// shownHeld is how many alerts a preview shows.
const shownHeld = 10

func newMutePreview(matchers noise.Matchers, since, now time.Time) *mutePreview {
	p := &mutePreview{Matchers: matchers, Since: since, Groups: []muteGroup{}, Top: []heldAlert{}}
	p.gate = noise.New(noise.Config{Inhibit: []noise.Inhibit{}})
	p.gate.Mute([]noise.Mute{{ID: "preview", Matchers: matchers, From: since, Until: now.Add(time.Hour)}}, now)
	return p
}

func (p *mutePreview) run(ctx context.Context, client *bus.Client) error {
	return client.Walk(ctx, bus.InAlerts, func(c bus.Copy) error {
		var a earshot.Alert
		if c.Withdrawn {
			return nil
		}
		if err := json.Unmarshal(c.Body, &a); err != nil {
			return fmt.Errorf("reading alert %d: %w", c.Sequence, err)
		}
		p.add(&a)
		return nil
	})
}

func (p *mutePreview) add(a *earshot.Alert) {
	if a.At.Before(p.Since) {
		return
	}
	p.Alerts++
	if p.gate.Muted(noise.Of(a), a.At) == nil {
		return
	}
	if a.Verdict != nil && a.Verdict.Danger {
		p.Danger++
		return
	}
	p.Held++
	group := muteGroup{Team: a.Team, Brand: a.Brand, Kind: a.Kind, Urgency: a.Urgency}
	i := slices.IndexFunc(p.Groups, func(g muteGroup) bool { g.Count = 0; return g == group })
	if i < 0 {
		i = len(p.Groups)
		p.Groups = append(p.Groups, group)
	}
	p.Groups[i].Count++
	one := heldAlert{ID: a.ID, Team: a.Team, Urgency: a.Urgency, At: a.At, Summary: oneLine(a.Summary)}
	at, _ := slices.BinarySearchFunc(p.Top, one, func(a, b heldAlert) int {
		return cmp.Or(moreUrgent(a.Urgency, b.Urgency), b.At.Compare(a.At))
	})
	p.Top = slices.Insert(p.Top, at, one)
	p.Top = p.Top[:min(len(p.Top), shownHeld)]
}

// moreUrgent orders bands, the most urgent one first.
func moreUrgent(a, b earshot.Band) int {
	return slices.Index(earshot.BandNames(), b) - slices.Index(earshot.BandNames(), a)
}

func (p *mutePreview) show(w io.Writer, asJSON bool) error {
	slices.SortFunc(p.Groups, func(a, b muteGroup) int {
		return cmp.Or(moreUrgent(a.Urgency, b.Urgency), b.Count-a.Count, strings.Compare(a.Team+" "+a.Brand+" "+string(a.Kind), b.Team+" "+b.Brand+" "+string(b.Kind)))
	})
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(p)
	}
	fmt.Fprintf(w, "%s would have held back %d of %s since %s\n", p.Matchers, p.Held, plural(p.Alerts, "alert"), p.Since.Local().Format("Mon 2006-01-02 15:04"))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, g := range p.Groups {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%d\n", g.Urgency, g.Team, g.Brand, g.Kind, g.Count)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if p.Danger > 0 {
		fmt.Fprintf(w, "not held back, since people are in danger: %d\n", p.Danger)
	}
	if len(p.Top) > 0 {
		fmt.Fprintln(w, "the most urgent ones:")
	}
	for _, a := range p.Top {
		if _, err := fmt.Fprintf(w, "  %s  %s  %s\n", a.At.Local().Format("Mon 15:04"), a.Urgency, shortened(a.Summary, 100)); err != nil {
			return err
		}
	}
	return nil
}
