package casework_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/casework"
)

// fill puts n cases of each of two teams on a board, a tenth of them of one story.
func fill(b *casework.Board, n int) {
	bands := earshot.BandNames()
	for i := range n {
		for t, team := range []string{"cs", "pr"} {
			c := earshot.Case{
				ID: earshot.Key(fmt.Sprint("case", i)), Team: team, Brand: fmt.Sprint("brand", i%3), State: earshot.Open, Kind: earshot.KindCustomer,
				Urgency: earshot.Score(i%100) * earshot.Unit, Band: bands[i%4], Opened: noon, Count: 1, Customer: earshot.Key(fmt.Sprint(i)),
			}
			if i%2 == 0 {
				c.RespondBy = noon.Add(time.Duration(i%7-3) * time.Hour)
			}
			if i%10 == 0 {
				c.Story = "story"
			}
			if i%5 == 0 {
				c.State, c.Owner = earshot.Claimed, []string{"anna", "bob"}[i/5%2]
			}
			b.Put(&earshot.CaseEvent{Event: "opened", By: earshot.Daemon, At: noon, Case: c, Sequence: uint64(2*i + t + 1)})
		}
	}
}

// A list is in the order of what presses most, page by page, each case once.
func TestPages(t *testing.T) {
	b := casework.NewBoard()
	fill(b, 300)
	q := casework.Query{Limit: 7}
	var all []casework.Item
	for {
		page, err := b.List("cs", "anna", q, noon)
		if err != nil || page.Total != 300 {
			t.Fatalf("%d cases in all: %v", page.Total, err)
		}
		all = append(all, page.Cases...)
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	seen := map[string]bool{}
	for i, item := range all {
		seen[item.ID] = true
		if i == 0 {
			continue
		}
		before := all[i-1]
		switch {
		case before.Due.IsZero() && !item.Due.IsZero(), !item.Due.IsZero() && item.Due.Before(before.Due):
			t.Errorf("due %s after %s", item.Due, before.Due)
		case item.Due.Equal(before.Due) && item.Urgency > before.Urgency:
			t.Errorf("urgency %s after %s", item.Urgency, before.Urgency)
		}
	}
	if len(seen) != 300 || len(all) != 300 {
		t.Errorf("%d cases listed, %d different ones", len(all), len(seen))
	}
}

// Every filter narrows the list to what it names, and says so when it names what
// there is not.
func TestFilters(t *testing.T) {
	b := casework.NewBoard()
	fill(b, 300)
	for name, tt := range map[string]struct {
		q    casework.Query
		want func(i *casework.Item) bool
	}{
		"brand":   {casework.Query{Brand: "brand1"}, func(i *casework.Item) bool { return i.Brand == "brand1" }},
		"me":      {casework.Query{Me: true}, func(i *casework.Item) bool { return i.Owner == "anna" }},
		"owner":   {casework.Query{Owner: "bob"}, func(i *casework.Item) bool { return i.Owner == "bob" }},
		"free":    {casework.Query{Free: true}, func(i *casework.Item) bool { return i.Owner == "" }},
		"state":   {casework.Query{States: []earshot.State{earshot.Claimed}}, func(i *casework.Item) bool { return i.State == earshot.Claimed }},
		"urgency": {casework.Query{Bands: []earshot.Band{earshot.High, earshot.Critical}}, func(i *casework.Item) bool { return i.Band == earshot.High || i.Band == earshot.Critical }},
		"story":   {casework.Query{Story: "story"}, func(i *casework.Item) bool { return i.Story == "story" }},
		"overdue": {casework.Query{Overdue: true}, func(i *casework.Item) bool { return !i.Due.IsZero() && !i.Due.After(noon) }},
		"kind":    {casework.Query{Kinds: []earshot.Kind{earshot.KindCrisis}}, func(*casework.Item) bool { return false }},
		"since":   {casework.Query{Since: "2d"}, func(*casework.Item) bool { return true }},
	} {
		all, _ := b.List("cs", "anna", casework.Query{Limit: 500}, noon)
		want := 0
		for i := range all.Cases {
			if tt.want(&all.Cases[i]) {
				want++
			}
		}
		got, err := b.List("cs", "anna", tt.q, noon)
		if err != nil || got.Total != want || slices.ContainsFunc(got.Cases, func(i casework.Item) bool { return !tt.want(&i) }) {
			t.Errorf("%s: %d cases, want %d (%v)", name, got.Total, want, err)
		}
	}
	for says, q := range map[string]casework.Query{
		"no state": {States: []earshot.State{"angry"}}, "no kind": {Kinds: []earshot.Kind{"x"}}, "no urgency": {Bands: []earshot.Band{"x"}},
		"from 1 to 500": {Limit: 501}, "no length": {Since: "soon"}, "gave as next": {After: "1.x.y"},
	} {
		if _, err := b.List("cs", "anna", q, noon); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// What the log has forgotten leaves the board.
func TestPrune(t *testing.T) {
	b := casework.NewBoard()
	fill(b, 20)
	b.Put(&earshot.CaseEvent{Event: "grown", At: noon.Add(time.Hour), Case: earshot.Case{ID: "new", Team: "cs"}, Sequence: 1000})
	b.Prune(noon.Add(time.Minute))
	if b.Len() != 1 {
		t.Errorf("%d cases are left", b.Len())
	}
}

// A line of PR is on all cases of the story, whatever their team, and goes again;
// cases that join the story later show it too, and nobody else may change it.
func TestPin(t *testing.T) {
	const linked = 1000
	d := newDesk()
	id := func(i int) string { return earshot.Key(fmt.Sprint(i)) }
	for i := range linked {
		d.daemon(func(c *earshot.Case) { c.Story = "s" }, []string{"cs", "pr"}[i%2], id(i))
	}
	d.daemon(unchanged, "cs", one) // of no story
	conflicts := 3
	d.log.before = func() {
		if conflicts--; conflicts >= 0 {
			d.daemon(unchanged, "cs", id(2*conflicts))
		}
	}
	pin := casework.Action{Verb: casework.PinLine, Case: id(1), Team: "pr", Line: " The recall is announced at noon ", Hold: true}
	done := d.do(t, "dora", pin)
	if done.Linked != linked-1 {
		t.Errorf("%d other cases have it, want %d", done.Linked, linked-1)
	}
	for i := range linked {
		c := d.last(t, []string{"cs", "pr"}[i%2], id(i)).Case
		if c.Pin == nil || c.Pin.By != "dora" || c.Pin.Team != "pr" || c.Pin.Line != "The recall is announced at noon" || c.Pin.At.IsZero() {
			t.Fatalf("case %d: %+v", i, c.Pin)
		}
	}
	if c := d.last(t, "cs", one).Case; c.Pin != nil {
		t.Error("a case of no story has the line")
	}
	if again := d.do(t, "dora", pin); !again.Again || again.Linked != 0 {
		t.Errorf("pinned again: %+v", again)
	}
	later := id(linked)
	d.daemon(func(c *earshot.Case) { c.Story = "s" }, "cs", later)
	sheet, err := d.Get(t.Context(), "cs", "anna", later)
	if err != nil || sheet.Pin == nil || sheet.Pin.By != "dora" {
		t.Errorf("a case that came later: %+v %v", sheet, err)
	}
	for _, refused := range []casework.Action{
		{Verb: casework.Unpin, Case: id(0)},
		{Verb: casework.PinLine, Case: id(0), Line: "mine"},
		{Verb: casework.Unpin, Case: later},
		{Verb: casework.Answer, Case: id(0)},
	} {
		if _, err := d.try("anna", refused); err == nil || !strings.Contains(err.Error(), "ask dora") {
			t.Errorf("%s: %v", refused.Verb, err)
		}
	}
	renamed := id(linked + 1) // its story became part of another one
	d.daemon(func(c *earshot.Case) { c.Story, c.Pin = "t", d.last(t, "pr", id(1)).Case.Pin }, "cs", renamed)
	d.do(t, "dora", casework.Action{Verb: casework.Unpin, Case: id(1), Team: "pr"})
	if d.last(t, "cs", renamed).Case.Pin != nil {
		t.Error("the line is still on a case that had it from a story of another name")
	}
	if d.Board.Pin("s", "") != nil || d.last(t, "cs", id(0)).Case.Pin != nil {
		t.Error("the line is still there")
	}
	d.do(t, "anna", casework.Action{Verb: casework.Answer, Case: id(0)})
}

// A sheet shows what is stored of the mentions now, who did what, what was noted,
// and who else may be the same person.
func TestSheet(t *testing.T) {
	d := newDesk()
	said := func(id, network, handle, name string) {
		d.log.mentions["m"+id] = earshot.Stored{Brand: "acme", Verdict: &earshot.Verdict{Brand: "acme"}, Mention: earshot.Mention{
			ID: network + ":" + id, Network: network, Text: "words", Author: earshot.Author{Handle: handle, Name: name},
		}}
		d.daemon(func(c *earshot.Case) {
			stored := d.log.mentions["m"+id].Mention
			c.Customer, c.Opening = cmp.Or(stored.AuthorKey(), "k"+id), stored.ID
		}, "cs", id)
	}
	said(one, "x", "@LunaPark", "Luna Park")
	said(two, "mastodon", "@lunapark@social.example", "")
	said("c", "rss", "", "luna  PARK")
	said("d", "x", "@lunapark", "Luna Park")
	said("e", "rss", "", "Somebody Else")
	d.daemon(func(c *earshot.Case) { c.Members = append(c.Members, earshot.Member{Mention: "gone"}); c.Count++ }, "cs", one)
	d.log.mentions["fan"] = earshot.Stored{Verdict: &earshot.Verdict{}, Mention: earshot.Mention{ID: "x:fan", Network: "x", RepostOf: "x:" + one, Author: earshot.Author{Handle: "@fan1"}}}
	d.daemon(func(c *earshot.Case) {
		c.Members = append(c.Members, earshot.Member{Mention: "fan", Urgency: 90 * earshot.Unit})
		c.Count++
	}, "cs", one)
	d.do(t, "anna", casework.Action{Verb: casework.Claim, Case: one, Text: "hers"})
	s, err := d.Get(t.Context(), "cs", "bob", one)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Mentions) != 3 || s.Mentions[1].Mention.Text != "words" || s.Mentions[1].Verdict == nil || !s.Mentions[2].Gone {
		t.Errorf("mentions %+v", s.Mentions)
	}
	if len(s.History) != 4 || s.History[3].By != "anna" || s.History[3].Note != s.Notes[0].ID || s.Notes[0].Text != "hers" {
		t.Errorf("history %+v, notes %+v", s.History, s.Notes)
	}
	alike := map[string]string{}
	for _, a := range s.Alike {
		alike[a.Case] = a.Because
	}
	if len(alike) != 2 || alike[two] != "handle" || alike["c"] != "name" {
		t.Errorf("alike %v", alike)
	}
	if slices.Contains(s.Can, casework.Claim) || slices.Contains(s.Can, casework.Resolve) || !slices.Contains(s.Can, casework.Assign) {
		t.Errorf("bob can %v", s.Can)
	}
}

// Requests are read strictly, and nobody acts as somebody else by saying so.
func TestRequests(t *testing.T) {
	d := newDesk()
	d.daemon(unchanged, "cs", one)
	for _, tt := range []struct {
		person  string
		verb    casework.Verb
		payload string
		code    casework.Code
	}{
		{"anna", casework.Claim, `{"case":"` + one + `","by":"bob"}`, casework.Forbidden},
		{"anna", casework.Get, `{"case":"` + one + `","by":"bob"}`, casework.Forbidden},
		{"anna", casework.List, `{"by":"bob"}`, casework.Forbidden},
		{"a.b", casework.List, `{}`, casework.Forbidden},
		{"earshot", casework.Claim, `{"case":"` + one + `"}`, casework.Forbidden},
		{"anna", casework.Claim, `{"case":"` + one + `","owner":"bob"}`, casework.BadRequest},
		{"anna", casework.Claim, `{"case":7}`, casework.BadRequest},
		{"anna", casework.Claim, `[]`, casework.BadRequest},
		{"anna", casework.Claim, `{} {}`, casework.BadRequest},
		{"anna", casework.Claim, `{"case":"`, casework.BadRequest},
		{"anna", casework.Claim, ``, casework.BadRequest},
		{"anna", casework.Claim, `{"case":"` + strings.Repeat("x", 1<<20) + `"}`, casework.BadRequest},
		{"anna", casework.Claim, `{"case":"nothing"}`, casework.NotFound},
		{"anna", casework.Mute, `{"case":"` + one + `","until":"soon"}`, casework.BadRequest},
		{"anna", "steal", `{"case":"` + one + `"}`, casework.BadRequest},
		{"anna", casework.List, `{"urgency":"high"}`, casework.BadRequest},
	} {
		_, err := d.Serve(t.Context(), "cs", tt.person, tt.verb, []byte(tt.payload))
		var refused *casework.Refusal
		if !errors.As(err, &refused) || refused.Code != tt.code || len(refused.What) > 500 {
			t.Errorf("%s %s %.60s: %v", tt.person, tt.verb, tt.payload, err)
		}
	}
	answer, err := d.Serve(t.Context(), "cs", "anna", casework.Claim, []byte(`{"case":"aa","by":"anna"}`))
	if done, ok := answer.(casework.Done); err != nil || !ok || done.Case.Owner != "anna" {
		t.Errorf("%+v %v", answer, err)
	}
}

// Whatever is sent, the answer is JSON or a refusal, and only who has proved to be
// anna appears in the log.
func FuzzServe(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"case":"a","request":"r","text":"t"}`, `{"case":"a","to":"bob","for":"8h","until":"2026-11-23T00:00:00Z"}`,
		`{"states":["open"],"limit":3,"after":"1.2.x","since":"2d"}`, `{"case":"a","line":"x","hold":true,"person":"p"}`, "{\"case\":\"\\u0000\"}",
	} {
		for i := range casework.Served() {
			f.Add(i, seed)
		}
	}
	f.Fuzz(func(t *testing.T, verb int, payload string) {
		d := newDesk()
		d.daemon(unchanged, "cs", one)
		d.daemon(unchanged, "cs", two)
		verbs := casework.Served()
		answer, err := d.Serve(t.Context(), "cs", "anna", verbs[uint(verb)%uint(len(verbs))], []byte(payload))
		var refused *casework.Refusal
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if _, err := json.Marshal(answer); err != nil {
			t.Fatal(err)
		}
		for _, e := range d.log.events {
			if e.By != "anna" && e.By != earshot.Daemon {
				t.Fatalf("%s by %s", e.Event, e.By)
			}
		}
	})
}

// BenchmarkBoard says what 100,000 cases of a team take, in memory and to list.
func BenchmarkBoard(b *testing.B) {
	const cases = 100_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	board := casework.NewBoard()
	fill(board, cases/2)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if _, err := board.List("cs", "anna", casework.Query{}, noon); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/cases, "B/case")
	})
	b.Run("find", func(b *testing.B) {
		for b.Loop() {
			if _, err := board.Find("cs", "zz"); err == nil {
				b.Fatal("found")
			}
		}
	})
	runtime.KeepAlive(board)
}
