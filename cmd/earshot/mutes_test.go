package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/nats-io/nats.go"

	"earshot"
	"earshot/alerts/casework"
	"earshot/alerts/mutes"
	"earshot/alerts/noise"
)

// A preview is shown with numbers first, danger apart, and a line an alert.
func TestPrintView(t *testing.T) {
	matchers, err := noise.Parse(`brand=acme,network=~"x|bluesky"`)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	v := mutes.NewView(noise.Mute{Matchers: matchers, Team: "cs"}, now.Add(-24*time.Hour), now)
	for n := range 30 {
		v.Add(&earshot.Alert{
			ID: fmt.Sprint(n), Team: "cs", Brand: "acme", Kind: earshot.KindCustomer, Urgency: earshot.BandNames()[n%3], At: now.Add(-time.Hour), Summary: fmt.Sprintf("number\n%d", n),
			Mention: &earshot.Mention{Network: "x"}, Verdict: &earshot.Verdict{Danger: n == 0},
		})
	}
	var out bytes.Buffer
	if err := printView(&out, v); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`brand=acme,network=~"x|bluesky" would have held back 29 of 30 alerts of cs since`,
		"  high    cs  acme  customer  10\n  normal  cs  acme  customer  10\n  low     cs  acme  customer  9\n",
		"not held back, since people are in danger: 1\n",
		"high  number29\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "number"); n != mutes.MostTop {
		t.Errorf("%d alerts are shown", n)
	}
}

// Mistakes of the call are told before anything is asked, with what to write.
func TestMutesMistakes(t *testing.T) {
	for line, want := range map[string]string{
		"preview brnd=acme":                     "\n  brnd=acme\n  ^",
		"add brand=acme,kind --why x":           "\n  brand=acme,kind\n                 ^",
		"preview brand=acme --since soon":       "--since",
		"preview":                               "earshot mutes preview 'brand=acme",
		"add brand=acme topic=delivery --why x": "put commas between",
		"add brand=acme --for soon --why x":     `--for "soon" is not a time`,
		"add brand=acme":                        "--why is missing",
		"rm":                                    "earshot mutes list",
		"lst":                                   `did you mean "list"`,
		"list --server nats://127.0.0.1:1 --user anna --team cs": "--password-file",
	} {
		if code, _, errs := call(t, "", append([]string{"mutes"}, strings.Fields(line)...)...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: %d %s", line, code, errs)
		}
	}
}

// mutes runs earshot mutes in this process, as a person.
func (o *office) mutes(user string, args ...string) (int, string) {
	o.t.Helper()
	login := []string{"--server", "nats://" + o.address, "--user", user, "--password-file", o.passwordFile(user)}
	if user == "" {
		login = []string{"-c", o.config}
	}
	code, out, errs := call(o.t, "", append(append([]string{"mutes"}, args...), login...)...)
	return code, out + errs
}

