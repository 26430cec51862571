package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"earshot"
)

// Client is a connection of a command to the bus of a running daemon.
type Client struct {
	link *link
	name string
}

// Login is how a command proves itself to the bus.
type Login struct {
	User         string // empty for no user
	PasswordFile string
	CredsFile    string
	NkeyFile     string
	TLS          TLS
}

// DaemonLogin is the daemon's own login, for commands that may read its state directory.
func DaemonLogin(stateDir string) Login {
	return Login{User: daemonUser, PasswordFile: filepath.Join(stateDir, "credentials", daemonUser)}
}

// Dial connects to a bus. It does not wait for one that is away.
func Dial(url string, login Login, log *zap.Logger) (*Client, error) {
	c := Config{
		URL: url, User: login.User, PasswordFile: login.PasswordFile, CredsFile: login.CredsFile,
		NkeyFile: login.NkeyFile, TLS: login.TLS,
	}
	options, err := c.clientOptions()
	if err != nil {
		return nil, err
	}
	if login.User != "" && login.User != daemonUser {
		options = append(options, nats.CustomInboxPrefix("_INBOX_"+login.User))
	}
	l, err := dial(url, log, options...)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w (is the daemon running?)", withoutPassword(url), err)
	}
	return &Client{link: l, name: login.User}, nil
}

// Close disconnects.
func (c *Client) Close() { c.link.close() }

// Alerts calls f for every alert on a subject, as it is raised, until ctx ends
// or f returns an error. Alerts raised while the connection is lost are missed;
// clients that must not miss any use their team's durable.
func (c *Client) Alerts(ctx context.Context, subject string, f func(subject string, a earshot.Alert) error) error {
	messages := make(chan *nats.Msg, 1024)
	sub, err := c.link.nc.ChanSubscribe(subject, messages)
	if err != nil {
		return fmt.Errorf("subscribing to %s: %w", subject, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := c.link.nc.FlushTimeout(answerWait); err != nil {
		return fmt.Errorf("subscribing to %s: %w", subject, err)
	}
	if err := c.link.nc.LastError(); err != nil {
		return fmt.Errorf("subscribing to %s: %w", subject, err)
	}
	for {
		select {
		case m := <-messages:
			var a earshot.Alert
			if err := json.Unmarshal(m.Data, &a); err != nil {
				return fmt.Errorf("reading an alert on %s: %w", m.Subject, err)
			}
			if err := f(m.Subject, a); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
