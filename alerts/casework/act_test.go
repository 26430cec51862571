package casework_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts/casework"
)

const one, two = "aaaaaaaaaaaaaaaaaaaaaaaaaa", "abbbbbbbbbbbbbbbbbbbbbbbbb"

// What people do leaves behind where the case stands, whose it is and what its
// clocks do, and says to others why they cannot do the same.
func TestLife(t *testing.T) {
	type step struct {
		by    string
		a     casework.Action
		event string // or what is said instead
		state earshot.State
		owner string
	}
	claim, answer, resolve := casework.Action{Verb: casework.Claim}, casework.Action{Verb: casework.Answer}, casework.Action{Verb: casework.Resolve}
	undo := casework.Action{Verb: casework.Undo}
	for name, steps := range map[string][]step{
		"claimed, answered, resolved": {
			{"anna", claim, "claimed", earshot.Claimed, "anna"},
			{"bob", claim, "anna has had it since 2026-11-22 12:00 UTC: ask anna, or assign it", earshot.Claimed, "anna"},
			{"anna", claim, "", earshot.Claimed, "anna"},
			{"bob", answer, "anna has had it", earshot.Claimed, "anna"},
			{"anna", answer, "answered", earshot.Answered, "anna"},
			{"anna", resolve, "resolved", earshot.Resolved, "anna"},
			{"anna", claim, "reopen it first", earshot.Resolved, "anna"},
			{"bob", casework.Action{Verb: casework.Reopen}, "reopened", earshot.Claimed, "anna"},
		},
		"handed over": {
			{"anna", casework.Action{Verb: casework.Assign, To: "bob"}, "assigned", earshot.Claimed, "bob"},
			{"anna", casework.Action{Verb: casework.Release}, "bob has had it", earshot.Claimed, "bob"},
			{"bob", casework.Action{Verb: casework.Release}, "released", earshot.Open, ""},
			{"bob", casework.Action{Verb: casework.Release}, "", earshot.Open, ""},
			{"bob", casework.Action{Verb: casework.Assign}, "whom it goes to is missing", earshot.Open, ""},
			{"bob", casework.Action{Verb: casework.Assign, To: "earshot"}, "cannot be a person's name", earshot.Open, ""},
			{"bob", casework.Action{Verb: casework.Assign, To: "a.b"}, "cannot be a person's name", earshot.Open, ""},
		},
		"waiting": {
			{"anna", casework.Action{Verb: casework.Wait}, "answer first", earshot.Open, ""},
			{"anna", answer, "answered", earshot.Answered, ""},
			{"anna", answer, "", earshot.Answered, ""},
			{"anna", casework.Action{Verb: casework.Reopen}, "reopened", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Wait}, "waiting", earshot.Answered, ""},
			{"anna", casework.Action{Verb: casework.Wait}, "waits for the customer already", earshot.Answered, ""},
		},
		"muted": {
			{"anna", casework.Action{Verb: casework.Mute}, "needs an end", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Mute, For: "8 hours"}, "no length of time", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Mute, For: "-8h"}, "in the past", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Mute, For: "8d"}, "at most 7d", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Mute, Until: noon.Add(300 * 24 * time.Hour)}, "too long", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Mute, For: "8h"}, "muted", earshot.Muted, ""},
			{"bob", answer, "unmute it first", earshot.Muted, ""},
			{"bob", claim, "claimed", earshot.Muted, "bob"},
			{"anna", casework.Action{Verb: casework.Unmute}, "unmuted", earshot.Claimed, "bob"},
			{"anna", casework.Action{Verb: casework.Unmute}, "not muted", earshot.Claimed, "bob"},
		},
		"undone": {
			{"anna", undo, "nobody has done anything", earshot.Open, ""},
			{"anna", claim, "claimed", earshot.Claimed, "anna"},
			{"anna", resolve, "resolved", earshot.Resolved, "anna"},
			{"bob", undo, "undone", earshot.Claimed, "anna"},
			{"bob", undo, "undone", earshot.Resolved, "anna"},
			{"anna", undo, "undone", earshot.Claimed, "anna"},
			{"anna", casework.Action{Verb: casework.Note, Text: "hm"}, "noted", earshot.Claimed, "anna"},
			{"anna", undo, "a note stays", earshot.Claimed, "anna"},
		},
		"escalated": {
			{"anna", casework.Action{Verb: casework.Escalate}, "names a team", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Escalate, To: "cs"}, "cs has the case already", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Escalate, To: "nobody"}, "there is no team", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Escalate, To: "pr"}, "escalated", earshot.Escalated, ""},
			{"anna", undo, "somebody was called", earshot.Escalated, ""},
			{"anna", claim, "claimed", earshot.Claimed, "anna"},
			{"anna", casework.Action{Verb: casework.Escalate, Person: "chief"}, "escalated", earshot.Escalated, ""},
		},
		"odd": {
			{"", claim, "who acts is not known", earshot.Open, ""},
			{"earshot", claim, "the daemon's own name", earshot.Open, ""},
			{"anna", casework.Action{Verb: "eat"}, "there is no verb", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Note}, "says nothing", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Note, Text: strings.Repeat("x", 9000)}, "at most 8192", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.Claim, Request: strings.Repeat("x", 65)}, "at most 64", earshot.Open, ""},
			{"anna", casework.Action{Verb: casework.PinLine}, "says something or holds", earshot.Open, ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk()
			d.daemon(unchanged, "cs", one)
			for i, s := range steps {
				s.a.Case = one
				before := d.last(t, "cs", one)
				done, err := d.try(s.by, s.a)
				got := d.last(t, "cs", one)
				var refused *casework.Refusal
				switch {
				case err != nil && (!errors.As(err, &refused) || !strings.Contains(err.Error(), s.event) || s.event == ""):
					t.Fatalf("step %d (%s): %v", i, s.a.Verb, err)
				case err == nil && done.Event != s.event:
					t.Fatalf("step %d (%s): event %q, want %q", i, s.a.Verb, done.Event, s.event)
				}
				if got.Case.State != s.state || got.Case.Owner != s.owner {
					t.Fatalf("step %d (%s): %s of %q, want %s of %q", i, s.a.Verb, got.Case.State, got.Case.Owner, s.state, s.owner)
				}
				if (done.Event == "") != (got.Sequence == before.Sequence) {
					t.Errorf("step %d (%s): stored %d after %d", i, s.a.Verb, got.Sequence, before.Sequence)
				}
				checkKept(t, before, got)
			}
		})
	}
}

