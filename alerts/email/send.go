package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"earshot/alerts"
	"earshot/alerts/wording"
)

const (
	dialTimeout = 10 * time.Second
	sendTimeout = 45 * time.Second
	renew       = "ask whoever runs the mail server for another password"
)

// send brings a message to the server. It has arrived as soon as the server has
// taken its text: what goes wrong while the connection is closed is no failure.
func (s *sink) send(ctx context.Context, m *gomail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	password := ""
	if s.config.PasswordFile != "" {
		var err error
		if password, err = alerts.Secret(s.config.PasswordFile, renew); err != nil {
			return err
		}
	}
	line := &line{sink: s}
	defer line.hangUp()
	stop := context.AfterFunc(ctx, line.hangUp)
	defer stop()
	client, err := s.client(password, line)
	if err != nil {
		return err
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return s.judge(fmt.Errorf("connecting: %w", err), password)
	}
	err = client.SendWithSMTPClient(connection, m)
	if m.IsDelivered() {
		_ = client.CloseWithSMTPClient(connection)
		return nil
	}
	return s.judge(fmt.Errorf("sending: %w", err), password)
}

func (s *sink) client(password string, line *line) (*gomail.Client, error) {
	host, port, _ := net.SplitHostPort(s.config.Server)
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("reading the port of %s: %w", s.config.Server, err)
	}
	options := []gomail.Option{
		gomail.WithPort(n), gomail.WithTimeout(sendTimeout), gomail.WithDialContextFunc(line.dial),
		gomail.WithTLSConfig(s.tlsConfig(host)), gomail.WithoutNoop(),
	}
	switch s.config.TLS {
	case protectStart:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case protectImplicit:
		options = append(options, gomail.WithSSL())
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.config.User != "" {
		kind := gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin)
		if s.config.TLS == protectNone { // to this machine only
			kind = gomail.WithSMTPAuth(gomail.SMTPAuthPlainNoEnc)
		}
		options = append(options, kind, gomail.WithUsername(s.config.User), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("preparing for %s: %w", s.config.Server, err)
	}
	return client, nil
}

func (s *sink) tlsConfig(host string) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.tls != nil {
		c = s.tls.Clone()
	}
	c.ServerName = host
	return c
}

// line is the connection of one message, which can be cut at any moment.
type line struct {
	sink *sink
	mu   sync.Mutex
	conn net.Conn
	cut  bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var (
		conn   net.Conn
		err    error
		dialer = &net.Dialer{Timeout: dialTimeout}
	)
	if l.sink.config.TLS == protectImplicit {
		host, _, _ := net.SplitHostPort(address)
		conn, err = (&tls.Dialer{NetDialer: dialer, Config: l.sink.tlsConfig(host)}).DialContext(ctx, network, address)
	} else {
		conn, err = dialer.DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		_ = conn.Close()
		return nil, context.Canceled
	}
	l.conn = conn
	return conn, nil
}

func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

// judge turns what the server said into the error that it stands for. Only a text
// that it will not take is the alert's own fault; a sender or recipient that it does
// not know is the configuration's, and waits until somebody puts that right.
func (s *sink) judge(err error, password string) error {
	said := err.Error()
	if len(password) > 3 {
		said = strings.ReplaceAll(said, password, "…")
	}
	told := fmt.Errorf("mail server %s: %s", s.config.Server, wording.Line(said, 300))
	if failed, ok := errors.AsType[*gomail.SendError](err); ok {
		content := failed.Reason == gomail.ErrSMTPData || failed.Reason == gomail.ErrSMTPDataClose || failed.Reason == gomail.ErrWriteContent
		switch {
		case failed.ErrorCode() == 530 || failed.ErrorCode() == 535:
			return &alerts.Refused{File: s.config.PasswordFile, Renew: renew, Err: told}
		case content && failed.ErrorCode()/100 == 5:
			return &alerts.Rejected{Err: told}
		}
		return told
	}
	if failed, ok := errors.AsType[*textproto.Error](err); ok && (failed.Code == 530 || failed.Code == 534 || failed.Code == 535) {
		return &alerts.Refused{File: s.config.PasswordFile, Renew: renew, Err: told}
	}
	return told
}
