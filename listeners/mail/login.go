package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"earshot/listeners"
)

const (
	renewPassword = "make a new password or app password at the mail provider and write it to the file"
	renewToken    = "get a new access token from the mail provider and write it to the file"
)

// login proves who we are, with what the server accepts.
func (c *session) login(ctx context.Context, config *Config) error {
	file, renew := config.PasswordFile, renewPassword
	if config.TokenFile != "" {
		file, renew = config.TokenFile, renewToken
	}
	secret, err := listeners.Credential(file, renew)
	if err != nil {
		return err
	}
	err = c.within(ctx, func() error {
		c.wire.allow(smallAnswer)
		return c.prove(config, secret)
	})
	if refused(err) {
		return &listeners.Refused{File: file, Renew: renew, Err: err}
	}
	if err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	return c.within(ctx, func() error {
		caps := c.client.Caps()
		if caps == nil {
			return errors.New("reading what the server can do: no answer")
		}
		c.pushes, c.moves = caps.Has(imap.CapIdle), caps.Has(imap.CapMove)
		return nil
	})
}

func (c *session) prove(config *Config, secret string) error {
	_, host := config.address()
	caps := c.client.Caps()
	switch {
	case c.client.State() == imap.ConnStateAuthenticated:
		return nil // by the connection itself (PREAUTH)
	case config.TokenFile != "" && !caps.Has(imap.AuthCap("XOAUTH2")) && caps.Has(imap.AuthCap("OAUTHBEARER")):
		return c.client.Authenticate(&proof{"OAUTHBEARER", "n,a=" + config.User + ",\x01host=" + host + "\x01auth=Bearer " + secret + "\x01\x01"})
	case config.TokenFile != "":
		return c.client.Authenticate(&proof{"XOAUTH2", "user=" + config.User + "\x01auth=Bearer " + secret + "\x01\x01"})
	case caps.Has(imap.AuthCap("PLAIN")) && (caps.Has(imap.CapSASLIR) || caps.Has(imap.CapLoginDisabled)):
		return c.client.Authenticate(&proof{"PLAIN", "\x00" + config.User + "\x00" + secret})
	case caps.Has(imap.CapLoginDisabled):
		return unable("the server takes no passwords on this connection: use tls: implicit or starttls, or a token_file")
	}
	return c.client.Login(config.User, secret).Wait()
}

// proof is a SASL mechanism that says all at once (RFC 4616, RFC 7628, XOAUTH2).
type proof struct{ mechanism, words string }

// Start implements sasl.Client.
func (p *proof) Start() (mechanism string, words []byte, err error) {
	return p.mechanism, []byte(p.words), nil
}

// Next implements sasl.Client. A challenge is a refusal that wants to be
// acknowledged; we hang up instead, since the client waits for ever when a server
// refuses without waiting for us.
func (p *proof) Next(challenge []byte) ([]byte, error) {
	const most = 200
	return nil, fmt.Errorf("%w: %q", errChallenged, challenge[:min(len(challenge), most)])
}

const errChallenged = unable("the server answers")

// refused reports whether the server says that it does not accept the credential,
// and not that it has no time for anybody.
func refused(err error) bool {
	if errors.Is(err, errChallenged) {
		return true
	}
	var no *imap.Error
	if !errors.As(err, &no) || no.Type != imap.StatusResponseTypeNo {
		return false
	}
	switch no.Code {
	case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed, imap.ResponseCodeExpired:
		return true
	case "":
	default:
		return false
	}
	text := strings.ToLower(no.Text)
	for _, passing := range []string{"temporar", "try again", "later", "too many", "unavailable", "internal"} {
		if strings.Contains(text, passing) {
			return false
		}
	}
	return true
}
