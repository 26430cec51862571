package mutes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts/casework"
	"earshot/alerts/mutes"
	"earshot/alerts/noise"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// memory is a store for tests.
type memory struct {
	mutes  map[string]noise.Mute
	reach  time.Time       // how far back there is time to look
	used   map[string]bool // IDs, also of mutes that were dropped
	raised []earshot.Alert
	err    error
}

func (m *memory) Mutes(context.Context) ([]noise.Mute, error) {
	return slices.Collect(maps.Values(m.mutes)), m.err
}

func (m *memory) Add(_ context.Context, one noise.Mute) error {
	if m.used[one.ID] {
		return earshot.ErrConflict
	}
	m.mutes[one.ID], m.used[one.ID] = one, true
	return nil
}

func (m *memory) Drop(_ context.Context, id string) error {
	delete(m.mutes, id)
	return nil
}

func (m *memory) RaisedWithin(_ context.Context, team string, since, until time.Time, each func(*earshot.Alert) error) error {
	for i := range m.raised {
		if a := &m.raised[i]; (team == earshot.All || a.Team == team) && !a.At.Before(since) && (until.IsZero() || a.At.Before(until)) {
			if err := each(a); err != nil {
				return err
			}
		}
	}
	if since.Before(m.reach) {
		return context.DeadlineExceeded
	}
	return m.err
}

type office struct {
	*testing.T
	store *memory
	desk  *mutes.Desk
	now   time.Time
	log   []string
}

func newOffice(t *testing.T) *office {
	o := &office{T: t, store: &memory{mutes: map[string]noise.Mute{}, used: map[string]bool{}}, now: noon}
	o.desk = mutes.NewDesk(mutes.Options{
		Store: o.store, Teams: func() []string { return []string{"cs", "pr"} }, Longest: func() time.Duration { return 48 * time.Hour },
		Now: func() time.Time { return o.now }, Changed: func(did, by string, _ *noise.Mute) { o.log = append(o.log, did+" by "+by) },
	})
	return o
}

func (o *office) ask(team, person string, verb mutes.Verb, request string) (any, error) {
	return o.desk.Serve(o.Context(), team, person, verb, []byte(request))
}

func (o *office) add(team, person, request string) noise.Mute {
	o.Helper()
	answer, err := o.ask(team, person, mutes.Add, request)
	if err != nil {
		o.Fatal(err)
	}
	return answer.(mutes.Done).Mute
}

func (o *office) listed(team, person string) string {
	o.Helper()
	answer, err := o.ask(team, person, mutes.List, "")
	if err != nil {
		o.Fatal(err)
	}
	var said []string
	for _, m := range answer.(mutes.Listed).Mutes {
		said = append(said, fmt.Sprintf("%s of %q by %s", m.Matchers, m.Team, m.By))
	}
	return strings.Join(said, "; ")
}

func (o *office) refused(team, person string, verb mutes.Verb, request string, code casework.Code, says string) {
	o.Helper()
	_, err := o.ask(team, person, verb, request)
	refusal, ok := errors.AsType[*casework.Refusal](err)
	if !ok || refusal.Code != code || !strings.Contains(refusal.What, says) {
		o.Errorf("%s of %s, %s %s: %v (want %s, %q)", person, team, verb, request, err, code, says)
	}
}

const strike = `{"matchers":"topic=delivery","for":"2h","why":"the carrier is on strike"}`

// A person mutes what the own team hears, in the own name, and ends it; others see
// what concerns them.
func TestPeopleMute(t *testing.T) {
	o := newOffice(t)
	m := o.add("cs", "anna", strike)
	want := noise.Mute{ID: m.ID, Matchers: m.Matchers, Team: "cs", By: "anna", Why: "the carrier is on strike", From: noon, Until: noon.Add(2 * time.Hour)}
	if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", m)); diff != "" || m.Matchers.String() != "topic=delivery" {
		t.Error(diff)
	}
	wide := o.add(earshot.All, "operator", `{"matchers":"listener=broken","for":"1h","why":"it repeats itself"}`)
	for team, want := range map[string]string{
		"cs":        `listener=broken of "" by operator; topic=delivery of "cs" by anna`,
		"pr":        `listener=broken of "" by operator`,
		earshot.All: `listener=broken of "" by operator; topic=delivery of "cs" by anna`,
	} {
		if got := o.listed(team, "bob"); got != want {
			t.Errorf("%s sees %s", team, got)
		}
	}
	o.refused("pr", "dora", mutes.End, `{"id":"`+m.ID+`"}`, casework.NotFound, "no mute")
	o.refused("cs", "anna", mutes.End, `{"id":"`+wide.ID+`"}`, casework.Forbidden, "holds for all teams")
	o.refused("cs", "anna", mutes.End, `{}`, casework.BadRequest, "ID is missing")
	if answer, err := o.ask("cs", "bob", mutes.End, `{"id":"`+m.ID[:6]+`"}`); err != nil || answer.(mutes.Done).Did != mutes.Ended {
		t.Errorf("%+v %v", answer, err)
	}
	o.refused("cs", "bob", mutes.End, `{"id":"`+m.ID+`"}`, casework.NotFound, "no mute")
	if got := o.listed("cs", "anna"); got != `listener=broken of "" by operator` {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"added by anna", "added by operator", "ended by bob"}, o.log); diff != "" {
		t.Error(diff)
	}
}

