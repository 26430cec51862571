package casework_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts/casework"
)

// The picture and the table in docs/cases.md are what the code does: all verbs,
// every arrow, and no other.
func TestPicture(t *testing.T) {
	text, err := os.ReadFile("../../docs/cases.md")
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]bool{}
	for _, arrow := range regexp.MustCompile(`(?m)^    (\w+) --> (\w+): (.*)$`).FindAllStringSubmatch(string(text), -1) {
		for verb := range strings.SplitSeq(arrow[3], ",") {
			verb, _, _ = strings.Cut(strings.TrimSpace(verb), " ")
			drawn[arrow[1]+" "+verb+" "+arrow[2]] = true
		}
	}
	if diff := cmp.Diff(walked(), drawn); diff != "" {
		t.Errorf("what the code does (-) is not what docs/cases.md shows (+):\n%s", diff)
	}
	var rows []casework.Verb
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|[^|]*\\|[^|]*\\|[^|]*\\|$").FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, casework.Verb(row[1]))
	}
	if want := casework.Verbs(); !slices.Equal(rows, want) {
		t.Errorf("the table has %v, want %v", rows, want)
	}
}

// walked is every change of state that a verb brings about, by trying them all on
// cases of all sorts.
func walked() map[string]bool {
	arrows := map[string]bool{}
	for _, state := range []earshot.State{earshot.Open, earshot.Claimed, earshot.Answered, earshot.Resolved, earshot.Muted, earshot.Escalated, earshot.Expired} {
		for _, owner := range []string{"", "anna"} {
			for _, answered := range []time.Time{{}, noon} {
				if state == earshot.Claimed && owner == "" || state == earshot.Open && owner != "" {
					continue
				}
				c := earshot.Case{ID: one, Team: "cs", State: state, Owner: owner, Answered: answered, Spoke: noon.Add(-time.Hour)}
				for _, verb := range casework.Verbs() {
					a := casework.Action{Verb: verb, By: "anna", Team: "cs", To: "bob", Person: "bob", Text: "x", For: "1h", Line: "x"}
					e, err := casework.Act(&earshot.CaseEvent{Case: c, Sequence: 1}, a, noon, casework.Limits{})
					if err == nil && e.Case.State != state {
						arrows[string(state)+" "+string(verb)+" "+string(e.Case.State)] = true
					}
				}
			}
		}
	}
	return arrows
}
