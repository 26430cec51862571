package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"earshot/alerts/casework"
	"earshot/bus"
)

// actCommand is one verb on the command line.
type actCommand struct {
	verb       casework.Verb
	use, short string
	example    string
	words      bool // what follows the ID are its words: a note, a line
	flags      func(cmd *cobra.Command, a *casework.Action)
}

func actCommands() []actCommand {
	to := func(name, usage string) func(*cobra.Command, *casework.Action) {
		return func(cmd *cobra.Command, a *casework.Action) {
			cmd.Flags().StringVar(&a.To, name, "", usage)
			_ = cmd.MarkFlagRequired(name)
		}
	}
	return []actCommand{
		{verb: casework.Claim, use: "claim ID…", short: "Take cases: from then on they are yours", example: "claim k3f9"},
		{verb: casework.Assign, use: "assign ID… --to NAME", short: "Give cases to somebody", example: "assign k3f9 --to bob", flags: to("to", "the `NAME` of who gets them")},
		{verb: casework.Release, use: "release ID…", short: "Give your cases back to the team", example: "release k3f9"},
		{verb: casework.Note, use: "note ID TEXT", short: "Write something about a case", example: "note k3f9 'called her, sends the photo tomorrow'", words: true},
		{verb: casework.Answer, use: "answer ID…", short: "Mark cases as answered, which stops their clocks", example: "answer k3f9"},
		{verb: casework.Wait, use: "wait ID…", short: "Wait for the customer, who was answered before", example: "wait k3f9"},
		{verb: casework.Resolve, use: "resolve ID…", short: "Mark cases as resolved", example: "resolve k3f9 --note 'new wheel sent'"},
		{verb: casework.Reopen, use: "reopen ID…", short: "Reopen cases", example: "reopen k3f9"},
		{
			verb: casework.Mute, use: "mute ID… --for TIME", short: "Hear nothing of cases for a while", example: "mute k3f9 --for 8h",
			flags: func(cmd *cobra.Command, a *casework.Action) {
				cmd.Flags().StringVar(&a.For, "for", "", "how long, such as `8h` or 2d")
				_ = cmd.MarkFlagRequired("for")
			},
		},
		{verb: casework.Unmute, use: "unmute ID…", short: "End the mute of cases", example: "unmute k3f9"},
		{
			verb: casework.Escalate, use: "escalate ID… --to TEAM", short: "Ask another team, or one person, to see to cases", example: "escalate k3f9 --to pr --note 'she is a journalist'",
			flags: func(cmd *cobra.Command, a *casework.Action) {
				cmd.Flags().StringVar(&a.To, "to", "", "the `TEAM`; your own if left out")
				cmd.Flags().StringVar(&a.Person, "person", "", "the `NAME` of one person of that team")
			},
		},
		{verb: casework.Merge, use: "merge ID… --into ID", short: "Make cases part of another one", example: "merge k3f9 --into 7c2a", flags: to("into", "the `ID` of the case that stays")},
		{verb: casework.Undo, use: "undo ID…", short: "Take back what was done to cases last", example: "undo k3f9"},
		{
			verb: casework.PinLine, use: "pin ID [LINE]", short: "Show a line on all cases of the story, or hold their replies", words: true,
			example: "pin k3f9 'The recall is announced at noon: say nothing before' --hold",
			flags: func(cmd *cobra.Command, a *casework.Action) {
				cmd.Flags().BoolVar(&a.Hold, "hold", false, "nobody is to answer until it is unpinned")
			},
		},
		{verb: casework.Unpin, use: "unpin ID…", short: "Take the line of a story away", example: "unpin k3f9"},
		{
			verb: casework.Hold, use: "hold ID… --for TIME --reason TEXT --approver NAME", short: "Keep cases from being deleted, for the law",
			example: "hold k3f9 --for 26w --reason 'matter 2026-117' --approver lena",
			flags: func(cmd *cobra.Command, a *casework.Action) {
				cmd.Flags().StringVar(&a.For, "for", "", "how long, such as `26w`; at most ten years")
				addApproval(cmd, a)
			},
		},
		{
			verb: casework.Unhold, use: "unhold ID… --reason TEXT --approver NAME", short: "End the legal hold of cases",
			example: "unhold k3f9 --reason 'matter 2026-117 is closed' --approver lena", flags: addApproval,
		},
	}
}

