package noise

import (
	"fmt"
	"strings"
	"time"

	"earshot"
)

// Mute holds alerts back for a time because a person asked for it.
type Mute struct {
	ID       string    `json:"id"`
	Matchers Matchers  `json:"matchers"`
	By       string    `json:"by"`  // the person, by credential
	Why      string    `json:"why"` // for whoever wonders
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
}

const mostWhy = 500

// Active reports whether the mute holds back at a moment.
func (m *Mute) Active(now time.Time) bool { return !now.Before(m.From) && now.Before(m.Until) }

// Check tells what is wrong with a mute that is made now and lasts longest at
// most.
func (m *Mute) Check(longest time.Duration, now time.Time) earshot.Problems {
	var problems earshot.Problems
	report := func(path, what, hint string) {
		problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
	}
	if len(m.Matchers) == 0 || m.Matchers.everything() {
		report("matchers", "this would hold everything back", "ask for something, such as brand=acme or topic=delivery")
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
		report("until", "the mute is too long", fmt.Sprintf("at most %s (noise.max_mute); what is never wanted is for the rules to say", longest))
	}
	return problems
}
