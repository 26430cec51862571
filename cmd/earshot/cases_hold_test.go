package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/casework"
	"earshot/bus"
)

// What is held by law outlives its author's wish to be forgotten, for as long as it
// is held and no longer.
func TestLegalHold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.hears(1).ID
	for _, step := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"cases", "hold", id, "--team", "cs", "--for", "26w", "--reason", "matter 7", "--approver", "operator"}, exitFailed, "somebody else has to approve it"},
		{[]string{"cases", "hold", id, "--team", "cs", "--for", "26w", "--reason", "matter 7", "--approver", "nosuch"}, exitFailed, "nobody there is named \"nosuch\" (there are: anna, bob, dora;"},
		{[]string{"cases", "hold", id, "--team", "cs", "--for", "26w", "--reason", "matter 7", "--approver", "dora"}, exitOK, "held by operator"},
		{[]string{"forget", "@jane1", "--yes"}, exitFailed, "(matter 7, approved by dora, says "},
		{[]string{"cases", "show", id, "--team", "cs"}, exitOK, "(matter 7, approved by dora, says operator)"},
		{[]string{"forget", "forum:1", "--yes"}, exitFailed, "under legal hold: case " + id},
		{[]string{"forget", "@jane2", "--dry-run"}, exitOK, "mentions      0"},
		{[]string{"export", "@jane1"}, exitOK, `"what":"held"`},
		{[]string{"cases", "unhold", id, "--team", "cs", "--reason", "closed", "--approver", "dora"}, exitOK, "unheld by operator"},
		{[]string{"forget", "@jane1", "--yes"}, exitOK, "mentions      1"},
	} {
		code, out, errs := call(t, "", append(step.args, "-c", o.config)...)
		if code != step.code || !strings.Contains(out+errs, step.says) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", strings.Join(step.args, " "), code, step.code, step.says, out, errs)
		}
	}
	o.process.stop(t)
	if found := inFiles(t, filepath.Join(o.state, "bus"), "number 1"); len(found) > 0 {
		t.Errorf("the post is still in %v", found)
	}
}

// holds has a case of a daemon that has stopped since be held, and opens its store.
func (o *office) holds(t *testing.T) (id string, b *bus.Bus) {
	t.Helper()
	id = o.hears(1).ID
	if code, _, errs := call(t, "", "cases", "hold", id, "--team", "cs", "--for", "1w", "--reason", "r", "--approver", "dora", "-c", o.config); code != exitOK {
		t.Fatal(errs)
	}
	o.process.stop(t)
	b, err := bus.Open(t.Context(), bus.Options{Config: bus.Config{Listen: freeAddress(t)}, Dir: o.state, Retention: 30 * 24 * time.Hour, Teams: []string{"cs", "pr"}})
	if err != nil {
		t.Fatal(err)
	}
	return id, b
}

// A hold that has ended while nobody looked is ended by whoever looks next.
func TestHoldExpires(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, b := o.holds(t)
	k := newKeeper(b, zap.NewNop())
	for _, moment := range []struct {
		after time.Duration
		held  int
	}{{0, 1}, {6 * 24 * time.Hour, 1}, {8 * 24 * time.Hour, 0}} {
		k.now = func() time.Time { return time.Now().Add(moment.after) }
		if err := k.expire(t.Context()); err != nil || !k.turn(t.Context()) {
			t.Fatal(err)
		}
		if held, err := b.HeldCases(t.Context()); err != nil || len(held) != moment.held {
			t.Errorf("after %s: %d cases are held (%v)", moment.after, len(held), err)
		}
	}
	shut(t, b)
}

// What happened to a held case while nobody copied it is copied by whoever looks next.
func TestHoldCatchesUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, b := o.holds(t)
	last, err := b.Case(t.Context(), "cs", id)
	if err != nil {
		t.Fatal(err)
	}
	claimed, err := casework.Act(&last, casework.Action{Verb: casework.Claim, By: "anna", Team: "cs"}, time.Now(), casework.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	sequences, err := b.Record(t.Context(), []earshot.CaseEvent{claimed}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	k, reached, followed := newKeeper(b, zap.NewNop()), make(chan struct{}), make(chan struct{})
	reach := sync.OnceFunc(func() { close(reached) })
	go func() {
		defer close(followed)
		b.FollowCases(ctx, k.see, reach)
	}()
	<-reached
	if !k.turn(ctx) {
		t.Error("it was not kept")
	}
	cancel()
	<-followed
	found := false
	err = b.Client().Walk(t.Context(), bus.InHeld, func(c bus.Copy) error {
		found = found || strings.HasSuffix(c.Subject, fmt.Sprintf("%s.event.%d", id, sequences[0]))
		return nil
	})
	if err != nil || !found {
		t.Errorf("what happened meanwhile was not copied (%v)", err)
	}
	shut(t, b)
}

func shut(t *testing.T, b *bus.Bus) {
	t.Helper()
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
