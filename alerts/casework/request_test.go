package casework_test

import (
	"testing"
	"time"

	"earshot"
	"earshot/alerts/casework"
)

// The ID of a request is its sender's, for what they asked: nobody is told that
// they have what another has, and another verb is another request.
func TestRequestsAreOnesOwn(t *testing.T) {
	d := newDesk()
	d.daemon(unchanged, "cs", one)
	ask := func(person string, verb casework.Verb) (casework.Done, error) {
		answer, err := d.Serve(t.Context(), "cs", person, verb, []byte(`{"case":"`+one+`","request":"2026-11-22-17"}`))
		done, _ := answer.(casework.Done)
		return done, err
	}
	if done, err := ask("anna", casework.Claim); err != nil || done.Again || done.Case.Owner != "anna" {
		t.Fatalf("anna claims: %+v, %v", done, err)
	}
	if done, err := ask("bob", casework.Claim); err == nil {
		t.Errorf("bob claims what is anna's: %+v", done)
	}
	if done, err := ask("anna", casework.Claim); err != nil || !done.Again {
		t.Errorf("anna asks again: %+v, %v", done, err)
	}
	if done, err := ask("anna", casework.Release); err != nil || done.Again || done.Case.Owner != "" {
		t.Errorf("anna releases: %+v, %v", done, err)
	}
}

// What was answered is not late, whatever its limit was.
func TestDue(t *testing.T) {
	late, later := noon.Add(-time.Hour), noon.Add(time.Hour)
	for _, tt := range []struct {
		name string
		c    earshot.Case
		want time.Time
	}{
		{"open", earshot.Case{State: earshot.Open, RespondBy: late, ResolveBy: later}, late},
		{"answered", earshot.Case{State: earshot.Answered, Answered: late, RespondBy: late, ResolveBy: later}, time.Time{}},
		{"asked again", earshot.Case{State: earshot.Claimed, Answered: late, RespondBy: late, NextBy: later}, later},
		{"worked on", earshot.Case{State: earshot.Claimed, Answered: late, RespondBy: late, ResolveBy: later}, later},
		{"resolved", earshot.Case{State: earshot.Resolved, RespondBy: late}, time.Time{}},
	} {
		if got := casework.Due(&tt.c); !got.Equal(tt.want) {
			t.Errorf("%s: due %s, want %s", tt.name, got, tt.want)
		}
	}
}
