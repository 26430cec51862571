package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// buildVersion is what the binary knows of its making.
type buildVersion struct {
	Version    string `json:"version"`
	Commit     string `json:"commit"`
	Modified   bool   `json:"modified"` // built from files that were not committed
	Go         string `json:"go"`
	NATSServer string `json:"nats_server"`
	Platform   string `json:"platform"`
}

// programVersion reads what the Go toolchain wrote into the binary.
func programVersion() buildVersion {
	v := buildVersion{Version: "(devel)", Commit: "unknown", NATSServer: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/nats-io/nats-server/v2" {
			v.NATSServer = m.Version
		}
	}
	return v
}

// serviceVersion is the version as services on NATS have it: numbers only.
func serviceVersion() string {
	number := regexp.MustCompile(`^v([0-9]+\.[0-9]+\.[0-9]+)`).FindStringSubmatch(programVersion().Version)
	if number == nil {
		return "0.0.0"
	}
	return number[1]
}

func newVersionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of earshot and of what it is made with",
		Example: "  earshot version\n  earshot version --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := programVersion()
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(v)
			}
			modified := ""
			if v.Modified {
				modified = " (modified)"
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "earshot %s\ncommit %s%s\n%s %s\nnats-server %s\n",
				v.Version, v.Commit, modified, v.Go, v.Platform, v.NATSServer)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
