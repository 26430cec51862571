package mail_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"earshot/listeners"
	"earshot/listeners/mail"
)

// script is a server that answers commands by heart. Answers end in OK unless they
// say how they end; a command without an answer gets none.
type script struct {
	caps    string
	answers map[string]string // by the beginning of the command; TAG stands for its tag
	report  func(listeners.Outlook)
}

const usual = "IMAP4rev1 IDLE MOVE SASL-IR AUTH=PLAIN"

func (s script) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if s.caps == "" {
		s.caps = usual
	}
	fmt.Fprintf(conn, "* OK [CAPABILITY %s] ready\r\n", s.caps)
	commands := bufio.NewScanner(conn)
	for commands.Scan() {
		tag, command, _ := strings.Cut(commands.Text(), " ")
		answer, ok := s.answer(command)
		if !ok {
			continue
		}
		if !strings.Contains(answer, "TAG") && !strings.HasPrefix(answer, "+") {
			answer += "TAG OK done\r\n"
		}
		if _, err := io.WriteString(conn, strings.ReplaceAll(answer, "TAG", tag)); err != nil {
			return
		}
	}
}

func (s script) answer(command string) (string, bool) {
	for beginning, answer := range s.answers {
		if strings.HasPrefix(command, beginning) {
			return answer, answer != ""
		}
	}
	switch {
	case strings.HasPrefix(command, "CAPABILITY"):
		return "* CAPABILITY " + s.caps + "\r\n", true
	case strings.HasPrefix(command, "EXAMINE"), strings.HasPrefix(command, "SELECT"):
		return "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 1] ok\r\n", true
	case strings.HasPrefix(command, "UID SEARCH"):
		return "* SEARCH\r\n", true
	}
	return "", strings.HasPrefix(command, "AUTHENTICATE") || strings.HasPrefix(command, "UID FETCH") || strings.HasPrefix(command, "NOOP")
}

// listenTo runs a source against a script, in a bubble where time is cheap, for so
// long at the most.
func listenTo(t *testing.T, s script, change func(*mail.Config), within time.Duration, emit listeners.Emit) (err error) {
	t.Helper()
	password := secret(t, "hunter2")
	synctest.Test(t, func(t *testing.T) {
		parts, openErr := mail.Driver().Open(listeners.Setup{
			Name: "letters", Log: zap.NewNop(),
			Dial: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go s.serve(theirs)
				return ours, nil
			},
			Decode: func(into any) error {
				c, ok := into.(*mail.Config)
				if !ok {
					return errors.New("not a Config")
				}
				c.Server, c.TLS, c.User, c.PasswordFile = "127.0.0.1:1", "none", "ida", password
				if change != nil {
					change(c)
				}
				return nil
			},
		})
		if len(parts) == 0 {
			t.Fatal(openErr)
		}
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		if s.report != nil {
			ctx = listeners.WithReport(ctx, s.report)
		}
		err = parts[0].Source.Listen(ctx, nil, emit)
	})
	return err
}

func ignore(context.Context, listeners.Batch) error { return nil }

// Whatever a server does instead of what it should, the source ends with an error
// that says so, in bounded time and memory.
func TestBadServers(t *testing.T) {
	one := "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok\r\n"
	for name, c := range map[string]struct {
		script
		class string
		says  string
	}{
		"silent after login": {script{answers: map[string]string{"EXAMINE": ""}}, "timeout", "did not answer"},
		"silent in IDLE":     {script{answers: map[string]string{"IDLE": "+ idling\r\n", "DONE": ""}}, "timeout", "did not answer"},
		"no UIDVALIDITY":     {script{answers: map[string]string{"EXAMINE": "* 0 EXISTS\r\n"}}, "malformed", "UIDVALIDITY"},
		"flood":              {script{answers: map[string]string{"EXAMINE": strings.Repeat("* OK still busy\r\n", 100_000)}}, "malformed", "far more"},
		"endless atom":       {script{answers: map[string]string{"EXAMINE": "* " + strings.Repeat("X", 2<<20)}}, "malformed", "far more"},
		"nonsense":           {script{answers: map[string]string{"EXAMINE": "HTTP/1.1 200 OK\r\n\r\nTAG"}}, "malformed", ""},
		"bye":                {script{answers: map[string]string{"AUTHENTICATE": "* BYE too busy\r\nTAG NO [UNAVAILABLE] come again\r\n"}}, "other", "UNAVAILABLE"},
		"too many":           {script{answers: map[string]string{"AUTHENTICATE": "TAG NO Too many connections\r\n"}}, "other", "Too many"},
		"refused":            {script{answers: map[string]string{"AUTHENTICATE": "TAG NO [AUTHENTICATIONFAILED] who?\r\n"}}, "refused_credential", "who?"},
		"no passwords":       {script{caps: "IMAP4rev1 LOGINDISABLED STARTTLS"}, "other", "tls"},
		"huge mail": {script{answers: map[string]string{
			"EXAMINE": one, "UID SEARCH": "* SEARCH 1\r\n", "UID FETCH 1 (UID RFC822.SIZE": "* 1 FETCH (UID 1 RFC822.SIZE 9)\r\n",
			"UID FETCH 1 (UID INTERNALDATE": "* 1 FETCH (UID 1 BODY[]<0> {999999999}\r\n" + strings.Repeat("x", 10<<20),
		}}, "malformed", "far more"},
	} {
		t.Run(name, func(t *testing.T) {
			err := listenTo(t, c.script, nil, time.Hour, ignore)
			if err == nil || listeners.Class(err) != c.class || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v, class %s, want %s and %q", err, listeners.Class(err), c.class, c.says)
			}
		})
	}
}

