package noise_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts/noise"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func customer(n int, band earshot.Band) *earshot.Alert {
	return &earshot.Alert{
		ID: fmt.Sprintf("case%d.cs.1", n), Case: fmt.Sprintf("case%d", n), Team: "cs", Brand: "acme", Kind: earshot.KindCustomer,
		Topic: "delivery", Urgency: band, Why: earshot.BecauseNew,
		Mention: &earshot.Mention{Network: "x", Author: earshot.Author{Handle: "@Jane"}, Lang: "en-GB", Listener: "x-search"},
		Verdict: &earshot.Verdict{Topics: []string{"delivery", "refund"}},
	}
}

func crisisAlert(state earshot.Alarm) *earshot.Alert {
	return &earshot.Alert{
		ID: "crisis.pr.1", Case: "crisis", Team: "pr", Brand: "acme", Kind: earshot.KindCrisis, Urgency: earshot.Critical,
		Why: earshot.BecauseNew, Evidence: &earshot.Evidence{To: state},
	}
}

// Matchers mean what they mean in Alertmanager.
func TestMatchers(t *testing.T) {
	subject := noise.Of(customer(1, earshot.Normal))
	for text, want := range map[string]bool{
		`brand=acme`:                         true,
		`{ brand = "acme" , kind=customer }`: true,
		`brand!=acme`:                        false,
		`brand=~"ac.*"`:                      true,
		`brand=~"c"`:                         false, // patterns match whole values
		`brand!~"x|y"`:                       true,
		`network=~"x|bluesky",urgency!=high`: true,
		`topic=refund`:                       true, // any of its topics
		`topic!=refund`:                      false,
		`author=jane`:                        true,
		`author=~"@JA.*"`:                    true,
		`language=~"en.*",listener=x-search`: true,
		`state=""`:                           true,
		`kind=customer,topic=~"return.*"`:    false,
	} {
		matchers, err := noise.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := matchers.Match(&subject); got != want {
			t.Errorf("%s matches: %v", text, got)
		}
	}
}

// What is no matcher is told with the place and what to write.
func TestMatcherMistakes(t *testing.T) {
	for text, want := range map[string]struct {
		at   int
		what string
	}{
		``:                           {0, "a name is missing"},
		`brand`:                      {5, "how shall brand compare"},
		`brnd=acme`:                  {0, `no "brnd"`},
		`brand=`:                     {6, "value is missing"},
		`brand=acme kind=x`:          {11, "separated by commas"},
		`brand=acme,kind=custmer`:    {16, `no kind "custmer"`},
		`brand="acme`:                {6, "quotes are not closed"},
		`{brand=acme`:                {11, "brace is not closed"},
		`brand=~"("`:                 {7, "not a pattern"},
		`brand=~"a)|(b"`:             {7, "not a pattern"},
		`brand=~"((a{30}){30}){30}"`: {7, ""},
		`topic=~"(\\pL{90}){11}"`:    {7, "too big"},
		`brand=acme,`:                {11, "a name is missing"},
		strings.Repeat("a", 3000):    {0, "too long"},
	} {
		_, err := noise.Parse(text)
		problem, ok := errors.AsType[earshot.Problem](err)
		if !ok || problem.Offset != want.at || !strings.Contains(problem.What, want.what) || problem.Hint == "" {
			t.Errorf("%s: at %d: %v", text, problem.Offset, err)
		}
	}
}

// Whatever is read is written so that it means the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{`brand=acme,network=~"x|bluesky"`, `{author!="@Jö",topic!~"a\"b\\d+"}`, `state=""`, `brand=~"((a{100}){100}"`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		matchers, err := noise.Parse(text)
		if err != nil {
			if p, ok := errors.AsType[earshot.Problem](err); !ok || p.Offset < 0 || p.Offset > len(text) {
				t.Fatalf("%v at %d", err, p.Offset)
			}
			return
		}
		again, err := noise.Parse(matchers.String())
		if err != nil || again.String() != matchers.String() {
			t.Fatalf("%q became %q: %v", text, matchers, err)
		}
		subject := noise.Of(customer(1, earshot.High))
		if matchers.Match(&subject) != again.Match(&subject) {
			t.Fatalf("%q and %q differ", text, matchers)
		}
	})
}

func mute(t rapid.TB, matchers string, until time.Time) noise.Mute {
	t.Helper()
	ms, err := noise.Parse(matchers)
	if err != nil {
		t.Fatal(err)
	}
	return noise.Mute{ID: "m1", Matchers: ms, By: "anna", Why: "launch day", From: noon, Until: until}
}

