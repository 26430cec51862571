package email_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"earshot/alerts/sinktest"
)

const (
	login    = "earshot"
	password = "hunter2-hunter2"
)

// server is a mail server on loopback that wants a login over TLS.
type server struct {
	address string
	trusted *tls.Config // of clients
	over    chan struct{}

	mu    sync.Mutex
	mode  sinktest.Mode
	mails []string
	rcpts [][]string
}

func newServer(t *testing.T, implicit bool) *server {
	t.Helper()
	s := &server{mode: sinktest.Works, over: make(chan struct{})}
	var own *tls.Config
	own, s.trusted = certificate(t)
	backend := smtp.NewServer(s)
	backend.TLSConfig, backend.Domain = own, "localhost"
	backend.ErrorLog = quiet{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1)
	if implicit {
		listener = tls.NewListener(listener, own)
	}
	var served sync.WaitGroup
	served.Go(func() { _ = backend.Serve(listener) })
	t.Cleanup(func() {
		close(s.over)
		_ = backend.Close()
		_ = listener.Close() // which the server does not know of before it serves
		served.Wait()
	})
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func certificate(t *testing.T) (own, trusted *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
}

func (s *server) now() sinktest.Mode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mode
}

// become implements sinktest.Peer.Mode. Mail servers know no limits with a time.
func (s *server) become(mode sinktest.Mode) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mode == sinktest.Limits {
		return false
	}
	s.mode = mode
	return true
}

// NewSession implements smtp.Backend.
func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c}, nil
}

type session struct {
	server *server
	conn   *smtp.Conn
	in     bool
	rcpts  []string
}

func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if _, protected := s.conn.TLSConnectionState(); !protected {
			return errors.New("in clear")
		}
		if s.server.now() == sinktest.Refuses || user != login || pass != password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "authentication failed"}
		}
		s.in = true
		return nil
	}), nil
}

func (*session) Reset()        {}
func (*session) Logout() error { return nil }

func (s *session) Mail(string, *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	if s.server.now() == sinktest.Leaks {
		return &smtp.SMTPError{Code: 451, Message: "odd: " + login + " " + password}
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.rcpts = append(s.rcpts, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	switch s.server.now() {
	case sinktest.Fails:
		return &smtp.SMTPError{Code: 451, Message: "try again later"}
	case sinktest.Rejects:
		return &smtp.SMTPError{Code: 554, Message: "we do not like this text"}
	case sinktest.Cuts:
		return s.conn.Conn().Close()
	case sinktest.Hangs:
		<-s.server.over
		return errors.New("over")
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, string(body))
	s.server.rcpts = append(s.server.rcpts, s.rcpts)
	return nil
}

// letter is a mail as mail programs show it.
type letter struct {
	header      mail.Header
	subject     string
	plain, rich string
}

func parse(t testing.TB, raw string) letter {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in %.500q", err, raw)
	}
	l := letter{header: m.Header}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	for {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(quotedprintable.NewReader(p)); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(b.String(), "\r\n", "\n")
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.rich = text
		} else {
			l.plain = text
		}
	}
}

// letters are all that arrived.
func (s *server) letters(t testing.TB) []letter {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []letter
	for _, raw := range s.mails {
		all = append(all, parse(t, raw))
	}
	return all
}

func (l letter) String() string {
	var b strings.Builder
	for name, values := range l.header {
		b.WriteString(name + ": " + strings.Join(values, " ") + "\n")
	}
	return b.String() + l.subject + "\n\n" + l.plain + "\n\n" + l.rich
}
