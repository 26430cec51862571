package alerts_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts/alertstest"
	"earshot/alerts/casework"
)

// agency is an engine with people who act on its cases while it sleeps.
type agency struct {
	t *testing.T
	life
	n uint64
}

func newAgency(t *testing.T) *agency {
	t.Helper()
	return &agency{t: t, life: life{&alertstest.Log{}, &alertstest.Mentions{}, config}}
}

// hear has the engine hear a mention and sleep again.
func (a *agency) hear(id string, options ...option) {
	a.t.Helper()
	a.n++
	a.mentions.Add(post(a.n, id, options...))
	a.mentions.Rewind()
	a.run(a.t, nil)
}

// history are the events of a case.
func (a *agency) history(team, id string) (events []earshot.CaseEvent) {
	for _, e := range a.log.All() {
		if e.Case.Team == team && e.Case.ID == id {
			events = append(events, e)
		}
	}
	return events
}

func (a *agency) last(team, id string) *earshot.CaseEvent {
	a.t.Helper()
	events := a.history(team, id)
	if len(events) == 0 {
		a.t.Fatalf("%s has no case %s", team, id)
	}
	return &events[len(events)-1]
}

func (a *agency) store(events []earshot.CaseEvent, err error) {
	a.t.Helper()
	if err == nil {
		_, err = a.log.Append(a.t.Context(), events)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *agency) merge(from, into string) {
	a.t.Helper()
	a.store(casework.Join(a.last("cs", from), a.last("cs", into), casework.Action{Verb: casework.Merge, By: "ann", Team: "cs", To: into}, time.Now()))
}

func (a *agency) undo(from string) {
	a.t.Helper()
	last := a.last("cs", from)
	before := last
	for _, e := range a.history("cs", from) {
		if e.Case.Merged != "" {
			break
		}
		before = &e
	}
	into := a.last("cs", last.Case.Merged)
	was := into
	for _, e := range a.history("cs", last.Case.Merged) {
		if slices.Contains(e.Case.Absorbed, from) {
			break
		}
		was = &e
	}
	a.store(casework.Apart(last, before, into, was, casework.Action{Verb: casework.Undo, By: "ann", Team: "cs"}, time.Now(), casework.Limits{}))
}

// caseOf is the case that somebody opened at a team.
func (a *agency) caseOf(team, opening string) string {
	a.t.Helper()
	for _, e := range a.log.All() {
		if e.Case.Team == team && e.Case.Opening == "mastodon:"+opening {
			return e.Case.ID
		}
	}
	a.t.Fatalf("nothing of %s opened with %s", team, opening)
	return ""
}

func (a *agency) stands(team, id string) string {
	c := a.last(team, id).Case
	return fmt.Sprint(c.State, " ", c.Count, " of ", len(c.Members))
}

func (a *agency) want(what, team, id, want string) {
	a.t.Helper()
	if got := a.stands(team, id); got != want {
		a.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// What happens to a case that became part of another one happens there: posts of its
// customer, edits, deletions and the brand's reply. Undone, each is what it would be.
func TestMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAgency(t)
		a.hear("x1", angry, by("jane"))
		a.hear("b1", angry, by("jane_doe"))
		one, two := a.caseOf("cs", "b1"), a.caseOf("cs", "x1")
		a.merge(one, two)
		a.want("merged", "cs", two, "open 2 of 2")

		a.hear("b2", angry, by("jane_doe"), says("And the box was open"))
		a.want("another post", "cs", two, "open 3 of 3")
		a.want("another post, the part", "cs", one, "resolved 2 of 2")
		a.hear("b1", gone)
		a.want("a deletion", "cs", two, "open 2 of 2")
		a.hear("reply", owned, to("b2"), replying("b2"))
		a.want("the brand's reply", "cs", two, "answered 2 of 2")
		a.hear("b3", by("jane_doe"), to("reply"), replying("b2"), says("That did not help"))
		a.want("what the customer replies", "cs", two, "open 3 of 3")

		a.hear("sorry", owned, to("b3"), replying("b2"))
		a.want("the next reply", "cs", two, "answered 3 of 3")
		a.undo(one)
		a.want("undone, the other, whose customer was not answered", "cs", two, "open 1 of 1")
		a.want("undone", "cs", one, "answered 2 of 2")
		if c := a.last("cs", two).Case; len(c.Also)+len(c.Absorbed) > 0 {
			t.Errorf("the other still names %v and %v", c.Also, c.Absorbed)
		}
		a.hear("b4", angry, by("jane_doe"), says("Hello?"))
		a.want("a post after all", "cs", one, "open 3 of 3")
		a.hear("b2", gone)
		a.want("a deletion after all", "cs", one, "open 2 of 2")
		a.want("the other, which is left alone", "cs", two, "open 1 of 1")
	})
}

