package bus_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"earshot"
)

// Records commit with the progress of their brand, replace each other, and are
// forgotten on request; a publication that loses its race leaves none.
func TestRecords(t *testing.T) {
	b := open(t, options(t))
	record := func(name, data string) earshot.Record {
		r := earshot.Record{Name: name, Keep: time.Hour}
		if data != "" {
			r.Data = json.RawMessage(data)
		}
		return r
	}
	publish := func(revision uint64, records ...earshot.Record) (uint64, error) {
		at, err := b.Publish(t.Context(), nil, nil, []earshot.Progress{{Brand: "acme", Sequence: 1, Revision: revision, Records: records}})
		if err != nil {
			return 0, err
		}
		return at[0], nil
	}
	at, err := publish(0, record("a", `1`), record("b", `2`))
	if err != nil {
		t.Fatal(err)
	}
	if at, err = publish(at, record("a", ""), record("b", `3`), record("c", `4`)); err != nil {
		t.Fatal(err)
	}
	if _, err := publish(at-1, record("c", `5`)); err == nil {
		t.Fatal("a publication behind the progress was stored")
	}
	all, err := b.Records(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, r := range all {
		got += fmt.Sprintf("%s=%s ", r.Name, r.Data)
	}
	if got != "b=3 c=4 " {
		t.Errorf("records %s", got)
	}
	if p, err := b.Progress(t.Context(), "acme"); err != nil || p.Revision != at {
		t.Errorf("progress %+v %v, want revision %d", p, err, at)
	}
	if other, err := b.Records(t.Context(), "zebra"); err != nil || len(other) != 0 {
		t.Errorf("records of another brand: %v %v", other, err)
	}
}

// Cases tells of each case as it stands now.
func TestCases(t *testing.T) {
	b := open(t, options(t))
	read := func() (all []string) {
		err := b.Cases(t.Context(), func(e earshot.CaseEvent) error {
			all = append(all, fmt.Sprint(e.Case.Team, " ", e.Case.ID, " ", e.Event, " ", e.Sequence))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := read(); len(got) != 0 {
		t.Errorf("cases of an empty log: %v", got)
	}
	for _, e := range []earshot.CaseEvent{event("cs", "one", "opened", 0), event("cs", "two", "opened", 0), event("cs", "one", "grown", 1), event("pr", "one", "opened", 0)} {
		if _, err := b.Append(t.Context(), []earshot.CaseEvent{e}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(read()), "[cs two opened 2 cs one grown 3 pr one opened 4]"; got != want {
		t.Errorf("cases %s, want %s", got, want)
	}
}