// failing is what tests and properties have in common.
type failing interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkKept holds people to what the daemon must find again in a case.
func checkKept(t failing, before, after *earshot.CaseEvent) {
	t.Helper()
	b, a := &before.Case, &after.Case
	if a.Through != b.Through || a.Told != b.Told || a.Alert != b.Alert || after.Alert != nil && after.By != earshot.Daemon {
		t.Fatalf("%s changed what the daemon keeps: %+v, was %+v", after.Event, a, b)
	}
	if (a.State == earshot.Claimed) && a.Owner == "" || (a.State == earshot.Muted) == a.MutedTill.IsZero() {
		t.Fatalf("%s leaves a case %s of %q, muted until %s", after.Event, a.State, a.Owner, a.MutedTill)
	}
	if (a.State == earshot.Answered || a.State == earshot.Resolved) && !(a.RespondBy.IsZero() && a.NextBy.IsZero() && a.PageAt.IsZero()) {
		t.Fatalf("%s leaves clocks running: %+v", after.Event, a)
	}
}

// Whoever asks again with the same ID does it once, though others came between.
func TestRequestOnce(t *testing.T) {
	d := newDesk()
	d.daemon(unchanged, "cs", one)
	note := casework.Action{Verb: casework.Note, Case: one, Text: "called her", Request: "r1"}
	d.do(t, "anna", note)
	d.do(t, "bob", casework.Action{Verb: casework.Claim, Case: one, Request: "r2"})
	d.daemon(unchanged, "cs", one)
	if done := d.do(t, "anna", note); !done.Again {
		t.Errorf("noted twice: %+v", done)
	}
	if notes, _ := d.log.Notes(t.Context(), "cs", one); len(notes) != 1 {
		t.Errorf("notes %+v", notes)
	}
	if done := d.do(t, "bob", casework.Action{Verb: casework.Claim, Case: one, Text: "mine", Request: "r3"}); done.Event != "noted" {
		t.Errorf("what was said beside a claim of one's own case was lost: %+v", done)
	}
}

// What the customer says between reading and writing is not answered away unseen.
func TestSaidMeanwhile(t *testing.T) {
	d := newDesk()
	d.daemon(unchanged, "cs", one)
	meanwhile := func(change func(c *earshot.Case)) {
		d.log.before = func() {
			d.log.before = nil
			d.daemon(change, "cs", one)
		}
	}
	meanwhile(unchanged)
	if _, err := d.try("anna", casework.Action{Verb: casework.Resolve, Case: one}); err == nil || !strings.Contains(err.Error(), "something was said") {
		t.Errorf("resolved unseen: %v", err)
	}
	meanwhile(unchanged)
	if done := d.do(t, "anna", casework.Action{Verb: casework.Claim, Case: one}); done.Event != "claimed" || done.Case.Through != 3 {
		t.Errorf("a claim depends on nothing that is said: %+v", done)
	}
	meanwhile(func(c *earshot.Case) { c.Through-- })
	if done := d.do(t, "anna", casework.Action{Verb: casework.Resolve, Case: one}); done.Event != "resolved" {
		t.Errorf("resolving depends on what is said alone: %+v", done)
	}
}

