package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"earshot/listeners"
)

// patience is how long a server may take for one answer, and slowest how many bytes
// of mails a second make it longer.
const (
	patience = 2 * time.Minute
	slowest  = 64 << 10
)

// session is a connection to a server. The client's methods know no context: each
// use of it goes through within, which ends the connection when time is up.
type session struct {
	client *imapclient.Client
	wire   *wire
	news   chan struct{} // something has changed in the folder since it was last drained
	pushes bool          // the server tells by itself (IDLE)
	moves  bool          // the server can move mails
}

// connect dials, protects the connection and logs in.
func (s *source) connect(ctx context.Context) (*session, error) {
	address, host := s.address()
	config, err := s.tlsConfig(host)
	if err != nil {
		return nil, err
	}
	conn, err := s.dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	c := &session{wire: &wire{Conn: conn, left: smallAnswer}, news: make(chan struct{}, 1)}
	err = c.within(ctx, func() error {
		if s.TLS == tlsImplicit {
			secure := tls.Client(conn, config)
			if err := secure.HandshakeContext(ctx); err != nil {
				return err
			}
			c.wire.Conn = secure
		}
		options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: c.notice}}
		if s.TLS == tlsStart {
			c.client, err = imapclient.NewStartTLS(c.wire, options)
			return err
		}
		c.client = imapclient.New(c.wire, options)
		return c.client.WaitGreeting()
	})
	if err != nil {
		c.close()
		return nil, fmt.Errorf("greeting %s: %w", address, err)
	}
	if err := c.login(ctx, &s.Config); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// notice is called by the client when the folder has grown. It must not wait.
func (c *session) notice(data *imapclient.UnilateralDataMailbox) {
	if data.NumMessages == nil {
		return
	}
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// close ends the connection and everything that waits for it.
func (c *session) close() {
	_ = c.wire.Close() // nobody reads from it any more
	if c.client != nil {
		_ = c.client.Close()
	}
}

// within does something with the client. When ctx ends, or the server keeps us
// waiting, it ends the connection, which is the only way to end a command.
func (c *session) within(ctx context.Context, do func() error) error {
	return c.withinReach(ctx, 0, do)
}

// withinReach is within for an answer of so many bytes at the most.
func (c *session) withinReach(ctx context.Context, bytes int64, do func() error) error {
	wait := patience + time.Duration(bytes/slowest)*time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("the server did not answer within %s: %w", wait, context.DeadlineExceeded))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = c.wire.Close() })
	err := do()
	if !stop() {
		return context.Cause(ctx)
	}
	return c.explain(err)
}

// unable is why we do not go on, though nothing is wrong with what was answered.
type unable string

// Error says why.
func (u unable) Error() string { return string(u) }

// explain prefers what went wrong with the connection to its symptoms.
func (c *session) explain(err error) error {
	cause := c.wire.cause()
	var refusal *imap.Error
	var ours unable
	switch {
	case err == nil, errors.As(err, &refusal), errors.As(err, &ours):
		return err
	case errors.Is(cause, io.EOF):
		return fmt.Errorf("the server hung up: %w", io.ErrUnexpectedEOF)
	case cause != nil:
		return cause
	}
	return fmt.Errorf("%w: %w", listeners.ErrMalformed, err)
}

// open selects a folder, so that nothing in it can change if readOnly.
func (c *session) open(ctx context.Context, folder string, readOnly bool) (*imap.SelectData, error) {
	var box *imap.SelectData
	err := c.within(ctx, func() error {
		c.wire.allow(smallAnswer)
		var err error
		box, err = c.client.Select(folder, &imap.SelectOptions{ReadOnly: readOnly}).Wait()
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("opening the folder %q: %w", folder, err)
	case box.UIDValidity == 0:
		return nil, fmt.Errorf("opening the folder %q: %w: no UIDVALIDITY, without which mails are not told apart", folder, listeners.ErrMalformed)
	}
	return box, nil
}

// await returns when the folder may have grown, or after every at the latest. It
// checks that the connection lives.
func (c *session) await(ctx context.Context, every time.Duration) error {
	c.wire.allow(smallAnswer)
	if !c.pushes {
		if err := pause(ctx, every, nil, nil); err != nil {
			return err
		}
		return c.within(ctx, func() error { return c.client.Noop().Wait() })
	}
	var idle *imapclient.IdleCommand
	err := c.within(ctx, func() error {
		var err error
		idle, err = c.client.Idle()
		return err
	})
	if err != nil {
		return fmt.Errorf("waiting for mail: %w", err)
	}
	if err := pause(ctx, every, c.news, c.client.Closed()); err != nil {
		c.close()
		_ = idle.Close() // there is nothing left to end
		return err
	}
	err = c.within(ctx, func() error {
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	})
	if err != nil {
		return fmt.Errorf("waiting for mail: %w", err)
	}
	return nil
}

// pause returns after d, or as soon as there are news or the connection is over.
func pause(ctx context.Context, d time.Duration, news, over <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-news:
	case <-over:
	}
	return ctx.Err() // both may be true
}