// People mute what their own team hears, each under the own name, by earshot and by
// any client of NATS; nobody in the name of another or for another team.
func TestMutesByPeople(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hears(1)
	const strike = `{"matchers":"brand=acme,network=forum","for":"2h","why":"strike"}`
	var done mutes.Done
	if out := o.request("anna", "earshot.ctl.mutes.cs.anna.add", strike); json.Unmarshal([]byte(out), &done) != nil || done.Mute.By != "anna" || done.Mute.Team != "cs" {
		t.Fatal(out)
	}
	for _, forged := range []struct{ user, subject string }{
		{"anna", "earshot.ctl.mutes.cs.bob.add"},
		{"anna", "earshot.ctl.mutes.pr.anna.add"},
		{"anna", "earshot.ctl.mutes.pr.dora.list"},
		{"anna", "earshot.ctl.mutes.all.anna.add"},
		{"dora", "earshot.ctl.mutes.cs.dora.end"},
		{"cs", "earshot.ctl.mutes.cs.cs.add"},
		{"anna", "$KV.earshot_settings.mutes.forged"},
	} {
		if out := o.cli(forged.user, "pub", forged.subject, strike); !strings.Contains(strings.ToLower(out), "permissions violation") {
			t.Errorf("%s on %s was not refused:\n%s", forged.user, forged.subject, out)
		}
	}
	id := done.Mute.ID
	for _, step := range []struct {
		user, line string
		code       int
		says       string
	}{
		{"bob", "list --team cs", exitOK, id},
		{"dora", "list --team pr", exitOK, "no mutes"},
		{"dora", "list --team cs", exitFailed, "may not act as dora of team cs"},
		{"anna", "list --team cs --as bob", exitFailed, "may not act as bob"},
		{"anna", "list", exitUsage, "--team is missing"},
		{"dora", "rm " + id + " --team pr", exitFailed, "no mute"},
		{"anna", "add topic=x --why y --for 3d --team cs", exitFailed, "at most 1d (noise.max_mute)"},
		{"anna", "add team=pr --why y --team cs", exitFailed, "everything"},
		{"anna", "add brand=acme,team=pr --why y --team cs", exitFailed, "alerts of cs"},
		{"bob", "preview author=@jane1 --team cs", exitOK, "would have held back 1 of 1 alert of cs"},
		{"", "preview author=@jane1 --json", exitOK, `"alerts":2,"held":2`},
		{"", "list --team finance", exitUsage, "there is no team"},
		{"", "add brand=nosuch --why y", exitFailed, `there is no brand "nosuch" (one of all, acme)`},
		{"", "add topic=x --why y --for 0s", exitUsage, "longer than nothing"},
		{"", "add listener=none --why y --as chief", exitOK, "alerts of all teams"},
		{"dora", "list --team pr", exitOK, "chief"},
	} {
		if code, out := o.mutes(step.user, strings.Fields(step.line)...); code != step.code || !strings.Contains(out, step.says) {
			t.Errorf("%s: mutes %s: exit %d, want %d and %q\n%s", step.user, step.line, code, step.code, step.says, out)
		}
	}
	conforms(t, "mutes-list", o.request("bob", "earshot.ctl.mutes.cs.bob.list", ""))
	conforms(t, "mutes-view", o.request("bob", "earshot.ctl.mutes.cs.bob.preview", `{"matchers":"author=@jane1"}`))
	o.serviceDocumented()
	o.holdsBack(id)
	o.process.stop(t)
}

// serviceDocumented checks that all a daemon answers to is in docs/asyncapi.yaml, with
// each verb.
func (o *office) serviceDocumented() {
	o.t.Helper()
	doc, err := os.ReadFile("../../docs/asyncapi.yaml")
	if err != nil {
		o.t.Fatal(err)
	}
	var contract struct {
		Channels map[string]struct {
			Address    string `yaml:"address"`
			Parameters map[string]struct {
				Enum []string `yaml:"enum"`
			} `yaml:"parameters"`
		} `yaml:"channels"`
	}
	if err := yaml.Unmarshal(doc, &contract); err != nil {
		o.t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range contract.Channels {
		path, last := c.Address[:strings.LastIndex(c.Address, ".")+1], c.Address[strings.LastIndex(c.Address, ".")+1:]
		path = regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "*")
		known[path+last] = true
		for _, word := range c.Parameters[strings.Trim(last, "{}")].Enum {
			known[path+word] = true
		}
	}
	var info struct {
		Endpoints []struct{ Subject string }
	}
	out := o.cli("daemon", "req", "--raw", "--replies=1", "$SRV.INFO.earshot", "")
	if err := json.Unmarshal([]byte(out), &info); err != nil || len(info.Endpoints) < 20 {
		o.t.Fatalf("%v: %s", err, out)
	}
	for _, e := range info.Endpoints {
		if !known[e.Subject] {
			o.t.Errorf("%s is not in docs/asyncapi.yaml", e.Subject)
		}
	}
}