// However merges and their undoing, posts and deletions follow each other, a case
// and those that are part of it count each post once that is there.
func TestMergedAddsUp(t *testing.T) {
	authors := []string{"ann", "bob", "cid"}
	scripts := rapid.SliceOfN(rapid.IntRange(0, 11), 5, 12)
	for seed := range 15 { // each step is a life
		steps := scripts.Example(seed)
		synctest.Test(t, func(t *testing.T) {
			a := newAgency(t)
			posts, ids := map[string][]string{}, map[string]string{}
			say := func(author string) {
				id := fmt.Sprint(author, len(posts[author]))
				a.hear(id, angry, by(author))
				posts[author] = append(posts[author], id)
			}
			for _, author := range authors {
				say(author)
				ids[author] = a.caseOf("cs", author+"0")
			}
			there := map[string]bool{}
			for _, step := range steps {
				author, other := authors[step%3], authors[(step+1)%3]
				c, into := a.last("cs", ids[author]).Case, a.last("cs", ids[other]).Case
				switch {
				case step < 3:
					say(author)
				case step < 6:
					id := posts[author][len(posts[author])-1]
					if !there[id] && len(posts[author]) > 1 && id != author+"0" {
						there[id] = true
						a.hear(id, gone)
					}
				case step < 9 && c.Merged == "" && into.Merged == "":
					a.merge(c.ID, into.ID)
				case step >= 9 && c.Merged != "" && a.last("cs", c.Merged).Case.Merged == "":
					a.undo(c.ID)
				}
				a.addsUp(authors, posts, there, ids)
			}
		})
	}
}

// addsUp compares what cases count with the posts of their authors that are there.
func (a *agency) addsUp(authors []string, posts map[string][]string, gone map[string]bool, ids map[string]string) {
	a.t.Helper()
	want, got := map[string]int{}, map[string]int{}
	for _, author := range authors {
		got[author] = a.last("cs", ids[author]).Case.Count
		for in := author; in != ""; {
			for _, id := range posts[author] {
				if !gone[id] {
					want[in]++
				}
			}
			merged := a.last("cs", ids[in]).Case.Merged
			in = ""
			for other, id := range ids {
				if id == merged {
					in = other
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		a.t.Fatalf("posts in cases (-want +got):\n%s", diff)
	}
}

// A team that was handed a case hears what becomes of its mentions and what its
// customer says further.
func TestHanded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAgency(t)
		a.hear("x1", angry, by("jane"))
		id := a.caseOf("cs", "x1")
		action := casework.Action{Verb: casework.Escalate, By: "ann", Team: "cs", To: "pr"}
		mine, err := casework.Act(a.last("cs", id), action, time.Now(), casework.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := casework.Receive(&earshot.CaseEvent{}, &mine.Case, action, time.Now(), casework.Limits{})
		a.store([]earshot.CaseEvent{mine, theirs}, err)
		a.want("handed", "pr", id, "open 1 of 1")
		a.hear("x2", angry, by("jane"), says("And the second wheel"))
		a.want("another post", "pr", id, "open 2 of 2")
		a.hear("x1", angry, by("jane"), edited, says("Both wheels came off"))
		a.want("an edit", "pr", id, "open 2 of 2")
		a.hear("x2", gone)
		a.want("a deletion", "pr", id, "open 1 of 1")
		a.hear("reply", owned, to("x1"), replying("x1"))
		a.want("the brand's reply", "pr", id, "answered 1 of 1")
		a.want("the brand's reply, at home", "cs", id, "answered 1 of 1")
		a.hear("x1", gone)
		a.want("nothing left", "pr", id, "expired 0 of 0")
	})
}