// addApproval adds what a second person answers for.
func addApproval(cmd *cobra.Command, a *casework.Action) {
	cmd.Flags().StringVar(&a.Reason, "reason", "", "why, such as the number of the matter: a `TEXT`")
	cmd.Flags().StringVar(&a.Approver, "approver", "", "the `NAME` of who approves it, somebody else")
}

func newActCommands(call *casesCall) []*cobra.Command {
	var all []*cobra.Command
	for _, act := range actCommands() {
		all = append(all, act.command(call))
	}
	return all
}

func (c actCommand) command(call *casesCall) *cobra.Command {
	var action casework.Action
	cmd := &cobra.Command{
		Use: c.use, Short: c.short,
		Example: "  earshot cases " + c.example + " --team cs",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("the ID of a case is missing (such as: %s)", strings.TrimSpace(cmd.Example))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ids := args
			if c.words {
				words := strings.Join(args[1:], " ")
				if ids = args[:1]; c.verb == casework.Note {
					action.Text = words
				} else {
					action.Line = words
				}
			}
			return call.act(cmd, c.verb, action, ids)
		},
	}
	if c.verb != casework.Note {
		cmd.Flags().StringVar(&action.Text, "note", "", "write a `TEXT` beside it")
	}
	if c.flags != nil {
		c.flags(cmd, &action)
	}
	return cmd
}

// act asks for the same of several cases and says of each what became of it.
func (c *casesCall) act(cmd *cobra.Command, verb casework.Verb, action casework.Action, ids []string) error {
	client, team, person, err := c.dial(cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	failed := 0
	answers := make([]casework.Done, 0, len(ids))
	var last error
	for _, id := range ids {
		action.Case, action.Request = id, rand.Text()
		var done casework.Done
		if err := client.AskAs(cmd.Context(), bus.Cases, team, person, string(verb), action, &done); err != nil {
			if _, refused := errors.AsType[*bus.Refusal](err); !refused {
				return err // the next one would fare no better
			}
			failed, last = failed+1, fmt.Errorf("case %s: %w", id, err)
			if len(ids) > 1 {
				cmd.PrintErrln(last)
			}
			continue
		}
		answers = append(answers, done)
	}
	if err := c.show(cmd, answers, func(w io.Writer, e explainer) error { return printDone(w, e, answers, person) }); err != nil {
		return err
	}
	if failed > 1 || failed == 1 && len(ids) > 1 {
		return fmt.Errorf("%d of %s refused", failed, plural(len(ids), "case"))
	}
	return last
}

func printDone(w io.Writer, e explainer, answers []casework.Done, person string) error {
	var out strings.Builder
	for i := range answers {
		d := &answers[i]
		what := d.Event + " by " + person
		if d.Again {
			what = "nothing to do"
		}
		if d.Undone != nil {
			what += fmt.Sprintf(": “%s” by %s (%s) is taken back", oneLine(d.Undone.Event), oneLine(d.Undone.By), d.Undone.At.Local().Format("Mon 15:04"))
		}
		fmt.Fprintf(&out, "%s  %s · %s · %s · %s", d.Case.ID[:min(len(d.Case.ID), shortID)], e.in(bold, what), d.Case.State, d.Case.Brand, e.in(bandTone(d.Case.Band), string(d.Case.Band)))
		if d.Case.Owner != "" {
			fmt.Fprintf(&out, " · %s has it", d.Case.Owner)
		}
		if d.Linked > 0 {
			fmt.Fprintf(&out, " · and %s", plural(d.Linked, "other case"))
		}
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}
