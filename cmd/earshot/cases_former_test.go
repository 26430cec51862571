package main

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// Who takes a team out of the configuration hears of the open cases that nobody sees
// to any more, at the reload and at each start, and can still read them and hand them
// over.
func TestFormerTeam(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ids := []string{o.hears(1).ID, o.hears(2).ID}
	text, err := os.ReadFile(o.config)
	if err != nil {
		t.Fatal(err)
	}
	renamed := strings.NewReplacer("team: cs}", "team: care}", "send: [cs, pr]", "send: [care, pr]", "name: cs,", "name: care,").Replace(string(text))
	o.process.reload(t, o.config, renamed, "configuration reloaded")
	o.process.saysFormer(t, 2)
	if page := o.list("cs"); page.Total != 2 {
		t.Errorf("%d cases of the team that is gone, want 2", page.Total)
	}
	for _, step := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"show", ids[0], "--team", "cs"}, exitOK, "acme makes me furious"},
		{[]string{"escalate", ids[0], "--team", "cs", "--to", "care"}, exitOK, "escalated by operator"},
		{[]string{"resolve", ids[0], "--team", "cs"}, exitOK, "resolved by operator"},
		{[]string{"show", ids[0], "--team", "care"}, exitOK, "acme makes me furious"},
		{[]string{"--team", "cx"}, exitFailed, `there is no team "cx" (one of care, pr), and no case of a former one`},
	} {
		code, out, errs := o.earshot("", step.args...)
		if code != step.code || !strings.Contains(out+errs, step.says) {
			t.Errorf("cases %s: exit %d, want %d and %q\n%s%s", strings.Join(step.args, " "), code, step.code, step.says, out, errs)
		}
	}
	o.process.stop(t)
	o.process = startProcess(t, o.config, strings.TrimPrefix(o.process.http, "http://"))
	o.process.ready(t)
	o.process.saysFormer(t, 1)
	o.process.stop(t)
}

// saysFormer waits for the word of cases that a former team left open.
func (d *process) saysFormer(t *testing.T, open float64) {
	t.Helper()
	const message = "a team that is gone has open cases"
	eventually(t, "the daemon says: "+message, func() error {
		for _, e := range d.entries(t) {
			if e["msg"] == message && e["level"] == "warn" && e["team"] == "cs" && e["open"] == open && strings.Contains(e["hint"].(string), "escalate ID --team cs") {
				return nil
			}
		}
		return errors.New(tail(d.log.String(), 5))
	})
}
