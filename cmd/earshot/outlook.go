package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/bus"
)

// askOutlook is the question that the daemon which raises alerts answers with what
// would become of an outlookQuestion: a []alerts.Outlook.
const askOutlook = "outlook"

type outlookQuestion struct {
	Brand   string          `json:"brand"`
	Mention earshot.Mention `json:"mention"`
	Verdict earshot.Verdict `json:"verdict"`
}

// outlook answers what would become of a mention, were it heard now.
func (d *daemon) outlook(ctx context.Context, question []byte) (any, error) {
	if d.engineState.Load() != alerting {
		return nil, bus.ErrNotMine
	}
	var q outlookQuestion
	if err := json.Unmarshal(question, &q); err != nil {
		return nil, fmt.Errorf("reading the question: %w", err)
	}
	q.Mention.Heard = time.Time{} // as if it came now
	return d.engine.Outlook(ctx, earshot.Stored{Brand: q.Brand, Mention: q.Mention, Verdict: &q.Verdict})
}

// prospects asks the running daemon what would become of mentions now. Its methods
// may be called concurrently.
type prospects struct {
	cmd    *cobra.Command
	config *Config
	open   sync.Once
	client *bus.Client
	failed sync.Once
	mu     sync.Mutex
	gone   bool // there is nobody to ask
}

// of returns the prospects of a mention, nil where there is nobody to ask; the call
// says so once.
func (p *prospects) of(m *earshot.Mention, v *earshot.Verdict) []alerts.Outlook {
	if p == nil || len(v.Routes) == 0 && v.OwnedAuthor {
		return nil
	}
	url, login := busAddress(p.config)
	p.open.Do(func() {
		var err error
		if p.client, err = bus.Dial(url, login, zap.NewNop()); err != nil {
			p.fail(err)
		}
	})
	p.mu.Lock()
	gone := p.gone
	p.mu.Unlock()
	if gone {
		return nil
	}
	all := []alerts.Outlook{}
	if err := p.client.AskOne(p.cmd.Context(), askOutlook, outlookQuestion{v.Brand, *m, *v}, &all); err != nil {
		p.fail(err)
		return nil
	}
	return all
}

func (p *prospects) fail(err error) {
	p.failed.Do(func() {
		p.cmd.PrintErrln("by the configuration alone; open cases, mutes, limits and crises are not known:", err)
	})
	p.mu.Lock()
	p.gone = true
	p.mu.Unlock()
}

func (p *prospects) close() {
	if p != nil && p.client != nil {
		p.client.Close()
	}
}

// writeOutlook says in lines what would become of a mention at a team.
func (w waybill) writeOutlook(out *bytes.Buffer, o *alerts.Outlook) {
	now := func(format string, args ...any) { fmt.Fprintf(out, "      now: "+format+"\n", args...) }
	switch {
	case o.Old:
		now("too old to be told of one by one: it is counted in a summary")
		return
	case o.Alarm != "":
		now("joins the crisis that runs (case %s, %s): the team is told how that stands, not of each post", shortCase(o.Case), o.Alarm)
		return
	case o.Opens:
		now("opens a case")
	default:
		owner := "nobody has it"
		if o.Owner != "" {
			owner = printable(o.Owner) + " has it"
		}
		now("joins case %s: %s, %s, %s", shortCase(o.Case), o.State, owner, plural(o.Count, "mention"))
	}
	switch {
	case o.Mute != nil:
		now("%s by mute %s (%s, by %s until %s): %s", w.in(against, "held back"), o.Mute.ID, oneLine(o.Mute.Matchers.String()), printable(o.Mute.By),
			o.Mute.Until.Local().Format("Mon 15:04"), shortened(oneLine(o.Mute.Why), 100))
	case o.Held == "limit":
		now("%s by the limit of the team (noise.limits.%s): it is in the next digest", w.in(against, "held back"), o.Team)
	case o.Held != "":
		now("%s by the %s: it is in the next digest", w.in(against, "held back"), printable(o.Held))
	case o.Tells && o.Danger:
		now("told at once; nothing holds back what endangers people")
	case o.Tells:
		now("told at once (%s)", o.Why)
	case o.State == earshot.Muted:
		now("%s: the case is muted", w.in(against, "not told"))
	case !o.TellAt.IsZero():
		now("told at %s, with what else comes until then", o.TellAt.Local().Format("15:04:05"))
	default:
		now("%s: it says nothing new", w.in(against, "not told"))
	}
}

func shortCase(id string) string { return id[:min(len(id), shortID)] }
