package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"earshot"
)

// toldDiff is how what teams were told differs from what the replays raise.
type toldDiff struct {
	Alerts int        `json:"alerts"` // that teams were told and nobody has taken back since
	Old    replayDiff `json:"old"`
	New    replayDiff `json:"new"`
}

// replayDiff is how one replay compares with what teams were told.
type replayDiff struct {
	Same    int `json:"same"`
	Missing int `json:"missing"` // told, and not raised by the replay
	Further int `json:"further"` // raised by the replay, and not told
}

// sameAlert names alerts that say the same: of the same case to the same team, as
// the same one in the row, with the same kind, topic and urgency, for the same reason.
type sameAlert [16]byte

func sameAs(a *earshot.Alert) sameAlert {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %q %s %s", a.ID, a.Kind, a.Topic, a.Urgency, a.Why))
	return sameAlert(sum[:16])
}

// Who has raised an alert: the replays as told counts them, and the daemon then.
const (
	byOld = 1 << iota
	byNew
	byDaemon
)

// compareTold compares what teams were told with what the replays have raised.
func (c *comparison) compareTold(ctx context.Context, log pastLogs) error {
	err := log.Raised(ctx, earshot.All, c.since, func(a *earshot.Alert) error {
		if a.Brand != earshot.All && c.wanted(a.Brand) && !a.At.After(c.until) {
			c.raised[sameAs(a)] |= byDaemon
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("comparing with what teams were told: %w", err)
	}
	c.daemon = &toldDiff{}
	for _, by := range c.raised {
		if by&byDaemon != 0 {
			c.daemon.Alerts++
		}
		c.daemon.Old.count(by&byDaemon != 0, by&byOld != 0)
		c.daemon.New.count(by&byDaemon != 0, by&byNew != 0)
	}
	return nil
}

func (d *replayDiff) count(told, raised bool) {
	switch {
	case told && raised:
		d.Same++
	case told:
		d.Missing++
	case raised:
		d.Further++
	}
}

// write says it in two lines.
func (d *toldDiff) write(w io.Writer) {
	fmt.Fprintf(w, "alerts: %d told\n", d.Alerts)
	for _, replay := range []struct {
		name string
		replayDiff
	}{{"old", d.Old}, {"new", d.New}} {
		said := []string{fmt.Sprintf("%d the same", replay.Same)}
		if replay.Missing > 0 {
			said = append(said, fmt.Sprintf("%d not raised", replay.Missing))
		}
		if replay.Further > 0 {
			said = append(said, fmt.Sprintf("%d others raised", replay.Further))
		}
		fmt.Fprintf(w, "  by the %s verdicts: %s\n", replay.name, strings.Join(said, ", "))
	}
	fmt.Fprintln(w)
}