func pass(t *testing.T, g *noise.Gate, a *earshot.Alert, danger bool, now time.Time, want string) {
	t.Helper()
	if got := g.Pass(a, danger, now); got != want {
		t.Errorf("%s is held by %q, not %q", a.ID, got, want)
	}
}

// A mute holds back what it matches, except danger, and says at its end what.
func TestMute(t *testing.T) {
	g := noise.New(noise.Config{})
	end := noon.Add(2 * time.Hour)
	m := mute(t, `topic=delivery`, end)
	g.Mute([]noise.Mute{m}, noon)
	pass(t, g, customer(1, earshot.Normal), false, noon, "mute m1")
	pass(t, g, customer(2, earshot.Critical), true, noon, "")
	pass(t, g, customer(3, earshot.High), false, noon.Add(time.Hour), "mute m1")
	if d := g.Digests(end.Add(-1)); d != nil || !g.Due().Equal(end) {
		t.Errorf("told before the mute has ended: %v", d)
	}
	pass(t, g, customer(4, earshot.Normal), false, end, "")
	got := g.Digests(end)
	if len(got) != 1 {
		t.Fatalf("%d digests", len(got))
	}
	want := &earshot.Held{From: noon, To: end, Alerts: 2, Why: []earshot.Tally{{Name: "mute m1", Count: 2}}, Cases: []string{"case3", "case1"}}
	if diff := cmp.Diff(want, got[0].Held); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(got[0].Summary, "mute m1 is over") || got[0].Urgency != earshot.High || got[0].Kind != earshot.KindCustomer {
		t.Errorf("%+v", got[0])
	}
	if again := g.Digests(end.Add(48 * time.Hour)); again != nil {
		t.Error("told twice")
	}
}

// Who takes a mute back hears at once what it held.
func TestMuteTakenBack(t *testing.T) {
	g := noise.New(noise.Config{})
	g.Mute([]noise.Mute{mute(t, `brand=acme`, noon.Add(24*time.Hour))}, noon)
	pass(t, g, customer(1, earshot.Normal), false, noon, "mute m1")
	g.Mute(nil, noon.Add(time.Minute))
	if got := g.Digests(noon.Add(time.Minute)); len(got) != 1 || got[0].Held.Alerts != 1 {
		t.Errorf("%v", got)
	}
}

