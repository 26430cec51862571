package noise

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
)

// Mute holds alerts back for a time because a person asked for it.
type Mute struct {
	ID       string    `json:"id"`
	Matchers Matchers  `json:"matchers"`
	Team     string    `json:"team,omitempty"` // whose alerts it holds back; empty for all teams
	By       string    `json:"by"`             // the person, by credential
	Why      string    `json:"why"`            // for whoever wonders
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
}

const mostWhy = 500

// Active reports whether the mute holds back at a moment.
func (m *Mute) Active(now time.Time) bool { return !now.Before(m.From) && now.Before(m.Until) }

// Hides reports whether the mute, while it is active, holds a subject back.
func (m *Mute) Hides(s *Subject) bool {
	return (m.Team == "" || m.Team == s.Team) && m.Matchers.Match(s)
}

// ofTeam reports whether a matcher asks for the team.
func ofTeam(m Matcher) bool { return m.Name == "team" }

// Check tells what is wrong with a mute that is made now and lasts longest at
// most.
func (m *Mute) Check(longest time.Duration, now time.Time) earshot.Problems {
	var problems earshot.Problems
	report := func(path, what, hint string) {
		problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
	}
	asked := m.Matchers
	if m.Team != "" {
		asked = slices.DeleteFunc(slices.Clone(asked), ofTeam)
	}
	if len(asked) == 0 || asked.everything() {
		report("matchers", "this would hold everything back", "ask for something, such as brand=acme or topic=delivery")
	}
	if m.Team != "" {
		if i := slices.IndexFunc(m.Matchers, func(one Matcher) bool { return ofTeam(one) && !one.match([]string{m.Team}) }); i >= 0 {
			report("matchers", fmt.Sprintf("%s is not your team's: you mute alerts of %s", m.Matchers[i:i+1], m.Team), "leave team out, or ask somebody of that team")
		}
	}
	if m.By == "" {
		report("by", "nobody asks for it", "log in as a person")
	}
	switch why := strings.TrimSpace(m.Why); {
	case why == "":
		report("why", "the reason is missing", "say why, for the colleague who wonders tomorrow")
	case len(m.Why) > mostWhy:
		report("why", "the reason is too long", fmt.Sprintf("at most %d bytes", mostWhy))
	}
	switch {
	case !m.Until.After(m.From) || !m.Until.After(now):
		report("until", "the mute ends before it begins", "such as 2h")
	case m.Until.Sub(m.From) > longest:
		report("until", "the mute is too long", fmt.Sprintf("at most %s (noise.max_mute); what is never wanted is for the rules to say", inWords(longest)))
	}
	return problems
}

// inWords is a time as the configuration has it.
func inWords(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}