// Nobody acts as somebody else or for another team, and what is asked must make
// sense; each refusal says what and what next.
func TestRefused(t *testing.T) {
	o := newOffice(t)
	for request, want := range map[string]struct {
		code casework.Code
		says string
	}{
		`{"by":"bob","matchers":"topic=delivery","for":"2h","why":"x"}`:                     {casework.Forbidden, "nobody acts as bob"},
		`{"team":"pr","matchers":"topic=delivery","for":"2h","why":"x"}`:                    {casework.BadRequest, "unknown field"},
		`{"matchers":"topic=delivery,team=pr","for":"2h","why":"x"}`:                        {casework.BadRequest, "alerts of cs"},
		`{"matchers":"team=cs","for":"2h","why":"x"}`:                                       {casework.BadRequest, "everything"},
		`{"matchers":"brand=~\".*\"","for":"2h","why":"x"}`:                                 {casework.BadRequest, "everything"},
		`{"matchers":"topic=delivery","for":"3d","why":"x"}`:                                {casework.BadRequest, "at most 2d (noise.max_mute)"},
		`{"matchers":"topic=delivery","for":"99999999w","why":"x"}`:                         {casework.BadRequest, "no length of time"},
		`{"matchers":"topic=delivery","for":"-2h","why":"x"}`:                               {casework.BadRequest, "ends before"},
		`{"matchers":"topic=delivery","why":"x"}`:                                           {casework.BadRequest, "needs an end"},
		`{"matchers":"topic=delivery","for":"2h"}`:                                          {casework.BadRequest, "reason is missing"},
		`{"matchers":"topc=delivery","for":"2h","why":"x"}`:                                 {casework.BadRequest, `no "topc"`},
		`{"matchers":"topic=delivery","for":"2h","why":"x"}{}`:                              {casework.BadRequest, "more than one"},
		`{"matchers":"` + strings.Repeat("x", 3000) + `","for":"2h","why":"x"}`:             {casework.BadRequest, "too long"},
		`{"matchers":"topic=delivery","for":"2h","why":"` + strings.Repeat("x", 600) + `"}`: {casework.BadRequest, "too long"},
		`nonsense`:                            {casework.BadRequest, "reading the request"},
		`{"matchers":7,"for":"1h","why":"x"}`: {casework.BadRequest, "matchers is to be a text, not a JSON number"},
	} {
		o.refused("cs", "anna", mutes.Add, request, want.code, want.says)
	}
	o.refused("finance", "anna", mutes.Add, strike, casework.NotFound, "no team")
	o.refused("cs", earshot.Daemon, mutes.Add, strike, casework.Forbidden, "nobody acts under it")
	o.refused("cs", "a b", mutes.Add, strike, casework.Forbidden, "cannot be a person's name")
	o.refused("cs", "anna", "burn", strike, casework.BadRequest, "no verb")
	o.refused("cs", "anna", mutes.Preview, `{"matchers":"topic=delivery","since":"-1h"}`, casework.BadRequest, "no length of time")
	o.refused("cs", "anna", mutes.Preview, `{"matchers":"team=pr"}`, casework.BadRequest, "everything")
	if got := o.listed(earshot.All, "operator"); got != "" {
		t.Errorf("made all the same: %s", got)
	}
	o.store.err = errors.New("the store is away")
	if _, err := o.ask("cs", "anna", mutes.List, ""); !errors.Is(err, o.store.err) {
		t.Error(err)
	}
}