// The team of a mute hears that it is over, whatever it held back and however often
// it was told before; a mute of one team says nothing of the others.
func TestMuteAnnounced(t *testing.T) {
	g := noise.New(noise.Config{})
	end := noon.Add(40 * time.Hour)
	own, idle, wide := mute(t, `topic=delivery`, end), mute(t, `topic=recall`, noon.Add(time.Hour)), mute(t, `topic=delivery`, end)
	own.Team, idle.ID, idle.Team, wide.ID = "cs", "m2", "cs", "m3"
	g.Mute([]noise.Mute{own, idle}, noon)
	other := customer(1, earshot.Normal)
	other.Team = "pr"
	pass(t, g, other, false, noon, "")
	pass(t, g, customer(2, earshot.Normal), false, noon.Add(30*time.Minute), "mute m1")
	said := func(at time.Time, want ...string) {
		t.Helper()
		var got []string
		for _, d := range g.Digests(at) {
			got = append(got, d.Team+" "+string(d.Urgency)+" "+d.Summary)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	said(noon.Add(time.Hour), "cs normal 1 held back since Sun 12:30 UTC: 1 by mute m1; mute m2 is over (topic=recall, by anna)")
	said(noon.Add(39 * time.Hour))
	g.Mute([]noise.Mute{own, wide}, noon.Add(39*time.Hour))
	g = g.With(noise.Config{})
	said(end, "cs low mute m1 is over (topic=delivery, by anna): nothing more was held back")
	said(end.Add(time.Hour))
}

// A crisis holds back small customer matters and stories of its brand while it
// lasts, and no longer.
func TestInhibit(t *testing.T) {
	g := noise.New(noise.Config{})
	pass(t, g, crisisAlert(earshot.InCrisis), false, noon, "")
	pass(t, g, customer(1, earshot.Normal), false, noon, "crisis of acme")
	pass(t, g, customer(2, earshot.High), false, noon, "")
	pass(t, g, customer(3, earshot.Normal), true, noon, "")
	other := customer(4, earshot.Low)
	other.Brand = "zen"
	pass(t, g, other, false, noon, "")
	pass(t, g, crisisAlert(earshot.Recovering), false, noon.Add(time.Hour), "")
	pass(t, g, customer(5, earshot.Low), false, noon.Add(time.Hour), "")
	if got := g.Digests(noon.Add(time.Hour)); len(got) != 1 || got[0].Team != "cs" || got[0].Held.Alerts != 1 {
		t.Errorf("%v", got)
	}
	pass(t, g, crisisAlert(earshot.InCrisis), false, noon.Add(2*time.Hour), "")
	pass(t, g, customer(6, earshot.Low), false, noon.Add(48*time.Hour), "") // nothing was heard of the crisis for too long
	off := noise.New(noise.Config{Inhibit: []noise.Inhibit{}})
	pass(t, off, crisisAlert(earshot.InCrisis), false, noon, "")
	pass(t, off, customer(1, earshot.Low), false, noon, "")
}

// A limit lets so many through, except what is critical, and refills.
func TestLimit(t *testing.T) {
	g := noise.New(noise.Config{Limits: map[string]noise.Limit{"cs": {Alerts: 2}}})
	pass(t, g, customer(1, earshot.Normal), false, noon, "")
	pass(t, g, customer(2, earshot.Normal), false, noon, "")
	pass(t, g, customer(3, earshot.Normal), false, noon, "limit")
	pass(t, g, customer(4, earshot.Critical), false, noon, "")
	pass(t, g, customer(5, earshot.Normal), false, noon.Add(30*time.Minute), "")
	pass(t, g, customer(6, earshot.Normal), false, noon.Add(30*time.Minute), "limit")
	pass(t, g, customer(7, earshot.Normal), false, noon.Add(-100*time.Hour), "limit") // a clock that is turned back
	again := g.With(noise.Config{})
	pass(t, again, customer(8, earshot.Normal), false, noon, "")
	if got := again.Digests(noon.Add(24 * time.Hour)); len(got) != 1 || got[0].Held.Alerts != 3 {
		t.Errorf("%v", got)
	}
}

// An open case that nobody claims is repeated.
func TestAgain(t *testing.T) {
	c := noise.Config{Repeat: 4 * time.Hour}
	at, ok := c.Again(&earshot.Case{State: earshot.Open, ToldAt: noon})
	if !ok || !at.Equal(noon.Add(4*time.Hour)) {
		t.Errorf("%v %v", at, ok)
	}
	for _, k := range []earshot.Case{{State: earshot.Claimed, ToldAt: noon}, {State: earshot.Open, Owner: "anna", ToldAt: noon}, {State: earshot.Open}} {
		if _, ok := c.Again(&k); ok {
			t.Errorf("%+v", k)
		}
	}
}

// Mutes are for a time, by somebody, of something, for a reason.
func TestMuteCheck(t *testing.T) {
	good := mute(t, `brand=acme`, noon.Add(time.Hour))
	if problems := good.Check(noise.DefaultMaxMute, noon); problems != nil {
		t.Error(problems)
	}
	for path, change := range map[string]func(*noise.Mute){
		"matchers": func(m *noise.Mute) { m.Matchers = mute(t, `brand!=zen,topic=""`, noon).Matchers },
		"by":       func(m *noise.Mute) { m.By = "" },
		"why":      func(m *noise.Mute) { m.Why = " " },
		"until":    func(m *noise.Mute) { m.Until = noon.Add(30 * 24 * time.Hour) },
		"all":      func(m *noise.Mute) { m.Team, m.Matchers = "cs", mute(t, `team=cs`, noon).Matchers },
		"others":   func(m *noise.Mute) { m.Team, m.Matchers = "cs", mute(t, `brand=acme,team=~"pr|ops"`, noon).Matchers },
	} {
		bad := good
		change(&bad)
		if path == "all" || path == "others" {
			path = "matchers"
		}
		if problems := bad.Check(noise.DefaultMaxMute, noon); len(problems) != 1 || problems[0].Path != path || problems[0].Hint == "" {
			t.Errorf("%s: %v", path, problems)
		}
	}
	data, err := json.Marshal(good)
	var back noise.Mute
	if err2 := json.Unmarshal(data, &back); err != nil || err2 != nil || back.Matchers.String() != "brand=acme" {
		t.Errorf("%s: %v %v", data, err, err2)
	}
}

// The configuration is checked, with places and hints.
func TestCheck(t *testing.T) {
	if problems := (noise.Config{Limits: map[string]noise.Limit{"cs": {Alerts: 30}}}).Check("noise", []string{"cs"}); problems != nil {
		t.Error(problems)
	}
	c := noise.Config{
		MaxMute: -1, Digest: time.Second, Group: -1, Repeat: time.Second,
		Inhibit: []noise.Inhibit{{When: "kind=crisis", Hides: "kind=", Same: []string{"colour"}}},
		Limits:  map[string]noise.Limit{"cz": {Alerts: 0, Per: time.Second}},
	}
	var got []string
	for _, p := range c.Check("noise", []string{"cs"}) {
		if p.Hint == "" || p.What == "" {
			t.Errorf("%+v", p)
		}
		got = append(got, p.Path)
	}
	want := []string{
		"noise.max_mute", "noise.digest", "noise.group_interval", "noise.repeat_interval", "noise.inhibit[0].hides", "noise.inhibit[0].same[0]",
		"noise.limits.cz", "noise.limits.cz.alerts", "noise.limits.cz.per",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever happens, danger is never held back, everything held is told exactly
// once, a restart anywhere changes nothing, and the state stays small.
func TestNothingLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config := noise.Config{Limits: map[string]noise.Limit{"cs": {Alerts: 3, Per: time.Hour}}}
		g, now := noise.New(config), noon
		held, told := 0, 0
		tell := func() {
			for _, d := range g.Digests(now) {
				sum := 0
				for _, why := range d.Held.Why {
					sum += why.Count
				}
				if sum != d.Held.Alerts || len(d.Held.Cases) > 20 || g.Pass(d, false, now) != "" {
					t.Fatalf("%+v", d.Held)
				}
				told += d.Held.Alerts
			}
		}
		var mutes []noise.Mute
		for i := range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				m := mute(t, rapid.SampledFrom([]string{`topic=delivery`, `urgency=critical`, `kind=crisis`}).Draw(t, "mute"), now.Add(3*time.Hour))
				m.ID, m.From = fmt.Sprintf("m%d", i), now
				mutes = []noise.Mute{m}
				g.Mute(mutes, now)
			case 1:
				mutes = nil
				g.Mute(nil, now)
			case 2:
				if g.Pass(crisisAlert(rapid.SampledFrom([]earshot.Alarm{earshot.InCrisis, earshot.Calm}).Draw(t, "state")), false, now) != "" {
					held++
				}
			case 3:
				g = restarted(t, g, config, mutes, now)
			case 4:
				tell()
			case 5:
				g.Clone().Pass(customer(i, earshot.Low), false, now) // an attempt that came to nothing
			default:
				danger := rapid.Bool().Draw(t, "danger")
				by := g.Pass(customer(i, rapid.SampledFrom(earshot.BandNames()).Draw(t, "band")), danger, now)
				if danger && by != "" {
					t.Fatalf("danger is held back by %s", by)
				}
				if by != "" {
					held++
				}
			}
		}
		now = now.Add(25 * time.Hour)
		tell()
		if held != told || !g.Due().IsZero() {
			t.Fatalf("%d were held back, %d told", held, told)
		}
	})
}

