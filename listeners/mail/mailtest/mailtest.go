// Package mailtest is an IMAP server on loopback for tests of what hears mail: the
// one in memory of go-imap, which hangs, hangs up and forgets its UIDs on demand.
// The real server is started by Mox.
package mailtest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Who may log in.
const (
	User     = "care@acme.example"
	Password = "correct horse"
)

// Server is a mail server with one account and its INBOX. Its methods may be called
// concurrently.
type Server struct {
	Addr string // host and port

	server *imapserver.Server
	user   *imapmemserver.User
	ended  chan struct{} // when it serves no more

	mu      sync.Mutex
	posts   int
	stalled chan struct{} // closed when somebody waits for an answer; nil while there are answers
	once    sync.Once
	cut     int64 // bytes after which connections are cut; 0 for never
	over    chan struct{}
}

// New starts a server with an empty INBOX, and panics where there is no loopback.
// Close it.
func New() *Server {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it waits for nothing
	if err != nil {
		panic(err)
	}
	s := &Server{Addr: listener.Addr().String(), ended: make(chan struct{}), over: make(chan struct{})}
	s.user = imapmemserver.NewUser(User, Password)
	if err := s.user.Create("INBOX", nil); err != nil {
		panic(err) // unreachable: there is no other
	}
	accounts := imapmemserver.New()
	accounts.AddUser(s.user)
	s.server = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return accounts.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapMove: {}, imap.CapUIDPlus: {}},
		Logger:       log.New(io.Discard, "", 0),
		InsecureAuth: true,
	})
	go func() {
		defer close(s.ended)
		_ = s.server.Serve(&faulty{Listener: listener, server: s}) // until Close
	}()
	return s
}

// Close ends the server and every connection.
func (s *Server) Close() {
	close(s.over)
	_ = s.server.Close()
	<-s.ended
}

// Config is the section of a listener that hears the server, but for its name. The
// password is written into dir.
func (s *Server) Config(dir string) (string, error) {
	file := filepath.Join(dir, "mail.password")
	if err := os.WriteFile(file, []byte(Password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing the password: %w", err)
	}
	return fmt.Sprintf("type: mail\nserver: %s\ntls: none\nuser: %s\npassword_file: %s\nevery: 1s\n", s.Addr, User, file), nil
}

// Publish delivers letters with the given texts, oldest first.
func (s *Server) Publish(texts ...string) {
	for _, text := range texts {
		s.mu.Lock()
		s.posts++
		raw := letter(s.posts, text)
		s.mu.Unlock()
		s.Deliver("INBOX", raw)
	}
}

func letter(n int, text string) string {
	return fmt.Sprintf("From: Ida Holm <ida@customer.example>\r\nTo: %s\r\nSubject: Letter %d\r\nDate: %s\r\n"+
		"Message-ID: <%d@customer.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		User, n, time.Now().UTC().Format(time.RFC1123Z), n, text)
}

// Deliver puts a raw mail into a folder.
func (s *Server) Deliver(folder, raw string) { s.DeliverAt(folder, raw, time.Now()) }

// DeliverAt puts a raw mail into a folder as if the server had received it then.
func (s *Server) DeliverAt(folder, raw string, at time.Time) {
	if _, err := s.user.Append(folder, literal{bytes.NewReader([]byte(raw))}, &imap.AppendOptions{Time: at}); err != nil {
		panic(err) // only a folder that was not made
	}
}

// Make makes a folder.
func (s *Server) Make(folder string) error { return s.user.Create(folder, nil) }

// Forget makes INBOX anew, with another UIDVALIDITY, and puts the mails into it.
func (s *Server) Forget(mails ...string) error {
	if err := s.user.Delete("INBOX"); err != nil {
		return fmt.Errorf("deleting INBOX: %w", err)
	}
	if err := s.user.Create("INBOX", nil); err != nil {
		return fmt.Errorf("making INBOX: %w", err)
	}
	for _, raw := range mails {
		s.Deliver("INBOX", raw)
	}
	return nil
}

// Letter is the raw mail that Publish delivers as the nth with a text.
func (s *Server) Letter(n int, text string) string { return letter(n, text) }

// Count returns how many mails a folder holds, and how many of them are unread.
func (s *Server) Count(folder string) (all, unread int, err error) {
	status, err := s.user.Status(folder, &imap.StatusOptions{NumMessages: true, NumUnseen: true})
	if err != nil {
		return 0, 0, fmt.Errorf("counting mails: %w", err)
	}
	return int(*status.NumMessages), int(*status.NumUnseen), nil
}

// Stall makes the server hang: it takes connections and answers nothing. The
// channel is closed once somebody waits.
func (s *Server) Stall() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = make(chan struct{})
	return s.stalled
}

// CutAfter has every connection that is opened from now on end after so many bytes
// of answers; 0 for never.
func (s *Server) CutAfter(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = bytes
}

// literal is a mail as the server takes it.
type literal struct{ *bytes.Reader }

// faulty is a listener whose connections fail on demand.
type faulty struct {
	net.Listener
	server *Server
}

// Accept implements net.Listener.
func (f *faulty) Accept() (net.Conn, error) {
	conn, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	return &faultyConn{Conn: conn, server: f.server, limited: f.server.cut > 0, left: f.server.cut}, nil
}

type faultyConn struct {
	net.Conn
	server  *Server
	limited bool
	left    int64
}

// Write implements net.Conn.
func (c *faultyConn) Write(p []byte) (int, error) {
	c.server.mu.Lock()
	stalled := c.server.stalled
	c.server.mu.Unlock()
	if stalled != nil {
		c.server.once.Do(func() { close(stalled) })
		<-c.server.over
		return 0, net.ErrClosed
	}
	if c.limited {
		if c.left -= int64(len(p)); c.left < 0 {
			n, _ := c.Conn.Write(p[:max(0, int64(len(p))+c.left)])
			_ = c.Close()
			return n, net.ErrClosed
		}
	}
	return c.Conn.Write(p)
}