// A request that is repeated is done once, also when its mute was ended since.
func TestRequestOnce(t *testing.T) {
	o := newOffice(t)
	request := strings.Replace(strike, "{", `{"request":"r1",`, 1)
	m := o.add("cs", "anna", request)
	answer, err := o.ask("cs", "anna", mutes.Add, request)
	if done, ok := answer.(mutes.Done); err != nil || !ok || !done.Again || done.Mute.ID != m.ID || len(o.store.mutes) != 1 {
		t.Errorf("%+v %v", answer, err)
	}
	if other := o.add("cs", "bob", request); other.ID == m.ID {
		t.Error("bob's request was taken for anna's")
	}
	if _, err := o.ask("cs", "anna", mutes.End, `{"id":"`+m.ID+`"}`); err != nil {
		t.Fatal(err)
	}
	o.refused("cs", "anna", mutes.Add, request, casework.Clash, "ended since")
}

// Mutes do not pile up: those of yesterday go, and a team has a hundred at most.
func TestBounded(t *testing.T) {
	o := newOffice(t)
	old := o.add("cs", "anna", strike)
	o.now = noon.Add(27 * time.Hour)
	for range 100 {
		o.add("cs", "anna", strike)
	}
	if _, there := o.store.mutes[old.ID]; there || len(o.store.mutes) != 100 {
		t.Errorf("%d mutes", len(o.store.mutes))
	}
	o.refused("cs", "bob", mutes.Add, strike, casework.Forbidden, "100 mutes hold already")
	o.add("pr", "dora", strike)
	o.now = o.now.Add(3 * time.Hour)
	o.add("cs", "bob", strike)
}

// A preview counts what a mute would have held back, danger apart, of the own team.
func TestPreview(t *testing.T) {
	o := newOffice(t)
	alert := func(n int, team, network string, band earshot.Band, danger bool, ago time.Duration) {
		o.store.raised = append(o.store.raised, earshot.Alert{
			ID: fmt.Sprint(n), Team: team, Brand: "acme", Kind: earshot.KindCustomer, Urgency: band, At: noon.Add(-ago), Summary: fmt.Sprintf("number %d", n),
			Mention: &earshot.Mention{Network: network}, Verdict: &earshot.Verdict{Danger: danger},
		})
	}
	for n := range 20 {
		alert(n, "cs", "x", earshot.Normal, false, time.Duration(n+1)*time.Minute)
	}
	alert(100, "cs", "x", earshot.High, false, 2*time.Hour)
	alert(101, "cs", "x", earshot.Critical, true, time.Hour)
	alert(102, "cs", "reddit", earshot.Critical, false, time.Hour)
	alert(103, "cs", "x", earshot.Critical, false, 25*time.Hour)
	alert(104, "pr", "x", earshot.Critical, false, time.Hour)
	o.store.raised = append(o.store.raised, earshot.Alert{Team: "cs", At: noon, Why: earshot.BecauseDigest, Brand: "acme"})
	answer, err := o.ask("cs", "anna", mutes.Preview, `{"matchers":"brand=acme,network=~\"x|bluesky\""}`)
	if err != nil {
		t.Fatal(err)
	}
	v := answer.(*mutes.View)
	if v.Alerts != 23 || v.Held != 21 || v.Danger != 1 || len(v.Top) != mutes.MostTop || v.Top[0].ID != "100" || v.Top[1].ID != "0" {
		t.Errorf("%+v", v)
	}
	want := []mutes.Group{{"cs", "acme", earshot.KindCustomer, earshot.High, 1}, {"cs", "acme", earshot.KindCustomer, earshot.Normal, 20}}
	if diff := cmp.Diff(want, v.Groups); diff != "" {
		t.Error(diff)
	}
	body, err := json.Marshal(v)
	if err != nil || !strings.Contains(string(body), `"matchers":"brand=acme,network=~\"x|bluesky\""`) {
		t.Errorf("%s %v", body, err)
	}
	if len(o.store.mutes) != 0 {
		t.Error("the preview made a mute")
	}
	if answer, err := o.ask(earshot.All, "operator", mutes.Preview, `{"matchers":"brand=acme","since":"2d"}`); err != nil || answer.(*mutes.View).Held != 24 {
		t.Errorf("%+v %v", answer, err)
	}
	// What there was no time for is not guessed: the newest ones are shown, all of them.
	o.store.reach = noon.Add(-100 * time.Minute)
	if answer, err = o.ask("cs", "anna", mutes.Preview, `{"matchers":"brand=acme,network=~\"x|bluesky\""}`); err != nil {
		t.Fatal(err)
	}
	if v := answer.(*mutes.View); !v.Partial || v.Alerts != 20 || v.Held != 20 || !v.Since.Equal(noon.Add(-45*time.Minute)) {
		t.Errorf("%+v", v)
	}
	o.store.err = context.DeadlineExceeded
	o.refused("cs", "anna", mutes.Preview, `{"matchers":"brand=acme"}`, casework.Unavailable, "ask for a shorter time")
}
