package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts/casework"
	"earshot/bus"
)

func newShowCaseCommand(call *casesCall) *cobra.Command {
	why := false
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show all there is to know of a case",
		Long: "Shows a case: how far its story or its crisis spreads, its mentions with what the book\n" +
			"says of them and the three strongest reasons for it, what happened to it, notes, what\n" +
			"is pinned to its story, and cases that may be of the same person.",
		Example: "  earshot cases show k3f9 --team cs\n  earshot cases show k3f9 --why --team cs   # with every reason",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("the ID of one case is expected (such as: %s k3f9)", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var sheet casework.Sheet
			if err := call.ask(cmd, casework.Get, casework.Action{Case: args[0]}, &sheet); err != nil {
				return err
			}
			return call.show(cmd, sheet, func(w io.Writer, e explainer) error {
				_, err := w.Write(sheetText(e, &sheet, time.Now(), why))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&why, "why", false, "print every reason for what the book says of a mention")
	return cmd
}

func sheetText(e explainer, s *casework.Sheet, now time.Time, why bool) []byte {
	var out bytes.Buffer
	c := &s.Case
	kind := string(c.Kind)
	if c.Topic != "" {
		kind += "/" + oneLine(c.Topic)
	}
	fmt.Fprintf(&out, "%s  %s · %s · %s · %s\n", e.in(bold, c.ID), e.in(bandTone(c.Band), string(c.Band)), c.Brand, kind, c.State)
	fmt.Fprintf(&out, "  %s, %s, opened %s", plural(c.Count, "mention"), followers(c.Reach), ago(now, c.Opened))
	if c.Owner != "" {
		fmt.Fprintf(&out, ", %s has it", oneLine(c.Owner))
	}
	if !s.Due.IsZero() {
		fmt.Fprintf(&out, ", due %s", e.in(dueTone(s.Due, now), dueIn(s.Due, now)))
	}
	out.WriteByte('\n')
	if s.Pin != nil {
		fmt.Fprintf(&out, "  %s\n", e.in(counted, pinLine(s.Pin)))
	}
	if h := c.LegalHold; h != nil {
		fmt.Fprintf(&out, "  held until %s (%s, approved by %s, says %s)\n", h.Until.Format(time.DateOnly), oneLine(h.Reason), oneLine(h.Approver), oneLine(h.By))
	}
	e.spread(&out, s, now)
	for i := range s.Mentions {
		e.said(&out, &s.Mentions[i], now, why)
	}
	if s.Left > 0 && len(s.Mentions) > 0 { // a crisis remembers none one by one
		fmt.Fprintf(&out, "\n%s more\n", plural(s.Left, "mention"))
	}
	e.happened(&out, s)
	elsewhere(&out, s.Elsewhere)
	for _, a := range s.Alike {
		fmt.Fprintf(&out, "\nmay be the same person: %s on %s (same %s)\n", a.Case[:min(len(a.Case), shortID)], a.Network, a.Because)
	}
	if len(s.Can) > 0 {
		words := make([]string, len(s.Can))
		for i, verb := range s.Can {
			words[i] = string(verb)
		}
		fmt.Fprintf(&out, "\nyou can: %s\n", strings.Join(words, ", "))
	}
	return out.Bytes()
}

// shownElsewhere is how many linked cases are named one by one.
const shownElsewhere = 5

// elsewhere names the cases of other teams on the same matter, or how many there are.
func elsewhere(out *bytes.Buffer, linked []casework.Item) {
	for n, i := range linked {
		if n == 0 {
			out.WriteByte('\n')
		}
		if n == shownElsewhere {
			fmt.Fprintf(out, "and %s of other teams on the same matter (--json lists them)\n", plural(len(linked)-n, "further case"))
			return
		}
		fmt.Fprintf(out, "also at %s: %s, %s, %s\n", oneLine(i.Team), i.ID[:min(len(i.ID), shortID)], i.State, ownedBy(i.Owner))
	}
}

func ownedBy(owner string) string {
	if owner == "" {
		return "nobody has it"
	}
	return oneLine(owner) + " has it"
}

// said writes a mention of a case with what the book says of it, and why: in short, or
// with every reason.
func (e explainer) said(out *bytes.Buffer, m *casework.Said, now time.Time, why bool) {
	if m.Gone {
		fmt.Fprintf(out, "\n(a post that was taken back, or is older than what is kept)\n")
		return
	}
	fmt.Fprintf(out, "\n%s", e.in(bold, printable(m.Mention.ID)))
	if by := author(m.Mention); by != "" {
		fmt.Fprintf(out, " — %s", printable(by))
	}
	if !m.Mention.Posted.IsZero() {
		fmt.Fprintf(out, ", %s", ago(now, m.Mention.Posted))
	}
	out.WriteByte('\n')
	verdicts := []earshot.Verdict{*m.Verdict}
	if m.Mention.Title != "" {
		fmt.Fprintf(out, "  %s\n", e.marked(m.Mention.Title, "title", verdicts))
	}
	fmt.Fprintf(out, "  %s\n", e.marked(m.Mention.Text, "text", verdicts))
	if m.Mention.URL != "" {
		fmt.Fprintf(out, "  %s\n", printable(m.Mention.URL))
	}
	if why {
		e.verdict(out, m.Mention, m.Verdict)
		return
	}
	e.brief(out, m.Mention, m.Verdict)
}

func author(m *earshot.Mention) string {
	if m.Author.Handle != "" {
		return m.Author.Handle
	}
	return m.Author.Name
}

// happened writes the history of a case, with the words of its notes.
func (e explainer) happened(out *bytes.Buffer, s *casework.Sheet) {
	notes := map[string]string{}
	for _, n := range s.Notes {
		notes[n.ID] = n.Text
	}
	out.WriteByte('\n')
	if s.Earlier > 0 {
		fmt.Fprintf(out, "%s before\n", plural(s.Earlier, "event"))
	}
	for _, h := range s.History {
		fmt.Fprintf(out, "%s  %s by %s", h.At.Local().Format("2006-01-02 15:04:05"), h.Event, oneLine(h.By))
		if h.To != "" {
			fmt.Fprintf(out, ": %s", oneLine(h.To))
		}
		out.WriteByte('\n')
		if text, ok := notes[h.Note]; ok && h.Note != "" {
			fmt.Fprintf(out, "    %s\n", e.in(bold, text))
		}
	}
}

func newWatchCasesCommand(call *casesCall) *cobra.Command {
	return &cobra.Command{
		Use:     "watch",
		Short:   "Show what happens to the cases of a team, as it happens",
		Example: "  earshot cases watch --team cs\n  earshot cases watch --team cs --json | jq .event",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, team, _, err := call.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			watch, err := client.WatchCases(team)
			if err != nil {
				return err
			}
			defer watch.Close()
			cmd.PrintErrln("waiting for changes of the cases of " + team + " (Ctrl-C ends it)")
			return followCases(cmd.Context(), watch, cmd.OutOrStdout(), call.asJSON)
		},
	}
}

func followCases(ctx context.Context, watch *bus.CaseWatch, w io.Writer, asJSON bool) error {
	for {
		e, err := watch.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case asJSON:
			err = json.NewEncoder(w).Encode(e)
		default:
			_, err = fmt.Fprintln(w, caseLine(&e))
		}
		if err != nil {
			return err
		}
	}
}

func caseLine(e *earshot.CaseEvent) string {
	c := &e.Case
	line := fmt.Sprintf("%s  %s  %s by %s", e.At.Local().Format("15:04:05"), c.ID[:min(len(c.ID), shortID)], e.Event, oneLine(e.By))
	if e.To != "" {
		line += " (" + oneLine(e.To) + ")"
	}
	return line + fmt.Sprintf(" · %s · %s · %s · %s", c.Brand, c.Band, c.State, plural(c.Count, "mention"))
}
