// Package mail hears mailboxes by IMAP: customers' letters, each folder a part
// with a cursor of its own. It tells what somebody wrote from what they quoted,
// reads every character set, names attachments and leaves them where they are, and
// marks or moves mails only when told to, once they are stored. Answering mail is
// not its business; retries are the runner's, in listeners.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// Driver is the mail kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: open}
}

// open makes a part of each folder. Problems that are warnings only come with the
// parts.
func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	problems := config.check()
	if problems.Fatal() {
		return nil, problems
	}
	var parts []listeners.Part
	for _, folder := range config.Folders {
		parts = append(parts, listeners.Part{Name: folder, Source: &source{
			Config: config, folder: folder, dial: setup.Dial, log: setup.Log,
		}})
	}
	if len(problems) > 0 {
		return parts, problems
	}
	return parts, nil
}

// source hears one folder.
type source struct {
	Config
	folder string
	dial   listeners.Dial
	log    *zap.Logger
}

// Listen hears what is new in the folder, and then what comes.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	place, err := readPlace(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, hearing the folder again", zap.String("part", s.folder), zap.NamedError("err", err))
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	box, err := conn.open(ctx, s.folder, s.After == "")
	if err != nil {
		return err
	}
	h := &hearing{source: s, session: conn, emit: emit, place: place}
	if err := h.begin(ctx, box); err != nil {
		return err
	}
	if err := h.catchUp(ctx, box.UIDNext); err != nil {
		return err
	}
	for {
		if err := h.catchUp(ctx, 0); err != nil {
			return err
		}
		note := "IDLE"
		if !conn.pushes {
			note = "no IDLE: polling"
		}
		listeners.Report(ctx, listeners.Outlook{Next: time.Now().Add(s.Every).UTC(), Note: note})
		if err := conn.await(ctx, s.Every); err != nil {
			return err
		}
	}
}

// Backfill hears what the folder has received since, as it is now.
func (s *source) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	place, err := readPlace(from)
	if err != nil {
		return err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	box, err := conn.open(ctx, s.folder, true)
	if err != nil {
		return err
	}
	h := &hearing{source: s, session: conn, emit: emit, place: place, backfill: true, since: since}
	if h.place.Validity != box.UIDValidity {
		if h.place, err = conn.placeAt(ctx, box, since); err != nil {
			return err
		}
	}
	if box.UIDNext == 0 {
		return errors.New("reading the folder: the server does not say where it ends (UIDNEXT)")
	}
	return h.catchUp(ctx, box.UIDNext)
}

// roots are the certificates that vouch for the server, nil for the system's.
func (c *Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil //nolint:nilnil // what tls.Config takes for the system's
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading ca_file %s: no certificate in it", c.CAFile)
	}
	return pool, nil
}

func (c *Config) tlsConfig(host string) (*tls.Config, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	return &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: roots}, nil
}
