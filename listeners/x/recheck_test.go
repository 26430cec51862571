package x

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/x/xtest"
)

// storing makes the log hold what a record does.
func (f *fixture) storing(r *record) {
	f.setup.Stored = func(_ context.Context, network string, each func(earshot.Mention) error) error {
		for _, m := range r.mentions {
			m.Listener = f.setup.Name
			if m.Network != network {
				continue
			}
			if err := each(m); err != nil {
				return err
			}
		}
		return nil
	}
}

// Deletions and edits are found by looking stored posts up, each as a change of
// the mention that was stored.
func TestRecheck(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]xtest.Options{"new names": {}, "old names": {OldNames: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, o)
			f := newFixture(t, server, nil)
			heard := newRecord()
			posted := time.Now().Add(-2 * time.Hour).UTC()
			stays := server.Post(xtest.Post{Text: "acme stays", Posted: posted})
			edited := server.Post(xtest.Post{Text: "acme is bda", Posted: posted.Add(time.Second)})
			goes := server.Post(xtest.Post{Text: "acme was here", Posted: posted.Add(2 * time.Second)})
			stop := start(t, f.search("acme"), heard)
			heard.until(t, atLeast(3))
			_ = stop()
			f.storing(heard)
			second := server.Edit(edited, "acme is bad")
			server.Delete(goes)

			changes := newRecord()
			r := &recheck{account: f.account, every: time.Hour}
			st := &checked{Version: cursorVersion, To: posted}
			a, err := f.api()
			if err != nil {
				t.Fatal(err)
			}
			if err := r.round(t.Context(), a, st, changes.emit); err != nil {
				t.Fatal(err)
			}
			if len(changes.mentions) != 2 {
				t.Fatalf("%d changes: %+v", len(changes.mentions), changes.mentions)
			}
			del, edit := changes.mentions[0], changes.mentions[1]
			if del.ID != idOf(snowflake(goes)) || del.Change != earshot.Deleted || del.Text != "" {
				t.Errorf("deleted: %+v", del)
			}
			if edit.ID != idOf(snowflake(edited)) || edit.Change != earshot.Edited || edit.Text != "acme is bad" {
				t.Errorf("edited: %+v", edit)
			}
			if version, ok := versionAt(edit.URL); !ok || version != snowflake(second) {
				t.Errorf("the address leads to %v", edit.URL)
			}
			if stays == 0 || st.After != 0 || !st.Until.IsZero() {
				t.Errorf("the round ended at %+v", st)
			}
			// Nothing is due again until the next age.
			before := server.Asked("lookup")
			if err := r.round(t.Context(), a, st, changes.emit); err != nil || server.Asked("lookup") != before {
				t.Errorf("asked again: %v", err)
			}
		})
	}
}

// Young posts are checked more often than old ones, each at its ages.
func TestWhatIsDue(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	f := newFixture(t, newServer(t, xtest.Options{}), nil)
	all := newRecord()
	ages := []time.Duration{30 * time.Minute, time.Hour, 90 * time.Minute, 24 * time.Hour, 25 * time.Hour, 7 * 24 * time.Hour, 8 * 24 * time.Hour}
	for _, age := range ages {
		posted := now.Add(-age)
		all.mentions = append(all.mentions, earshot.Mention{ID: idOf(idAt(posted)), Network: network, Posted: posted})
	}
	all.mentions = append(all.mentions, earshot.Mention{ID: "x:not-a-number", Network: network, Posted: now}, earshot.Mention{ID: "y:1", Network: "y"})
	f.storing(all)
	r := &recheck{account: f.account}
	due, err := r.due(t.Context(), &checked{To: now.Add(-15 * time.Minute), Until: now})
	if err != nil {
		t.Fatal(err)
	}
	var got []time.Duration
	for _, k := range due {
		got = append(got, now.Sub(k.id.time()))
	}
	if want := []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour}; !slices.Equal(got, want) {
		t.Errorf("due are those of %v, want %v", got, want)
	}
}

// A round that is killed goes on after the last post that it checked.
func TestRecheckIsResumed(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, nil)
	heard := newRecord()
	posted := time.Now().Add(-2 * time.Hour).UTC()
	for i := range 250 {
		id := server.Post(xtest.Post{Text: "acme", Posted: posted.Add(time.Duration(i) * time.Second)})
		heard.mentions = append(heard.mentions, earshot.Mention{ID: idOf(snowflake(id)), Network: network, Posted: snowflake(id).time()})
		server.Delete(id)
	}
	f.storing(heard)
	a, err := f.api()
	if err != nil {
		t.Fatal(err)
	}
	r := &recheck{account: f.account}
	changes := newRecord()
	st := &checked{Version: cursorVersion, To: posted}
	calls := 0
	err = r.round(t.Context(), a, st, func(ctx context.Context, b listeners.Batch) error {
		if calls++; calls == 2 {
			return context.Canceled
		}
		return changes.emit(ctx, b)
	})
	if err == nil {
		t.Fatal("the round goes on without its log")
	}
	if st, err = readChecked(changes.cursor, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := r.round(t.Context(), a, st, changes.emit); err != nil {
		t.Fatal(err)
	}
	if len(changes.mentions) != 250 || server.Asked("lookup") != 4 { // three, and the one whose batch was refused
		t.Errorf("%d deletions by %d lookups", len(changes.mentions), server.Asked("lookup"))
	}
}

// Checking again waits when most of the budget is spent: hearing comes first.
func TestRecheckWaitsForMoney(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{account: newAccount(listeners.Setup{Name: "x", Tally: newTally()}, func() Config {
			c := defaults()
			c.Budget = listeners.BudgetLimits{Day: 1}
			return c
		}())}
		if _, err := f.purse.reserve(t.Context(), 0.9); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var notes []string
		ctx = listeners.WithReport(ctx, func(o listeners.Outlook) { notes = append(notes, o.Note) })
		r := &recheck{account: f.account, every: 15 * time.Minute}
		if _, _, err := r.lookUp(ctx, &api{standing: f.standing}, []snowflake{1}); ctx.Err() == nil {
			t.Errorf("it looked up without money: %v", err)
		}
		if !slices.Contains(notes, "waiting for money to check stored posts again") {
			t.Errorf("it said %q", notes)
		}
	})
}

// With little money posts are looked up a few at a time.
func TestRecheckWithLittleMoney(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, func(c *Config) { c.Budget = listeners.BudgetLimits{Day: 0.3} })
	var ids []snowflake
	for i := range 30 {
		ids = append(ids, snowflake(server.Post(xtest.Post{Text: "acme", Posted: time.Now().Add(time.Duration(i-60) * time.Second)})))
	}
	a, err := f.api()
	if err != nil {
		t.Fatal(err)
	}
	found, _, err := (&recheck{account: f.account}).lookUp(t.Context(), a, ids)
	if err != nil || len(found) != 30 || server.Asked("lookup") < 2 {
		t.Errorf("%d posts by %d lookups, %v", len(found), server.Asked("lookup"), err)
	}
}
