package casework_test

import (
	"testing"
	"time"

	"earshot"
	"earshot/alerts/casework"
	"earshot/alerts/duty"
)

// promises are the limits of a team that works around the clock.
var promises = casework.Limits{Clocks: duty.Clocks{
	First:   duty.Limits{earshot.High: time.Hour},
	Next:    duty.Limits{earshot.High: 2 * time.Hour},
	Resolve: duty.Limits{earshot.High: 24 * time.Hour},
}}

// acts has a person do one thing after the other to a case, each an hour after the
// one before it.
func acts(t *testing.T, verbs ...casework.Verb) earshot.Case {
	t.Helper()
	e := earshot.CaseEvent{Sequence: 1, Case: earshot.Case{
		ID: "c", Team: "cs", Brand: "acme", State: earshot.Open, Kind: earshot.KindCustomer, Band: earshot.High, Count: 1, Opened: noon, Spoke: noon,
	}}
	promises.Clocks.Wind(&e.Case)
	for i, verb := range verbs {
		now := noon.Add(time.Duration(i+1) * time.Hour)
		next, err := casework.Act(&e, casework.Action{Verb: verb, By: "ann", Team: "cs"}, now, promises)
		if err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
		e, e.Sequence = next, e.Sequence+1
	}
	return e.Case
}

// A case that was resolved without an answer owes the first one again from when it is
// reopened; one that had an answer owes the next. What it was resolved for does not
// count towards its resolution.
func TestReopenedClocks(t *testing.T) {
	for _, test := range []struct {
		name  string
		verbs []casework.Verb
		want  []duty.Due
	}{
		{"never answered", []casework.Verb{casework.Resolve, casework.Reopen}, []duty.Due{
			{Name: earshot.FirstReply, At: noon.Add(3 * time.Hour)},
			{Name: earshot.Resolution, At: noon.Add(25 * time.Hour)},
		}},
		{"answered", []casework.Verb{casework.Answer, casework.Resolve, casework.Reopen}, []duty.Due{
			{Name: earshot.NextReply, At: noon.Add(5 * time.Hour)},
			{Name: earshot.Resolution, At: noon.Add(25 * time.Hour)},
		}},
		{"twice", []casework.Verb{casework.Resolve, casework.Reopen, casework.Resolve, casework.Reopen}, []duty.Due{
			{Name: earshot.FirstReply, At: noon.Add(5 * time.Hour)},
			{Name: earshot.Resolution, At: noon.Add(26 * time.Hour)},
		}},
	} {
		c := acts(t, test.verbs...)
		got := promises.Clocks.Running(&c)
		if len(got) != len(test.want) {
			t.Errorf("%s: %v run, want %v", test.name, got, test.want)
			continue
		}
		for i, due := range got {
			if due.Name != test.want[i].Name || !due.At.Equal(test.want[i].At) || due.Near.Before(noon) {
				t.Errorf("%s: %v runs, want %v", test.name, due, test.want[i])
			}
		}
		if due := casework.Due(&c); !due.Equal(test.want[0].At) {
			t.Errorf("%s: the list says it is due %v, want %v", test.name, due, test.want[0].At)
		}
	}
}

// Undoing it puts back what it changed.
func TestUndoReopen(t *testing.T) {
	resolved := acts(t, casework.Resolve)
	before := earshot.CaseEvent{Sequence: 2, Case: resolved}
	after, err := casework.Act(&before, casework.Action{Verb: casework.Reopen, By: "ann", Team: "cs"}, noon.Add(2*time.Hour), promises)
	if err != nil {
		t.Fatal(err)
	}
	undone, err := casework.Undone(&after, &after, &before, casework.Action{Verb: casework.Undo, By: "ann", Team: "cs"}, noon.Add(3*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if c := undone.Case; !c.Reopened.IsZero() || c.Waited != 0 || !c.RespondBy.IsZero() || c.State != earshot.Resolved {
		t.Errorf("it stands %+v", c)
	}
}

// The limits of mutes and of legal holds are those of the configuration.
func TestLimits(t *testing.T) {
	e := earshot.CaseEvent{Sequence: 1, Case: earshot.Case{ID: "c", Team: "cs", State: earshot.Open, Band: earshot.Normal}}
	for _, test := range []struct {
		verb  casework.Verb
		long  string
		l     casework.Limits
		holds bool
	}{
		{casework.Mute, "8d", casework.Limits{}, false},
		{casework.Mute, "8d", casework.Limits{MaxMute: 9 * 24 * time.Hour}, true},
		{casework.Mute, "2d", casework.Limits{MaxMute: 24 * time.Hour}, false},
		{casework.Hold, "520w", casework.Limits{}, true},
		{casework.Hold, "521w", casework.Limits{}, false},
		{casework.Hold, "53w", casework.Limits{MaxHold: 52 * 7 * 24 * time.Hour}, false},
	} {
		a := casework.Action{Verb: test.verb, By: "ann", Team: "cs", For: test.long, Reason: "a matter", Approver: "bob"}
		if _, err := casework.Act(&e, a, noon, test.l); (err == nil) != test.holds {
			t.Errorf("%s for %s within %+v: %v", test.verb, test.long, test.l, err)
		}
	}
	known := casework.Limits{People: []string{"ann", "bob"}, Everybody: []string{"ann", "bob", "lena"}}
	for _, test := range []struct {
		a     casework.Action
		holds bool
	}{
		{casework.Action{Verb: casework.Assign, To: "bob"}, true},
		{casework.Action{Verb: casework.Assign, To: "bbo"}, false},
		{casework.Action{Verb: casework.Escalate, Person: "lena"}, false}, // of another team
		{casework.Action{Verb: casework.Hold, For: "1w", Reason: "a matter", Approver: "lena"}, true},
		{casework.Action{Verb: casework.Hold, For: "1w", Reason: "a matter", Approver: "nosuch"}, false},
	} {
		test.a.By, test.a.Team = "ann", "cs"
		if _, err := casework.Act(&e, test.a, noon, known); (err == nil) != test.holds {
			t.Errorf("%s: %v", test.a.Verb, err)
		}
	}
	for long, fine := range map[time.Duration]bool{0: true, 24 * time.Hour: true, time.Hour: false, -time.Hour: false, 1 << 62: false} {
		if problems := (casework.Config{MaxHold: long}).Check("cases"); (problems == nil) != fine {
			t.Errorf("max_hold: %s: %v", long, problems)
		}
	}
}
