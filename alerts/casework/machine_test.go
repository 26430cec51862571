package casework_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts/casework"
)

// machine is some people and the daemon at work on some cases at the same time.
type machine struct {
	*desk
	asked  []casework.Action             // what was done, to be repeated
	lasts  map[string]*earshot.CaseEvent // by case, as far as the log was looked at
	looked int
}

func newMachine() *machine {
	return &machine{desk: newDesk(), lasts: map[string]*earshot.CaseEvent{}}
}

func (m *machine) action(t *rapid.T) casework.Action {
	return casework.Action{
		Verb: rapid.SampledFrom(casework.Verbs()).Draw(t, "verb"), By: rapid.SampledFrom([]string{"anna", "bob", "carl"}).Draw(t, "by"), Team: "cs",
		Case: rapid.SampledFrom([]string{one, two}).Draw(t, "case"), Request: rapid.StringMatching(`[a-z]{8}`).Draw(t, "request"),
		To: rapid.SampledFrom([]string{"anna", "bob", "pr", one, two}).Draw(t, "to"), Text: "words", For: "1h", Line: "line",
	}
}

// act has somebody act while, perhaps, others and the daemon are faster.
func (m *machine) act(t *rapid.T) {
	a := m.action(t)
	rivals := rapid.IntRange(0, 2).Draw(t, "rivals")
	m.log.before = func() {
		if rivals--; rivals < 0 {
			return
		}
		if rapid.Bool().Draw(t, "daemon") {
			m.grow(t)
			return
		}
		m.carryOut(t, m.action(t))
	}
	m.carryOut(t, a)
	m.log.before = nil
}

func (m *machine) carryOut(t *rapid.T, a casework.Action) {
	done, err := m.Do(context.Background(), a)
	var refused *casework.Refusal
	if err != nil {
		if !errors.As(err, &refused) || refused.What == "" {
			t.Fatalf("%+v: %v", a, err)
		}
		return
	}
	if done.Event == "claimed" && done.Case.Owner != a.By {
		t.Fatalf("%s claimed a case of %s", a.By, done.Case.Owner)
	}
	m.asked = append(m.asked, a)
}

// grow is what the daemon does: a mention joins, at times the customer's.
func (m *machine) grow(t *rapid.T) {
	reopens := rapid.Bool().Draw(t, "customer")
	m.daemon(func(c *earshot.Case) {
		c.Count++
		if reopens && c.State == earshot.Answered {
			c.Spoke = m.now
			c.State = casework.Unmuted(c)
		}
	}, "cs", rapid.SampledFrom([]string{one, two}).Draw(t, "grown"))
}

// repeat asks for something again that was done before.
func (m *machine) repeat(t *rapid.T) {
	if len(m.asked) == 0 {
		t.Skip("nothing was done yet")
	}
	a := m.asked[len(m.asked)-1]
	before := len(m.log.events)
	m.carryOut(t, a)
	if len(m.log.events) != before {
		t.Fatalf("%s by %s was done twice", a.Verb, a.By)
	}
}

// check looks at what is new in the log: each event builds on the one before it, keeps what
// the daemon needs, and nobody takes a case from somebody who has it.
func (m *machine) check(t *rapid.T) {
	for ; m.looked < len(m.log.events); m.looked++ {
		e := m.log.events[m.looked]
		key := e.Case.Team + "." + e.Case.ID
		before := m.lasts[key]
		m.lasts[key] = &e
		if before == nil || e.By == earshot.Daemon {
			continue
		}
		checkKept(t, before, &e)
		if e.Event == "claimed" && before.Case.Owner != "" {
			t.Fatalf("%s claimed case %s of %s", e.By, e.Case.ID, before.Case.Owner)
		}
		if e.Event == "resolved" && before.Case.Owner != "" && before.Case.Owner != e.By {
			t.Fatalf("%s resolved case %s of %s", e.By, e.Case.ID, before.Case.Owner)
		}
	}
}