// What the server lists and does not hand out becomes a dead letter, and does not
// stand in the way of the rest.
func TestWithheldMail(t *testing.T) {
	var batch listeners.Batch
	err := listenTo(t, script{answers: map[string]string{
		"EXAMINE": "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 4] ok\r\n",
		// Out of order, one of them twice, one that nobody asked for.
		"UID SEARCH":                   "* SEARCH 3 1 2\r\n",
		"UID FETCH 1:3 (UID RFC822":    "* 2 FETCH (UID 2 RFC822.SIZE 9)\r\n* 1 FETCH (UID 1 RFC822.SIZE 9)\r\n* 3 FETCH (UID 3 RFC822.SIZE 9)\r\n* 3 FETCH (UID 3 RFC822.SIZE 9)\r\n* 9 FETCH (UID 90 RFC822.SIZE 9)\r\n",
		"UID FETCH 1:3 (UID INTERNAL":  "* 3 FETCH (UID 3 BODY[]<0> {10}\r\nFrom: a@b\n)\r\n* 1 FETCH (UID 1 BODY[]<0> NIL)\r\n",
		"UID FETCH 1:2 (UID INTERNALD": "* 1 FETCH (UID 1 BODY[]<0> NIL)\r\n",
		"UID FETCH 1 (UID RFC822":      "* 1 FETCH (UID 1 RFC822.SIZE 9)\r\n",
		"UID FETCH 2 (UID RFC822":      "* 5 EXISTS\r\n",
	}}, nil, time.Minute, func(_ context.Context, b listeners.Batch) error {
		if len(b.Mentions)+len(b.Dead) > 0 {
			batch = b
			return errors.New("enough")
		}
		return nil
	})
	if len(batch.Mentions) != 1 || batch.Mentions[0].Author.Handle != "a@b" || len(batch.Dead) != 1 || !strings.Contains(batch.Dead[0].Reason, "UID 1,") {
		t.Errorf("%+v, %v", batch, err)
	}
}

// Tokens are shown in the way that the server asks for, and a refusal names the
// file of the token.
func TestTokens(t *testing.T) {
	for mechanism, challenge := range map[string]string{"XOAUTH2": "eyJzdGF0dXMiOiI0MDAifQ==", "OAUTHBEARER": "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0="} {
		var token string
		err := listenTo(t, script{caps: "IMAP4rev1 SASL-IR AUTH=" + mechanism, answers: map[string]string{
			"AUTHENTICATE " + mechanism + " ": "+ " + challenge + "\r\nTAG NO [AUTHENTICATIONFAILED] expired\r\n",
		}}, func(c *mail.Config) { c.TokenFile, c.PasswordFile = c.PasswordFile, ""; token = c.TokenFile }, time.Minute, ignore)
		if refused, ok := errors.AsType[*listeners.Refused](err); !ok || refused.File != token || !strings.Contains(refused.Renew, "token") {
			t.Errorf("%s: %v", mechanism, err)
		}
	}
}

// A server that cannot move mails is not asked to copy and delete them.
func TestCannotMove(t *testing.T) {
	err := listenTo(t, script{caps: "IMAP4rev1 IDLE AUTH=PLAIN SASL-IR", answers: map[string]string{
		"SELECT":                   "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok\r\n",
		"UID SEARCH":               "* SEARCH 1\r\n",
		"UID FETCH 1 (UID RFC822":  "* 1 FETCH (UID 1 RFC822.SIZE 9)\r\n",
		"UID FETCH 1 (UID INTERNA": "* 1 FETCH (UID 1 BODY[]<0> {10}\r\nFrom: a@b\n)\r\n",
	}}, func(c *mail.Config) { c.After = "move:Done" }, time.Minute, ignore)
	if err == nil || !strings.Contains(err.Error(), "after: seen") {
		t.Errorf("%v", err)
	}
}

// Without IDLE it asks every so often.
func TestPolls(t *testing.T) {
	var note string
	asked := 0
	_ = listenTo(t, script{caps: "IMAP4rev1 AUTH=PLAIN SASL-IR", report: func(o listeners.Outlook) {
		if !o.Next.IsZero() {
			note = o.Note
			asked++
		}
	}}, nil, time.Hour+time.Second, ignore)
	if asked != 13 || !strings.Contains(note, "polling") {
		t.Errorf("asked %d times in an hour, %q", asked, note)
	}
}

// Mail that arrives while it catches up is heard at once, not when it next asks.
func TestArrivesWhileCatchingUp(t *testing.T) {
	var heard []string
	err := listenTo(t, script{answers: map[string]string{
		"EXAMINE":                     "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2501] ok\r\n",
		"UID SEARCH":                  "* SEARCH 1\r\n",
		"UID FETCH 1:1000 (UID RFC":   "* 2 EXISTS\r\n",
		"UID FETCH 2501:* (UID RFC":   "* 2 FETCH (UID 2501 RFC822.SIZE 9)\r\n",
		"UID FETCH 2501 (UID INTERNA": "* 2 FETCH (UID 2501 BODY[]<0> {10}\r\nFrom: a@b\n)\r\n",
		"IDLE":                        "+ idling\r\n",
	}}, nil, time.Minute, func(_ context.Context, b listeners.Batch) error {
		for _, m := range b.Mentions {
			heard = append(heard, m.Author.Handle)
		}
		return nil
	})
	if len(heard) != 1 {
		t.Errorf("heard %q in a minute: %v", heard, err)
	}
}
