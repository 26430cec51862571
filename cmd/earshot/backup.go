package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/term"

	"earshot/bus"
)

func newBackupCommand() *cobra.Command {
	var (
		at     connection
		atRest bool
	)
	cmd := &cobra.Command{
		Use:   "backup DIR",
		Short: "Copy the state into an empty folder, while the daemon runs",
		Long: "Copies mentions, cursors, cases, alerts and settings of one moment into DIR, which\n" +
			"is made and must be empty. The daemon goes on; what it writes waits until the copy is\n" +
			"complete. With --at-rest the state directory of a daemon that does not run is copied.\n\n" +
			"The copy holds what people wrote: keep it as you keep the state itself.",
		Example: "  earshot backup /backup/earshot-$(date +%F)\n" +
			"  earshot backup --at-rest -c earshot.yaml /backup/earshot",
		Args: oneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			bar := newByteBar(cmd.ErrOrStderr(), "copying")
			if err := runBackup(cmd, &at, atRest, args[0], bar.show); err != nil {
				return err
			}
			bar.done()
			cmd.PrintErrln("backup complete: " + args[0] + " (earshot restore puts it back)")
			return nil
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&atRest, "at-rest", false, "copy the state directory of a daemon that does not run")
	return cmd
}

func runBackup(cmd *cobra.Command, at *connection, atRest bool, dir string, progress bus.BackupProgress) error {
	if atRest {
		config, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		return bus.BackupAtRest(cmd.Context(), config.State, dir, zap.NewNop(), progress)
	}
	client, err := at.dial(cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Backup(cmd.Context(), dir, progress)
}

func newRestoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore DIR",
		Short: "Make the state directory of a backup",
		Long: "Makes the state directory that the configuration names of the backup in DIR. The\n" +
			"daemon must not run, and the directory must not hold a store yet. Started on it, the\n" +
			"daemon goes on where the backup was made; what it raised after that it raises again.",
		Example: "  systemctl stop earshot\n  mv /var/lib/earshot /var/lib/earshot.broken\n  earshot restore /backup/earshot-2026-11-21",
		Args:    oneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if config.Bus.URL != "" {
				return errors.New("the configuration names an external server: restore its streams with the server's own tools (nats stream restore)")
			}
			bar := newByteBar(cmd.ErrOrStderr(), "restoring")
			if err := bus.Restore(cmd.Context(), args[0], config.State, zap.NewNop(), bar.show); err != nil {
				return err
			}
			bar.done()
			cmd.PrintErrln(fmt.Sprintf("restored into %s", config.State))
			return nil
		},
	}
}

// byteBar shows how far a copy has come, on a terminal.
type byteBar struct {
	bar *progressbar.ProgressBar
}

func newByteBar(w io.Writer, what string) *byteBar {
	f, ok := w.(*os.File)
	return &byteBar{progressbar.NewOptions64(-1,
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetVisibility(ok && term.IsTerminal(int(f.Fd()))),
		progressbar.OptionShowBytes(true),
		progressbar.OptionClearOnFinish(),
	)}
}

// show never fails the copy: what cannot be drawn is not drawn.
func (b *byteBar) show(done, total int64) {
	if b.bar.GetMax64() != total {
		b.bar.ChangeMax64(total)
	}
	_ = b.bar.Set64(done)
}

func (b *byteBar) done() { _ = b.bar.Finish() }