// However people and the daemon get in each other's way, every event builds on the
// one before it, two never have one case, and a request is done once.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		m.daemon(unchanged, "cs", one)
		m.daemon(unchanged, "cs", two)
		t.Repeat(map[string]func(*rapid.T){"act": m.act, "grow": m.grow, "repeat": m.repeat, "": m.check})
		sameBoards(t, m)
	})
}

// sameBoards shows the events of the log to another board, twice and in any order:
// it ends up like the one that saw them as they came.
func sameBoards(t *rapid.T, m *machine) {
	again := casework.NewBoard()
	for range 2 {
		for _, i := range rapid.Permutation(indexes(len(m.log.events))).Draw(t, "order") {
			again.Put(&m.log.events[i])
		}
	}
	all := casework.Query{All: true, Limit: 500}
	for _, team := range []string{"cs", "pr"} {
		want, err1 := m.Board.List(team, "anna", all, m.now)
		got, err2 := again.List(team, "anna", all, m.now)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(casework.Item{})); diff != "" || err1 != nil || err2 != nil {
			t.Fatalf("boards differ: %v %v\n%s", err1, err2, diff)
		}
	}
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// A person's own last change is undone whatever the daemon did since, and the case
// is as it was but for that.
func TestUndo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		m.daemon(unchanged, "cs", one)
		m.daemon(unchanged, "cs", two)
		for range rapid.IntRange(0, 5).Draw(t, "before") {
			m.act(t)
		}
		a := m.action(t)
		a.Verb = rapid.SampledFrom([]casework.Verb{
			casework.Claim, casework.Assign, casework.Release, casework.Answer, casework.Wait, casework.Resolve, casework.Reopen, casework.Mute, casework.Unmute, casework.Merge,
		}).Draw(t, "undone")
		a.Text = ""
		before, _ := m.log.Case(context.Background(), "cs", a.Case)
		done, err := m.Do(context.Background(), a)
		if err != nil || done.Again {
			t.Skip("it is not done here")
		}
		grown := rapid.IntRange(0, 2).Draw(t, "grown")
		for range grown {
			m.daemon(func(c *earshot.Case) { c.Count++ }, "cs", a.Case)
		}
		if _, err := m.Do(context.Background(), casework.Action{Verb: casework.Undo, By: a.By, Team: "cs", Case: a.Case}); err != nil {
			t.Fatalf("undoing %s: %v", a.Verb, err)
		}
		after, _ := m.log.Case(context.Background(), "cs", a.Case)
		want, got := before.Case, after.Case
		want.Count += grown
		for _, c := range []*earshot.Case{&want, &got} {
			c.Acts, c.Through, c.Told, c.Alert = nil, 0, 0, ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s, undone:\n%s", a.Verb, diff)
		}
	})
}

// Every verb that a sheet offers is accepted then.
func TestOffered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		m.daemon(unchanged, "cs", one)
		m.daemon(unchanged, "cs", two)
		for range rapid.IntRange(0, 6).Draw(t, "steps") {
			m.act(t)
		}
		sheet, err := m.Get(context.Background(), "cs", "anna", one)
		if err != nil {
			t.Fatal(err)
		}
		for _, verb := range sheet.Can {
			if verb == casework.Merge || verb == casework.Escalate || verb == casework.Undo {
				continue // they depend on the other case, or on what is kept of the past
			}
			last, _ := m.log.Case(context.Background(), "cs", one)
			a := casework.Action{Verb: verb, By: "anna", Team: "cs", Case: one, To: "zoe", Text: "x", For: "1h", Line: fmt.Sprint(verb), Reason: "x", Approver: "zoe"}
			if _, err := casework.Act(&last, a, m.now, casework.Limits{}); err != nil {
				t.Fatalf("%s is offered, and refused: %v", verb, err)
			}
		}
	})
}
