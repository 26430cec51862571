package bus_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"earshot"
)

func alert(id, team string, revision int) earshot.Alert {
	return earshot.Alert{
		ID: id, Case: "c-" + id, Revision: revision, Team: team, Brand: "acme", Kind: earshot.KindCustomer,
		Urgency: earshot.High, Why: earshot.BecauseNew, At: time.Now().UTC(), Summary: "a customer is angry",
	}
}

func event(team, id, what string, after uint64) earshot.CaseEvent {
	return earshot.CaseEvent{
		Event: what, By: earshot.Daemon, At: time.Now().UTC(), Sequence: after,
		Case: earshot.Case{ID: id, Team: team, Brand: "acme", State: earshot.Open},
	}
}

// Alerts and progress are stored together, fenced by the progress.
func TestPublish(t *testing.T) {
	b := open(t, options(t))
	p, err := b.Progress(t.Context(), "acme")
	if err != nil || p.Revision != 0 || p.Brand != "acme" {
		t.Fatalf("Progress of a new brand = %+v, %v", p, err)
	}
	p.Sequence, p.State = 7, json.RawMessage(`{"a":1}`)
	other := earshot.Progress{Brand: "bolt", Sequence: 7}
	revisions, err := b.Publish(t.Context(), []earshot.Alert{alert("1", "cs", 1), alert("2", "pr", 1)}, nil, []earshot.Progress{p, other})
	if err != nil {
		t.Fatal(err)
	}
	for i, brand := range []string{"acme", "bolt"} {
		got, err := b.Progress(t.Context(), brand)
		if err != nil || got.Sequence != 7 || got.Revision != revisions[i] {
			t.Errorf("Progress of %s = %+v, %v; revisions %v", brand, got, err, revisions)
		}
	}
	if _, err := b.Publish(t.Context(), []earshot.Alert{alert("3", "cs", 1)}, nil, []earshot.Progress{p}); !errors.Is(err, earshot.ErrConflict) {
		t.Errorf("Publish with an old revision: %v", err)
	}
	p.Revision = revisions[0]
	if _, err := b.Publish(t.Context(), nil, nil, []earshot.Progress{p}); err != nil {
		t.Errorf("Publish of progress alone: %v", err)
	}
	if _, err := b.Publish(t.Context(), []earshot.Alert{alert("4", "cs", 1)}, nil, nil); err == nil {
		t.Error("alerts without progress were accepted")
	}
}

// The place of a mention is stored with the alerts, behind the same fence, and
// takes that of the one before it.
func TestMembership(t *testing.T) {
	b := open(t, options(t))
	seats := func(teams ...string) []earshot.Membership {
		m := earshot.Membership{Brand: "acme", Mention: "key"}
		for _, team := range teams {
			m.Seats = append(m.Seats, earshot.Seat{Team: team, Case: "one"})
		}
		return []earshot.Membership{m}
	}
	p := earshot.Progress{Brand: "acme", Sequence: 1}
	revisions, err := b.Publish(t.Context(), []earshot.Alert{alert("1", "cs", 1)}, seats("cs"), []earshot.Progress{p})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Publish(t.Context(), nil, seats(), []earshot.Progress{p}); !errors.Is(err, earshot.ErrConflict) {
		t.Errorf("Publish behind the fence: %v", err)
	}
	p.Revision = revisions[0]
	if _, err := b.Publish(t.Context(), nil, seats("cs", "pr"), []earshot.Progress{p}); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Membership(t.Context(), "acme", "key"); err != nil || len(got.Seats) != 2 {
		t.Errorf("Membership = %+v, %v", got, err)
	}
	if _, err := b.Membership(t.Context(), "bolt", "key"); !errors.Is(err, earshot.ErrNotFound) {
		t.Errorf("Membership of nothing: %v", err)
	}
	if got, err := b.Progress(t.Context(), "acme"); err != nil || got.Revision != revisions[0]+2 {
		t.Errorf("Progress = %+v, %v", got, err)
	}
	if _, err := b.Publish(t.Context(), nil, seats("cs"), nil); err == nil {
		t.Error("a membership without progress was accepted")
	}
}