// holdsBack has something said that the mute of cs is for, ends the mute, and waits
// until cs hears of it. That people are in danger is told in between.
func (o *office) holdsBack(id string) {
	o.t.Helper()
	n := 10
	eventually(o.t, "the mute holds back", func() error {
		n++
		code, out, _ := o.earshot("", "show", o.hears(n).ID, "--team", "cs", "--json")
		var sheet casework.Sheet
		if err := json.Unmarshal([]byte(out), &sheet); err != nil || code != exitOK || sheet.Case.Untold != 1 {
			return fmt.Errorf("%d %w %s", code, err, out)
		}
		return nil
	})
	o.outlives()
	o.explains("acme makes me furious again", "@jane1", "to cs as customer", "now: joins case", "held back by mute "+id, "by anna until", "strike", "to pr as customer", "now: told")
	o.explains("acme makes me furious", "@nobody", "to cs as customer", "now: opens a case", "held back by mute "+id, "to pr as customer", "now: opens a case", "now: told at once (new)")
	o.explains("acme caught fire, that makes me furious", "@nobody", "to cs as customer", "now: opens a case", "now: told at once; nothing holds back")
	cs := listenAs(o.t, "nats://"+o.address, o.state, "cs")
	appendLine(o.t, o.posts, `{"id":"forum:3","network":"forum","text":"acme caught fire, that makes me furious","author":{"handle":"@jim"}}`)
	o.hearsOf(cs, func(a *earshot.Alert) bool { return a.Verdict != nil && a.Verdict.Danger })
	if code, out := o.mutes("bob", "rm", id, "--team", "cs"); code != exitOK || !strings.Contains(out, "has ended") {
		o.t.Fatal(out)
	}
	o.hearsOf(cs, func(a *earshot.Alert) bool {
		return a.Held != nil && a.Held.Alerts >= 2 && strings.Contains(a.Summary, "mute "+id+" is over")
	})
}

// hearsOf waits for an alert.
func (o *office) hearsOf(heard <-chan *nats.Msg, is func(*earshot.Alert) bool) {
	o.t.Helper()
	for {
		select {
		case m := <-heard:
			var a earshot.Alert
			if err := json.Unmarshal(m.Data, &a); err != nil {
				o.t.Fatal(err)
			}
			if is(&a) {
				return
			}
		case <-time.After(patience):
			o.t.Fatal("the alert does not come")
		}
	}
}

// explains asks what would become of a mention now, and wants these words in order.
func (o *office) explains(text, author string, want ...string) {
	o.t.Helper()
	code, out, errs := call(o.t, "", "routes", "explain", "-c", o.config, "--text", text, "--author", author, "--network", "forum")
	rest := out
	for _, words := range want {
		_, after, found := strings.Cut(rest, words)
		if !found || code != exitOK || errs != "" {
			o.t.Fatalf("%q is not where it should be in (exit %d, %s)\n%s", words, code, errs, out)
		}
		rest = after
	}
}

// outlives has something said while the daemon is down: the mute holds it back all
// the same.
func (o *office) outlives() {
	o.t.Helper()
	o.process.kill()
	appendLine(o.t, o.posts, `{"id":"forum:4","network":"forum","text":"acme makes me furious while nobody listens","author":{"handle":"@early"}}`)
	o.process = startProcess(o.t, o.config, strings.TrimPrefix(o.process.http, "http://"))
	o.process.ready(o.t)
	eventually(o.t, "what was said meanwhile is held back", func() error {
		for _, item := range o.list("cs").Cases {
			_, out, _ := o.earshot("", "show", item.ID, "--team", "cs", "--json")
			var sheet casework.Sheet
			if err := json.Unmarshal([]byte(out), &sheet); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			if sheet.Case.Opening == "forum:4" && sheet.Case.Told > 0 {
				o.t.Fatalf("cs was told: %+v", sheet.Case)
			}
			if sheet.Case.Opening == "forum:4" {
				return nil
			}
		}
		return fmt.Errorf("there is no case")
	})
}
