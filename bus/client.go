package bus

import (
	"context"
	"encoding/json"
	"errors"
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
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return nil, fmt.Errorf("connecting to %s: %w (the user is unknown there, or has another password by now)", withoutPassword(url), err)
	case err != nil:
		return nil, fmt.Errorf("connecting to %s: %w (is the daemon running?)", withoutPassword(url), err)
	}
	return &Client{link: l, name: login.User}, nil
}

// Close disconnects.
func (c *Client) Close() { c.link.close() }

// Subscription is the alerts on one subject, as they are raised. Alerts raised
// while the connection is lost are missed; clients that must not miss any use
// their team's durable. It is not for concurrent use. Close it.
type Subscription struct {
	sub      *nats.Subscription
	messages chan *nats.Msg
}

// Subscribe returns when the server knows of the subscription: no alert raised
// from then on is missed.
func (c *Client) Subscribe(subject string) (*Subscription, error) { return c.link.subscribe(subject) }

// Subscribe is Client.Subscribe of a daemon.
func (b *Bus) Subscribe(subject string) (*Subscription, error) { return b.link.subscribe(subject) }

func (l *link) subscribe(subject string) (*Subscription, error) {
	s := &Subscription{messages: make(chan *nats.Msg, 1024)}
	var err error
	if s.sub, err = l.nc.ChanSubscribe(subject, s.messages); err != nil {
		return nil, fmt.Errorf("subscribing to %s: %w", subject, err)
	}
	err = l.nc.FlushTimeout(answerWait)
	if err == nil {
		err = l.nc.LastError() // a server that refuses says so before it answers the flush
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("subscribing to %s: %w", subject, err)
	}
	return s, nil
}

// Next waits for the next alert and returns it with its subject.
func (s *Subscription) Next(ctx context.Context) (subject string, a earshot.Alert, err error) {
	select {
	case m := <-s.messages:
		if err := json.Unmarshal(m.Data, &a); err != nil {
			return "", a, fmt.Errorf("reading an alert on %s: %w", m.Subject, err)
		}
		return m.Subject, a, nil
	case <-ctx.Done():
		return "", a, ctx.Err()
	}
}

// Close ends the subscription.
func (s *Subscription) Close() { _ = s.sub.Unsubscribe() }