// Two cases become one and two again, and nothing of what came between is lost.
func TestMerge(t *testing.T) {
	d := newDesk()
	d.daemon(unchanged, "cs", one)
	d.daemon(func(c *earshot.Case) {
		c.Urgency, c.Band = 90*earshot.Unit, earshot.Critical
		c.Members[0].Urgency = c.Urgency
	}, "cs", two)
	d.daemon(func(c *earshot.Case) { c.Brand = "other" }, "cs", "c")
	before := d.last(t, "cs", two).Case
	for _, bad := range []struct{ from, to, says string }{
		{two, two, "part of itself"},
		{two, "c", "of one brand"},
		{two, "zz", "has no case zz"},
		{"a", one, "several cases of cs begin with a"},
	} {
		if _, err := d.try("anna", casework.Action{Verb: casework.Merge, Case: bad.from, To: bad.to}); err == nil || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("merging %s into %s: %v", bad.from, bad.to, err)
		}
	}
	d.do(t, "anna", casework.Action{Verb: casework.Merge, Case: two[:2], To: one[:2], Text: "the same person"})
	from, into := d.last(t, "cs", two).Case, d.last(t, "cs", one).Case
	if from.State != earshot.Resolved || from.Merged != one || into.Count != 2 || len(into.Members) != 2 || into.Band != earshot.Critical {
		t.Errorf("merged: %+v\ninto: %+v", from, into)
	}
	if _, err := d.try("anna", casework.Action{Verb: casework.Claim, Case: two}); err == nil || !strings.Contains(err.Error(), "part of case "+one) {
		t.Errorf("claiming what is part of another: %v", err)
	}
	if _, err := d.try("anna", casework.Action{Verb: casework.Undo, Case: one}); err == nil || !strings.Contains(err.Error(), "undo that on the other one") {
		t.Errorf("undoing on the wrong side: %v", err)
	}
	d.daemon(func(c *earshot.Case) {
		c.Count++
		c.Members = append(c.Members, earshot.Member{Mention: "new", Kind: earshot.KindCustomer})
	}, "cs", one)
	d.do(t, "anna", casework.Action{Verb: casework.Undo, Case: two})
	from, into = d.last(t, "cs", two).Case, d.last(t, "cs", one).Case
	from.Acts = nil
	if diff := cmp.Diff(before, from); diff != "" {
		t.Errorf("a case that was merged is not what it was:\n%s", diff)
	}
	if into.Count != 2 || len(into.Members) != 2 || into.Band != earshot.High || len(into.Absorbed) != 0 {
		t.Errorf("the other: %+v", into)
	}
}

// A legal hold takes two people, a reason and an end, and keeps copies until one of
// them is over.
func TestHold(t *testing.T) {
	d := newDesk()
	d.daemon(unchanged, "cs", one)
	good := casework.Action{Verb: casework.Hold, Case: one, For: "26w", Reason: "matter 7", Approver: "lena"}
	for says, change := range map[string]func(a *casework.Action){
		"the reason is missing": func(a *casework.Action) { a.Reason = " " },
		"somebody else has to":  func(a *casework.Action) { a.Approver = "anna" },
		"approve it":            func(a *casework.Action) { a.Approver = "" },
		"needs an end":          func(a *casework.Action) { a.For = "" },
		"at most 3640d":         func(a *casework.Action) { a.For = "4000d" },
		"a person's name":       func(a *casework.Action) { a.Approver = "a b" },
	} {
		a := good
		change(&a)
		if _, err := d.try("anna", a); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	h := d.do(t, "anna", good).Case.LegalHold
	if h == nil || h.By != "anna" || h.Approver != "lena" || h.Reason != "matter 7" || h.Until.Sub(h.At) != 26*7*24*time.Hour || len(d.log.kept) != 1 {
		t.Errorf("held: %+v, kept %v", h, d.log.kept)
	}
	shorter := good
	shorter.For = "1w"
	if _, err := d.try("bob", shorter); err == nil || !strings.Contains(err.Error(), "approved by lena") {
		t.Errorf("a shorter hold: %v", err)
	}
	d.do(t, "anna", casework.Action{Verb: casework.Unhold, Case: one, Reason: "closed", Approver: "lena"})
	if c := d.last(t, "cs", one).Case; c.LegalHold != nil || len(d.log.kept) != 0 {
		t.Errorf("after its end: %+v, kept %v", c.LegalHold, d.log.kept)
	}
}

// Another team gets a case of its own, with the matter and without the names.
func TestEscalate(t *testing.T) {
	d := newDesk()
	d.daemon(unchanged, "cs", one)
	d.do(t, "anna", casework.Action{Verb: casework.Claim, Case: one})
	d.do(t, "anna", casework.Action{Verb: casework.Escalate, Case: one, To: "pr", Person: "dora", Text: "a journalist"})
	e := d.last(t, "pr", one)
	c := e.Case
	if e.Event != "received" || e.To != "cs" || c.Owner != "" || c.State != earshot.Open || len(c.Members) != 1 || c.Untold != 1 || c.TellAt.IsZero() || c.Paged[0] != "dora" {
		t.Errorf("received: %+v", e)
	}
	d.do(t, "dora", casework.Action{Verb: casework.Resolve, Case: one, Team: "pr"})
	d.do(t, "anna", casework.Action{Verb: casework.Escalate, Case: one, To: "pr"})
	if c := d.last(t, "pr", one).Case; c.State != earshot.Open || c.Untold != 2 {
		t.Errorf("escalated again: %+v", c)
	}
}