// A plain subscriber sees each alert once, as JSON with CloudEvents headers.
func TestSubscriberSeesAlerts(t *testing.T) {
	o := options(t)
	b := open(t, o)
	nc := connect(t, b.URL(), "cs", secret(t, o.Dir, "cs"))
	sub, err := nc.SubscribeSync("earshot.alerts.cs.>")
	if err != nil || nc.FlushTimeout(patience) != nil {
		t.Fatal(err)
	}
	var revision uint64
	for i := range 3 {
		revisions, err := b.Publish(t.Context(), []earshot.Alert{alert(string(rune('a'+i)), "cs", 1), alert("x", "pr", 1)}, nil,
			[]earshot.Progress{{Brand: "acme", Sequence: uint64(i), Revision: revision}})
		if err != nil {
			t.Fatal(err)
		}
		revision = revisions[0]
	}
	for i := range 3 {
		m, err := sub.NextMsg(patience)
		if err != nil {
			t.Fatalf("alert %d: %v", i, err)
		}
		var a earshot.Alert
		if err := json.Unmarshal(m.Data, &a); err != nil || a.ID != string(rune('a'+i)) {
			t.Errorf("alert %d = %+v, %v", i, a, err)
		}
		if m.Subject != "earshot.alerts.cs.acme.customer.high" || m.Header.Get("ce-type") != "earshot.alert.new" || m.Header.Get("ce-id") != a.ID {
			t.Errorf("message = %s %v", m.Subject, m.Header)
		}
	}
	if m, err := sub.NextMsg(50 * time.Millisecond); !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("one alert too many: %v %v", m, err)
	}
}

// Events of several cases are stored together, several of one case in order.
func TestAppend(t *testing.T) {
	b := open(t, options(t))
	if _, err := b.Case(t.Context(), "cs", "one"); !errors.Is(err, earshot.ErrNotFound) {
		t.Errorf("Case of nothing: %v", err)
	}
	sequences, err := b.Append(t.Context(), []earshot.CaseEvent{
		event("cs", "one", "opened", 0), event("pr", "one", "opened", 0), event("cs", "one", "grown", 0),
	})
	if err != nil || len(sequences) != 3 {
		t.Fatalf("Append = %v, %v", sequences, err)
	}
	last, err := b.Case(t.Context(), "cs", "one")
	if err != nil || last.Event != "grown" || last.Sequence != sequences[2] {
		t.Errorf("Case = %+v, %v", last, err)
	}
	// Two agents claim: one wins, and the loser's batch leaves no trace.
	claim := event("cs", "one", "claimed", last.Sequence)
	if _, err := b.Append(t.Context(), []earshot.CaseEvent{claim}); err != nil {
		t.Fatal(err)
	}
	loser := []earshot.CaseEvent{event("cs", "two", "opened", 0), claim}
	if _, err := b.Append(t.Context(), loser); !errors.Is(err, earshot.ErrConflict) {
		t.Errorf("second claim: %v", err)
	}
	if _, err := b.Case(t.Context(), "cs", "two"); !errors.Is(err, earshot.ErrNotFound) {
		t.Errorf("the loser's other case: %v", err)
	}
	history, err := b.Events(t.Context(), 0)
	var what []string
	for _, e := range history {
		if e.Case.Team == "cs" {
			what = append(what, e.Event)
		}
	}
	same(t, "history", what, []string{"opened", "grown", "claimed"})
	if err != nil {
		t.Error(err)
	}
}

// The reader starts before the first mention that some brand has not dealt with.
func TestResume(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	private := mention(3, "bolt")
	private.Visibility = earshot.Private
	p.commit(mention(1, "acme"), mention(2, "bolt"), private, mention(4, "acme"))
	for _, step := range []struct {
		acme, bolt, want uint64
	}{{0, 0, 0}, {1, 0, 1}, {4, 2, 2}, {4, 3, 5}, {1, 3, 3}} {
		for brand, sequence := range map[string]uint64{"acme": step.acme, "bolt": step.bolt} {
			at, err := b.Progress(t.Context(), brand)
			if err != nil {
				t.Fatal(err)
			}
			at.Sequence = sequence
			if _, err := b.Publish(t.Context(), nil, nil, []earshot.Progress{at}); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := b.Resume(t.Context(), []string{"acme", "bolt"}); err != nil || got != step.want {
			t.Errorf("Resume with %+v = %d, %v", step, got, err)
		}
	}
}
