package alerts_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts/casework"
)

// A case that begins in a story with a line gets the line with its first event, by the
// person whose line it is; one of another story does not, nor does one once the line
// is gone.
func TestNewCaseIsPinned(t *testing.T) {
	const text = "So the ferry of this maker sank in our bath at the first try and my son has been inconsolable ever since"
	synctest.Test(t, func(t *testing.T) {
		a := newAgency(t)
		say := func(author string, options ...option) string {
			a.hear(author, append([]option{angry, by(author), says(text)}, options...)...)
			return a.caseOf("cs", author)
		}
		act := func(id string, action casework.Action) {
			action.By, action.Team = "dora", "cs"
			e, err := casework.Act(a.last("cs", id), action, time.Now(), casework.Limits{})
			a.store([]earshot.CaseEvent{e}, err)
		}
		first := say("jane")
		act(first, casework.Action{Verb: casework.PinLine, Line: "The recall is announced at noon", Hold: true})
		lines := func(id string) (list []string) {
			for _, e := range a.history("cs", id) {
				list = append(list, fmt.Sprint(e.Event, " by ", e.By, " ", e.Case.Pin != nil && e.Case.Pin.Hold && e.Case.Pin.By == "dora"))
			}
			return list
		}
		if diff := cmp.Diff([]string{"opened by earshot false", "pinned by dora true"}, lines(say("omar"))); diff != "" {
			t.Errorf("a case of the story (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"opened by earshot false"}, lines(say("petra", says("Where is my parcel?")))); diff != "" {
			t.Errorf("a case of another story (-want +got):\n%s", diff)
		}
		act(first, casework.Action{Verb: casework.Unpin})
		act(a.caseOf("cs", "omar"), casework.Action{Verb: casework.Unpin})
		if diff := cmp.Diff([]string{"opened by earshot false"}, lines(say("quinn"))); diff != "" {
			t.Errorf("once the line is gone (-want +got):\n%s", diff)
		}
	})
}
