package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"earshot/bus"
)

// forgetCall is how forget is called.
type forgetCall struct {
	at                  connection
	network, reason     string
	dryRun, yes, asJSON bool
}

func newForgetCommand() *cobra.Command {
	var call forgetCall
	cmd := &cobra.Command{
		Use:   "forget AUTHOR|ID",
		Short: "Erase what is stored of somebody, everywhere, for good",
		Long: "Erases the mentions of an author, or one mention by its ID, from a running daemon:\n" +
			"mentions, what alerts quote of them, where cases name them, dead letters and drills,\n" +
			"down to the bytes in the store's files, and reposts of them by others. Teams are told\n" +
			"that they were withdrawn. Keyed hashes of the author and the IDs keep posts from being\n" +
			"collected again, by all daemons on the bus. It may be interrupted and repeated.\n\n" +
			"AUTHOR is a handle, with or without @, or the name where a network has no handles. It\n" +
			"is looked for on all networks unless --network names one; handles are compared\n" +
			"without regard to capitals. ID is a mention's id, such as mastodon:https://….\n\n" +
			"It prints a receipt that names nobody. What it cannot reach is in docs/privacy.md.",
		Example: "  earshot forget @jane --network mastodon --dry-run\n" +
			"  earshot forget @jane --network mastodon --reason 'request 2026-117'\n" +
			"  earshot forget 'bluesky:at://did:plc:abc/app.bsky.feed.post/1' --yes --json",
		Args: oneAuthor,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := call.at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			return call.run(cmd, client, newWhose(args[0], call.network))
		},
	}
	call.at.addFlags(cmd)
	cmd.Flags().StringVar(&call.network, "network", "", "only on the `NETWORK`, and there in future too")
	cmd.Flags().StringVar(&call.reason, "reason", "", "keep a `REASON` with the receipt, such as the number of the request")
	cmd.Flags().BoolVar(&call.dryRun, "dry-run", false, "say what there is and change nothing")
	cmd.Flags().BoolVar(&call.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&call.asJSON, "json", false, "print the receipt as JSON")
	return cmd
}

// oneAuthor wants an author or an ID as the only argument.
func oneAuthor(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || strings.TrimSpace(strings.TrimLeft(args[0], "@")) == "" {
		return fmt.Errorf("one author or ID is expected (such as: %s @jane)", cmd.CommandPath())
	}
	if network, handle, mixed := strings.Cut(args[0], ":@"); mixed && !strings.ContainsAny(args[0], "/ ") && looksLikeID.MatchString(args[0]) {
		return fmt.Errorf("%q is neither an author nor the ID of a post: name the network beside the author (%s @%s --network %s)",
			args[0], cmd.CommandPath(), handle, network)
	}
	return nil
}

func (c *forgetCall) run(cmd *cobra.Command, client *bus.Client, who whose) error {
	ctx := cmd.Context()
	total, err := client.Count(ctx)
	if err != nil {
		return err
	}
	bar := newCountBar(cmd.ErrOrStderr(), "looking", total)
	f, err := newForgetting(ctx, client, who, c.reason)
	if err != nil {
		return err
	}
	f.search.seen = bar.add
	found, err := f.look(ctx)
	bar.done()
	if err != nil {
		return err
	}
	if err := f.search.refusal(); err != nil {
		return err
	}
	if c.dryRun {
		f.receipt.DryRun, f.receipt.Receipt = true, ""
		f.receipt.add(found)
		return c.print(cmd.OutOrStdout(), &f.receipt)
	}
	if len(f.search.ids) == 0 && len(f.search.networks) == 0 {
		return errors.New("nothing is stored of that author (to keep posts out in future, name the network with --network)")
	}
	if !c.yes {
		if err := confirm(cmd, f, found); err != nil {
			return err
		}
	}
	bar = newCountBar(cmd.ErrOrStderr(), "forgetting", 2*total)
	f.search.seen = bar.add
	err = f.run(ctx, found)
	bar.done()
	if err != nil {
		return fmt.Errorf("forgetting is not complete, repeat it: %w", err)
	}
	return c.print(cmd.OutOrStdout(), &f.receipt)
}

// confirm asks on a terminal. Scripts are taken to know what they do.
func confirm(cmd *cobra.Command, f *forgetting, found *finds) error {
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	r := f.receipt
	r.Told = map[string]int{}
	r.add(found)
	cmd.PrintErrf("Erase %s and %s for good, and keep the author out on %s? [y/N] ",
		plural(r.Mentions, "mention"), plural(r.Alerts, "alert"), listOr(r.Networks, "no network"))
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}

func (c *forgetCall) print(w io.Writer, r *receipt) error {
	if c.asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	var b strings.Builder
	if r.DryRun {
		b.WriteString("Nothing was changed. There is:\n")
	} else {
		fmt.Fprintf(&b, "Forgotten. Receipt %s of %s\n", r.Receipt, r.At.Format("2006-01-02 15:04:05 MST"))
		if r.Reason != "" {
			b.WriteString("  reason        " + r.Reason + "\n")
		}
	}
	for _, line := range []struct {
		what string
		n    int
	}{
		{"mentions", r.Mentions},
		{"alerts", r.Alerts},
		{"case events", r.CaseEvents},
		{"notes", r.Notes},
		{"dead letters", r.DeadLetters},
		{"drills", r.Drills},
	} {
		fmt.Fprintf(&b, "  %-13s %d\n", line.what, line.n)
	}
	for _, team := range slices.Sorted(maps.Keys(r.Told)) {
		fmt.Fprintf(&b, "  team %s was told by %s and may have kept what it received\n", team, plural(r.Told[team], "alert"))
	}
	for _, s := range r.Sent {
		fmt.Fprintf(&b, "  sent by %s: alert %s on %s to %s\n", s.Sink, s.Alert, s.At.Format("2006-01-02"), s.Place)
	}
	if len(r.Sent) == 0 {
		b.WriteString("  no sink sent anything beyond the bus\n")
	}
	if !r.DryRun {
		fmt.Fprintf(&b, "  kept out in future: the author on %s, and %s\n", listOr(r.Networks, "no network"), plural(r.IDs, "post"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// countBar shows on a terminal how far something has come.
type countBar struct{ bar *progressbar.ProgressBar }

func newCountBar(w io.Writer, what string, total uint64) *countBar {
	f, ok := w.(*os.File)
	return &countBar{progressbar.NewOptions64(max(int64(total), 1),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetVisibility(ok && term.IsTerminal(int(f.Fd()))),
		progressbar.OptionClearOnFinish(),
	)}
}

// add never fails what it shows: what cannot be drawn is not drawn.
func (b *countBar) add(n int) { _ = b.bar.Add(n) }

func (b *countBar) done() { _ = b.bar.Finish() }
