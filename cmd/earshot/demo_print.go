package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/schollz/progressbar/v3"

	"earshot"
	"earshot/cmd/earshot/story"
)

// demoPrinter shows the telling to a person: alerts and summary on out, the
// progress on err. Its methods may be called concurrently.
type demoPrinter struct {
	mu     sync.Mutex
	out    io.Writer
	bar    *progressbar.ProgressBar // invisible unless err is a terminal
	colour bool
}

func newDemoPrinter(out, progress io.Writer, steps int) *demoPrinter {
	return &demoPrinter{
		out:    out,
		colour: isTerminal(out) && os.Getenv("NO_COLOR") == "",
		bar: progressbar.NewOptions(steps,
			progressbar.OptionSetWriter(progress),
			progressbar.OptionSetVisibility(isTerminal(progress)),
			progressbar.OptionSetDescription("telling the story"),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionClearOnFinish(),
		),
	}
}

// say prints lines without tearing the progress bar. What the terminal does not
// take is lost, as for any program.
func (p *demoPrinter) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.bar.Clear()
	_, _ = fmt.Fprintf(p.out, format, args...)
}

// told moves the progress line.
func (p *demoPrinter) told() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.bar.Add(1)
}

// finish takes the progress line away.
func (p *demoPrinter) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.bar.Exit()
	_ = p.bar.Clear()
}

// welcome says what runs and how to listen to it.
func (p *demoPrinter) welcome(s *story.Story, feeds, server, dir string, teams []string) {
	var b strings.Builder
	fmt.Fprintf(&b, "earshot listens to %d feeds, which will tell a story of %d posts:\n", len(s.Feeds), s.Posts())
	for _, f := range s.Feeds {
		fmt.Fprintf(&b, "  http://%s%s\n", feeds, f.Path())
	}
	b.WriteString("Listen as a team from another terminal, with the nats command:\n")
	for _, team := range teams {
		fmt.Fprintf(&b, "  nats sub 'earshot.alerts.%s.>' --server %s --user %s --password \"$(cat %s)\"\n",
			team, server, team, teamCredential(dir, team))
	}
	fmt.Fprintf(&b, "Or as the daemon's owner:\n  earshot tail -c %s\n", filepath.Join(dir, "earshot.yaml"))
	p.say("%s\n", b.String())
}

// alert prints what a team was told, and the strongest reasons below it.
func (p *demoPrinter) alert(a earshot.Alert) {
	team := p.paint(teamColour, fmt.Sprintf("%-2s", a.Team))
	why := p.paint(bandColour[a.Urgency], fmt.Sprintf("%-9s", a.Why))
	line := fmt.Sprintf("%s %s %s\n", team, why, a.Summary)
	if reasons := mainReasons(a); reasons != "" {
		line += p.paint(faint, "             "+reasons) + "\n"
	}
	p.say("%s", line)
}

// shownReasons is how many contributions to the urgency a person is shown.
const shownReasons = 4

// mainReasons says what the urgency of an alert's mention is made of.
func mainReasons(a earshot.Alert) string {
	if a.Verdict == nil {
		return ""
	}
	parts := contributions(a)
	slices.SortStableFunc(parts, func(x, y contribution) int { return cmp.Compare(y.weight.abs(), x.weight.abs()) })
	shown := make([]string, 0, shownReasons+1)
	for i, c := range parts {
		if i == shownReasons {
			shown = append(shown, "…")
			break
		}
		shown = append(shown, c.String())
	}
	return fmt.Sprintf("urgency %.0f: %s", a.Verdict.Urgency.Float(), strings.Join(shown, ", "))
}

// contribution is what one rule or model adds to the urgency, and for which words.
type contribution struct {
	rule   string
	words  []string
	weight contributionWeight
}

type contributionWeight earshot.Score

func (w contributionWeight) abs() contributionWeight { return max(w, -w) }

// String is like: +35 unhappy customer (“furious”).
func (c contribution) String() string {
	s := fmt.Sprintf("%+.0f %s", earshot.Score(c.weight).Float(), c.rule)
	if len(c.words) > 0 {
		s += " (“" + strings.Join(c.words, "”, “") + "”)"
	}
	return s
}

// contributions adds up the urgency reasons of an alert by rule, in their order.
func contributions(a earshot.Alert) []contribution {
	var parts []contribution
	for _, r := range a.Verdict.Reasons {
		if r.Of != earshot.OfUrgency {
			continue
		}
		i := slices.IndexFunc(parts, func(c contribution) bool { return c.rule == r.Rule })
		if i < 0 {
			i = len(parts)
			parts = append(parts, contribution{rule: r.Rule})
		}
		parts[i].weight += contributionWeight(r.Weight)
		if word := spanned(a.Mention, r); word != "" && !slices.Contains(parts[i].words, word) {
			parts[i].words = append(parts[i].words, word)
		}
	}
	return parts
}

// spanned returns the words a reason points to.
func spanned(m *earshot.Mention, r earshot.Reason) string {
	if m == nil || r.Span == nil {
		return ""
	}
	text := m.Text
	if r.Field == "title" {
		text = m.Title
	}
	if from, to := r.Span[0], r.Span[1]; 0 <= from && from <= to && to <= len(text) {
		return text[from:to]
	}
	return ""
}

// Colours of a terminal.
const (
	faint      = "2"
	teamColour = "1"
)

var bandColour = map[earshot.Band]string{
	earshot.Low: "36", earshot.Normal: "32", earshot.High: "33", earshot.Critical: "1;31",
}

func (p *demoPrinter) paint(code, text string) string {
	if !p.colour || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
