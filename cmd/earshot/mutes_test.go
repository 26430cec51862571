package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/noise"
)

// A preview counts what a mute would have held back, and danger apart.
func TestMutePreview(t *testing.T) {
	matchers, err := readMatchers(`brand=acme,network=~"x|bluesky"`)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := newMutePreview(matchers, now.Add(-24*time.Hour), now)
	alert := func(n int, network string, band earshot.Band, danger bool, ago time.Duration) {
		p.add(&earshot.Alert{
			ID: fmt.Sprint(n), Team: "cs", Brand: "acme", Kind: earshot.KindCustomer, Urgency: band, At: now.Add(-ago), Summary: fmt.Sprintf("number\n%d", n),
			Mention: &earshot.Mention{Network: network}, Verdict: &earshot.Verdict{Danger: danger},
		})
	}
	for n := range 20 {
		alert(n, "x", earshot.Normal, false, time.Hour)
	}
	alert(100, "x", earshot.High, false, 2*time.Hour)
	alert(101, "x", earshot.Critical, true, time.Hour)
	alert(102, "reddit", earshot.Critical, false, time.Hour)
	alert(103, "x", earshot.Critical, false, 25*time.Hour)
	var out bytes.Buffer
	if err := p.show(&out, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`brand=acme,network=~"x|bluesky" would have held back 21 of 23 alerts since`,
		"  high    cs  acme  customer  1\n  normal  cs  acme  customer  20\n",
		"not held back, since people are in danger: 1\n",
		"high  number100\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "number"); n != shownHeld {
		t.Errorf("%d alerts are shown", n)
	}
}

// The command reads what a running daemon stored; mistakes show where they are.
func TestMutesCommand(t *testing.T) {
	for call, want := range map[string]string{
		`brnd=acme`:       "\n  brnd=acme\n  ^",
		`brand=acme,kind`: "\n  brand=acme,kind\n                 ^",
	} {
		if code, _, errs := muteCall(t, "preview", call); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%d %s", code, errs)
		}
	}
	if code, _, errs := muteCall(t, "preview", "brand=acme", "--since", "soon"); code != exitUsage || !strings.Contains(errs, "--since") {
		t.Errorf("%d %s", code, errs)
	}
	o := newOffice(t)
	o.hears(1)
	eventually(t, "both teams' alerts are stored", func() error {
		code, out, errs := muteCall(t, "preview", `author=@jane1,team=cs`, "--json", "-c", o.config)
		var got struct {
			Alerts, Held int
			Matchers     noise.Matchers
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitOK {
			return fmt.Errorf("%d %w %s", code, err, errs)
		}
		if got.Alerts != 2 || got.Held != 1 || got.Matchers.String() != "author=jane1,team=cs" {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
}

// Mutes are made with a reason and an end, are listed, and are taken back once.
func TestMuteChange(t *testing.T) {
	o := newOffice(t)
	change := func(args ...string) (string, error) {
		cmd := newMutesCommand()
		cmd.AddCommand(newMuteChangeCommands()...)
		cmd.PersistentFlags().StringP("config", "c", o.config, "")
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SetArgs(args)
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	for _, wrong := range [][]string{
		{"add", "brand=acme", "--for", "2h"}, // no reason
		{"add", "brand=acme", "--why", "strike", "--for", "30d"},
		{"add", "brand!=acme", "--why", "strike"}, // holds what is no brand's, too
		{"add", "brand=acme", "--why", "strike", "--for", "soon"},
		{"rm", "nosuch"},
	} {
		if out, err := change(wrong...); err == nil {
			t.Errorf("%v: %s", wrong, out)
		}
	}
	if out, err := change("list"); err != nil || out != "no mutes\n" {
		t.Fatalf("%q %v", out, err)
	}
	out, err := change("add", `brand=acme,topic=~"deliver.*"`, "--why", "strike", "--for", "2h", "--as", "anna")
	id, _, _ := strings.Cut(out, " ")
	if err != nil || len(id) != 6 {
		t.Fatalf("%q %v", out, err)
	}
	out, err = change("list", "--json")
	var mutes []noise.Mute
	if err2 := json.Unmarshal([]byte(out), &mutes); err != nil || err2 != nil || len(mutes) != 1 || mutes[0].By != "anna" || mutes[0].ID != id {
		t.Errorf("%s %v %v", out, err, err2)
	}
	if out, err := change("list"); err != nil || !strings.Contains(out, id) || !strings.Contains(out, "strike") {
		t.Errorf("%s %v", out, err)
	}
	if out, err := change("rm", id); err != nil {
		t.Errorf("%s %v", out, err)
	}
	if out, err := change("rm", id); err == nil || !strings.Contains(err.Error(), "there is no mute") {
		t.Errorf("%s %v", out, err)
	}
}

func muteCall(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	return call(t, "", append([]string{"mutes"}, args...)...)
}
