package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"earshot/bus"
)

// connection is how a command finds a running daemon: by its configuration, or
// by an address and a login.
type connection struct {
	server, user, passwordFile string
}

func (c *connection) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.server, "server", "", "connect to the bus at `URL` instead of the one in the configuration")
	cmd.Flags().StringVar(&c.user, "user", "", "log in as `NAME` (with --server)")
	cmd.Flags().StringVar(&c.passwordFile, "password-file", "", "read the password from `FILE` (with --user)")
}

// dial connects. The configuration is read only when no server is named; the
// login is then the daemon's own, which only its user may read.
func (c *connection) dial(cmd *cobra.Command) (*bus.Client, error) {
	url, login := c.server, bus.Login{User: c.user, PasswordFile: c.passwordFile}
	switch {
	case c.server == "" && (c.user != "" || c.passwordFile != ""):
		return nil, usageError{"--user and --password-file go with --server"}
	case (c.user == "") != (c.passwordFile == ""):
		return nil, usageError{"--user and --password-file belong together"}
	case c.server == "":
		config, err := loadConfig(cmd)
		if err != nil {
			return nil, err
		}
		url, login = busAddress(config)
	}
	client, err := bus.Dial(url, login, zap.NewNop())
	if c.server == "" && login.PasswordFile != "" && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no daemon is running here: its login %s is not there (start it with earshot run, or name a bus with --server)", login.PasswordFile)
	}
	return client, err
}

// busAddress is where the daemon of a configuration keeps its bus, and the login
// that may do everything there.
func busAddress(c *Config) (url string, login bus.Login) {
	if c.Bus.URL != "" {
		return c.Bus.URL, bus.Login{
			User: c.Bus.User, PasswordFile: c.Bus.PasswordFile,
			CredsFile: c.Bus.CredsFile, NkeyFile: c.Bus.NkeyFile, TLS: c.Bus.TLS,
		}
	}
	listen := c.Bus.Listen
	if listen == "" {
		listen = bus.DefaultListen
	}
	scheme := "nats"
	if c.Bus.TLS.CertFile != "" {
		scheme = "tls"
	}
	return fmt.Sprintf("%s://%s", scheme, listen), bus.DaemonLogin(c.State)
}
