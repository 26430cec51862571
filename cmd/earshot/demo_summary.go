package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"earshot"
	"earshot/cmd/earshot/story"
)

// heard is what the daemon says of itself.
type heard struct {
	known          bool // the daemon was asked and answered
	total, matched int
}

// askHeard reads the daemon's own counters.
func askHeard(ctx context.Context, address string) heard {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		return heard{}
	}
	client := &http.Client{Timeout: 5 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return heard{}
	}
	defer func() { _ = response.Body.Close() }()
	h := heard{known: response.StatusCode == http.StatusOK}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseFloat(value, 64)
		switch {
		case err != nil:
		case name == "earshot_mentions_heard_total":
			h.total = int(n)
		case name == "earshot_mentions_matched_total":
			h.matched = int(n)
		}
	}
	return h
}

// summary says what came of the tale.
func (p *demoPrinter) summary(s *story.Story, told int, h heard, r story.Report) {
	var b strings.Builder
	b.WriteString("\n")
	if told < len(s.Steps) {
		fmt.Fprintf(&b, "The story was stopped at step %d of %d.\n", told, len(s.Steps))
	}
	if h.known {
		fmt.Fprintf(&b, "heard     %4d posts, edits and deletions\n", h.total)
		fmt.Fprintf(&b, "matched   %4d that concern the brand\n", h.matched)
	}
	b.WriteString(heldOut(s.Steps[:told]))
	fmt.Fprintf(&b, "raised    %4d alerts%s\n", len(r.Raised), byTeam(r.Raised))
	p.say("%s", b.String())
}

// heldOut says what alerted nobody, and why not: a line a cause.
func heldOut(told []story.Step) string {
	var chapters []string
	strangers, quiet := map[string]int{}, 0
	for _, step := range told {
		switch {
		case step.Does != earshot.New:
		case !step.Matches:
			if strangers[step.Chapter] == 0 {
				chapters = append(chapters, step.Chapter)
			}
			strangers[step.Chapter]++
		case len(step.Expect) == 0:
			quiet++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "held out  %4d posts about the brand that need nobody\n", quiet)
	for _, name := range chapters {
		fmt.Fprintf(&b, "          %4d of the chapter %s that are not about it\n", strangers[name], name)
	}
	return b.String()
}

func byTeam(raised []earshot.Alert) string {
	counts := map[string]int{}
	var teams []string
	for _, a := range raised {
		if counts[a.Team] == 0 {
			teams = append(teams, a.Team)
		}
		counts[a.Team]++
	}
	if len(teams) == 0 {
		return ""
	}
	slices.Sort(teams)
	for i, team := range teams {
		teams[i] = fmt.Sprintf("%s %d", team, counts[team])
	}
	return " (" + strings.Join(teams, ", ") + ")"
}

// differences lists what was raised and should not have been, and the reverse.
func (p *demoPrinter) differences(r story.Report) {
	var b strings.Builder
	for _, due := range r.Missing {
		fmt.Fprintf(&b, "missing:    %s\n", due)
	}
	for _, a := range r.Unexpected {
		fmt.Fprintf(&b, "unexpected: %s\n", story.Describe(a))
	}
	if r.Exact() {
		b.WriteString("Exactly the story's alerts were raised.\n")
	}
	p.say("%s", b.String())
}
