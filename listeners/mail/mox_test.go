package mail_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mail"
)

// Against a real server: mails in every character set, those that arrive while it
// waits, over both kinds of TLS, with a server that dies in between. All is heard
// once.
func TestRealServer(t *testing.T) {
	t.Parallel()
	server := startMox(t)
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	var mails [][]byte
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mails = append(mails, raw)
	}
	if err := server.append(mails...); err != nil {
		t.Fatal(err)
	}
	src := openParts(t, func(c *mail.Config) { server.configure(t, c, "implicit") })[0].Source
	first := listen(t, src, nil, len(mails))

	server.kill()
	server.restart(t)
	src = openParts(t, func(c *mail.Config) { server.configure(t, c, "starttls"); c.After = "seen" })[0].Source
	posted := make(chan error, 1)
	post := func() {
		posted <- server.append([]byte("From: a@b\r\nMessage-ID: <1@b>\r\n\r\npushed one"), []byte("From: a@b\r\nMessage-ID: <2@b>\r\n\r\npushed two"))
	}
	second := &heard{enough: 2}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	second.cancel = cancel
	var once sync.Once
	ctx = listeners.WithReport(ctx, func(o listeners.Outlook) {
		if o.Note == "IDLE" {
			once.Do(func() { go post() })
		}
	})
	err = src.Listen(ctx, first.cursor(), second.emit)
	if sent := <-posted; sent != nil || second.count != 2 {
		t.Fatalf("heard %d of 2: %v, %v", second.count, sent, err)
	}

	seen := map[string]earshot.Mention{}
	for _, b := range append(first.batches, second.batches...) {
		for _, m := range b.Mentions {
			if _, twice := seen[m.ID]; twice {
				t.Errorf("%s was heard twice", m.ID)
			}
			seen[m.ID] = m
		}
	}
	if got := seen["mail:ru@customer.example"].Text; got != "Кран сломался на второй день." {
		t.Errorf("heard %q", got)
	}
	if texts := strings.Join(second.texts(), ","); !strings.Contains(texts, "pushed one") || !strings.Contains(texts, "pushed two") {
		t.Errorf("heard %q", texts)
	}
}

// mox is a server with one account, pinned in tools/mox.
type mox struct {
	binary, dir string
	ports       map[string]string // by what they usually are
	cmd         *exec.Cmd
}

const (
	moxUser     = "mox@localhost"
	moxPassword = "moxmoxmox"
)

func startMox(t *testing.T) *mox {
	t.Helper()
	m := &mox{binary: buildMox(t), dir: filepath.Join(t.TempDir(), "mox"), ports: map[string]string{}}
	if out, err := exec.CommandContext(t.Context(), m.binary, "localserve", "-dir", m.dir, "-ip", "127.0.0.1", "-initonly").CombinedOutput(); err != nil {
		t.Fatalf("making mox's configuration: %v\n%s", err, out)
	}
	file := filepath.Join(m.dir, "mox.conf")
	config, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	port := regexp.MustCompile(`Port: (\d+)`)
	config = port.ReplaceAllFunc(config, func(line []byte) []byte {
		usual := string(line[len("Port: "):])
		if m.ports[usual] == "" {
			m.ports[usual] = freePort(t)
		}
		return []byte("Port: " + m.ports[usual])
	})
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.kill)
	m.restart(t)
	return m
}

// buildMox builds the server, as pinned, into Go's cache and returns its path.
func buildMox(t *testing.T) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "tool", "-n", "github.com/mjl-/mox")
	build.Dir = filepath.Join("..", "..", "tools", "mox")
	var said strings.Builder
	build.Stderr = &said
	path, err := build.Output()
	if err != nil {
		reason := fmt.Sprintf("building mox: %v\n%s", err, said.String())
		if os.Getenv("EARSHOT_CI") == "1" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	return strings.TrimSpace(string(path))
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func (m *mox) restart(t *testing.T) {
	t.Helper()
	m.cmd = exec.Command(m.binary, "localserve", "-dir", m.dir)
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(2 * time.Minute)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if conn, err := net.Dial("tcp", m.address("1993")); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal("mox does not listen")
		}
	}
}

func (m *mox) kill() {
	_ = m.cmd.Process.Kill() // it may have died by itself
	_ = m.cmd.Wait()
}

func (m *mox) address(usual string) string { return "127.0.0.1:" + m.ports[usual] }

func (m *mox) configure(t *testing.T, c *mail.Config, protection string) {
	t.Helper()
	c.TLS, c.User, c.PasswordFile = protection, moxUser, secret(t, moxPassword)
	c.CAFile = filepath.Join(m.dir, "localhost.crt")
	c.Server = "localhost:" + m.ports["1993"]
	if protection == "starttls" {
		c.Server = "localhost:" + m.ports["1143"]
	}
	c.Every = time.Minute
}

// append puts mails into the mailbox, as a mail program does.
func (m *mox) append(mails ...[]byte) error {
	pem, err := os.ReadFile(filepath.Join(m.dir, "localhost.crt"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client, err := imapclient.DialTLS(m.address("1993"), &imapclient.Options{TLSConfig: &tls.Config{RootCAs: roots, ServerName: "localhost"}})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if err := client.Login(moxUser, moxPassword).Wait(); err != nil {
		return err
	}
	for _, raw := range mails {
		cmd := client.Append("INBOX", int64(len(raw)), nil)
		if _, err := cmd.Write(raw); err != nil {
			return err
		}
		if err := cmd.Close(); err != nil {
			return err
		}
		if _, err := cmd.Wait(); err != nil {
			return err
		}
	}
	return nil
}