func restarted(t *rapid.T, g *noise.Gate, config noise.Config, mutes []noise.Mute, now time.Time) *noise.Gate {
	next := noise.New(config)
	for _, team := range g.Teams() {
		data, err := g.Save(team)
		if err != nil || len(data) > 16<<10 {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		if err := next.Load(team, data); err != nil {
			t.Fatal(err)
		}
	}
	next.Mute(mutes, now)
	return next
}

// What is remembered of a team stays bounded, also when everything is different.
func TestBounded(t *testing.T) {
	g := noise.New(noise.Config{Inhibit: []noise.Inhibit{{When: "kind=crisis", Hides: "kind=customer"}}})
	long := strings.Repeat("å", 500)
	for i := range 2000 {
		brand := fmt.Sprintf("brand-%d-%s", i, long)
		a := crisisAlert(earshot.InCrisis)
		a.Brand, a.Team, a.Evidence.Topic = brand, "cs", long
		g.Pass(a, false, noon)
		g.Pass(customer(i, earshot.Low), false, noon)
		b := customer(i, earshot.Low)
		b.Brand, b.Case = brand, brand
		g.Pass(b, false, noon)
	}
	data, err := g.Save("cs")
	if err != nil || len(data) > 16<<10 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	for _, bad := range []string{"", "[]", `{"held":"x"}`, strings.Repeat(" ", 17<<10) + "{}"} {
		if err := noise.New(noise.Config{}).Load("cs", []byte(bad)); err == nil {
			t.Errorf("%.20q was read", bad)
		}
	}
}
