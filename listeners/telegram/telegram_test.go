package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/telegram/telegramtest"
)

// hears listens until n updates were stored, and returns what they said.
func hears(t *testing.T, s *source, from earshot.Cursor, n int) (said []string, cursor earshot.Cursor, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	enough := errors.New("enough")
	err = s.Listen(ctx, from, func(_ context.Context, b listeners.Batch) error {
		for _, m := range b.Mentions {
			said = append(said, string(m.Change)+" "+m.Text)
		}
		for _, d := range b.Dead {
			said = append(said, "dead "+d.Reason)
		}
		cursor = b.Next
		if len(said) >= n {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return said, cursor, err
}

func start(t *testing.T) (*telegramtest.Server, *source) {
	t.Helper()
	server := telegramtest.New()
	t.Cleanup(server.Close)
	return server, newSource(t, server)
}

// What is not stored is not confirmed: Telegram still has it.
func TestConfirmsWhatIsStored(t *testing.T) {
	t.Parallel()
	server, s := start(t)
	server.Publish("one", "two")
	if _, _, err := hears(t, s, nil, 1); err != nil { // the emit fails
		t.Fatal(err)
	}
	if n := server.Waiting(); n != 2 {
		t.Errorf("%d updates are left after an emit that failed", n)
	}
	server.Publish("three")
	said, cursor, err := hears(t, s, nil, 3)
	if want := []string{"new one", "new two", "new three"}; err != nil || !slices.Equal(said, want) {
		t.Errorf("%q, %v", said, err)
	}
	server.Publish("four")
	if said, _, err = hears(t, s, cursor, 1); err != nil || !slices.Equal(said, []string{"new four"}) || server.Waiting() != 1 {
		t.Errorf("%q, %v, %d waiting", said, err, server.Waiting())
	}
}

// Updates out of order and given twice are heard in order and once.
func TestScrambled(t *testing.T) {
	t.Parallel()
	server, s := start(t)
	server.Scramble()
	server.Publish("one", "two", "three")
	if said, _, err := hears(t, s, nil, 3); err != nil || !slices.Equal(said, []string{"new one", "new two", "new three"}) {
		t.Errorf("%q, %v", said, err)
	}
}

// After a week of silence numbers begin anywhere, below the old ones too.
func TestNumbersBeginAnew(t *testing.T) {
	t.Parallel()
	server, s := start(t)
	server.Renumber(7)
	server.Publish("one")
	cursor, err := json.Marshal(state{Version: 1, Bot: "123456789", Offset: 900, At: time.Now().Add(-8 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if said, _, err := hears(t, s, cursor, 1); err != nil || !slices.Equal(said, []string{"new one"}) {
		t.Errorf("%q, %v", said, err)
	}
}

// Numbers of one bot say nothing of another's.
func TestAnotherBot(t *testing.T) {
	t.Parallel()
	server, s := start(t)
	server.Publish("one")
	cursor, err := json.Marshal(state{Version: 1, Bot: "987654321", Offset: 90_000, At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if said, _, err := hears(t, s, cursor, 1); err != nil || !slices.Equal(said, []string{"new one"}) {
		t.Errorf("%q, %v", said, err)
	}
}

// An update that cannot be read is a dead letter and holds nothing up.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	server, s := start(t)
	server.Update(`"message": {"message_id": "x"}`)
	server.Publish("one")
	said, cursor, err := hears(t, s, nil, 2)
	slices.Sort(said)
	if err != nil || len(said) != 2 || !strings.HasPrefix(said[0], "dead reading an update") || cursor == nil {
		t.Errorf("%q, %v", said, err)
	}
}

// Only the chats that are asked for are heard.
func TestChats(t *testing.T) {
	t.Parallel()
	server, s := start(t)
	s.config.Chats = []string{"@ToyFans", "-4000"}
	server.Update(`"message": {"message_id": 1, "date": 1, "chat": {"id": -1005, "type": "supergroup"}, "text": "elsewhere"}`)
	server.Update(`"message": {"message_id": 1, "date": 1, "chat": {"id": -4000, "type": "group"}, "text": "family"}`)
	server.Update(`"message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "to the bot"}`)
	server.Publish("fans")
	if said, _, err := hears(t, s, nil, 2); err != nil || !slices.Equal(said, []string{"new family", "new fans"}) {
		t.Errorf("%q, %v", said, err)
	}
	s.config.Direct = true
	if said, _, err := hears(t, s, nil, 3); err != nil || len(said) != 3 {
		t.Errorf("%q, %v", said, err)
	}
}

// Each way in which Telegram fails is an error that makes the runner do the right
// thing, and none tells the token.
func TestFailures(t *testing.T) {
	t.Parallel()
	server, s := start(t)
	for _, c := range []struct {
		failure telegramtest.Failure
		because string
		kind    func(error) bool
	}{
		{telegramtest.Failure{Status: 429, Body: `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 17","parameters":{"retry_after":17}}`}, "retry after 17", func(err error) bool {
			retry, ok := errors.AsType[*listeners.RetryAfter](err)
			return ok && retry.Wait == 17*time.Second
		}},
		{telegramtest.Failure{Status: 429, Header: map[string]string{"Retry-After": "23"}, Body: `x`}, "429", func(err error) bool {
			retry, ok := errors.AsType[*listeners.RetryAfter](err)
			return ok && retry.Wait == 23*time.Second
		}},
		{telegramtest.Failure{Status: 409, Body: `{"ok":false,"error_code":409,"description":"Conflict: can't use getUpdates method while webhook is active"}`}, "webhook", isStatus},
		{telegramtest.Failure{Status: 502, Body: `<html>Bad Gateway</html>`}, "502", isStatus},
		{telegramtest.Failure{Status: 401, Body: `{"ok":false,"error_code":401,"description":"Unauthorized: ` + telegramtest.Token + `"}`}, "@BotFather", isRefused},
		{telegramtest.Failure{Status: 404, Body: `{"ok":false,"error_code":404,"description":"Not Found"}`}, "@BotFather", isRefused},
		{telegramtest.Failure{Status: 200, Body: `{"ok":true,"result":[{"upda`}, "reading what Telegram sent", isMalformed},
		{telegramtest.Failure{Status: 200, Body: `{"ok":false}`}, "neither updates nor a reason", isMalformed},
		{telegramtest.Failure{Status: 200, Body: `{"ok":true,"result":[{"message":{}}]}`}, "no number", isMalformed},
	} {
		server.Fail(c.failure)
		_, _, err := hears(t, s, nil, 1)
		if err == nil || !strings.Contains(err.Error(), c.because) || !c.kind(err) {
			t.Errorf("%s: %v", c.failure.Body, err)
		}
		checkHushed(t, err)
	}
	s.bot.client = &http.Client{Transport: broken{}}
	_, _, err := hears(t, s, nil, 1)
	checkHushed(t, err)
	s.bot.server = "http://[bad"
	_, _, err = hears(t, s, nil, 1)
	checkHushed(t, err)
}

func checkHushed(t *testing.T, err error) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), telegramtest.Token[10:]) {
		t.Errorf("the error tells the token: %v", err)
	}
}

type broken struct{}

func (broken) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, errors.New("dialing " + r.URL.String())
}

func isStatus(err error) bool    { return errors.As(err, new(*listeners.StatusError)) }
func isRefused(err error) bool   { return errors.As(err, new(*listeners.Refused)) }
func isMalformed(err error) bool { return errors.Is(err, listeners.ErrMalformed) }

// A second poller is told what is wrong.
func TestTwoPollers(t *testing.T) {
	t.Parallel()
	server, first := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	heard := make(chan struct{}, 1)
	server.Publish("one")
	go func() {
		defer close(ended)
		_ = first.Listen(ctx, nil, func(context.Context, listeners.Batch) error { heard <- struct{}{}; return nil })
	}()
	<-heard
	for { // until the first one polls again
		asking, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := first.bot.updates(asking, telegramtest.Token, 1<<40)
		stop()
		if err != nil && strings.Contains(err.Error(), "a bot of its own") {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("two pollers at once are no conflict")
		}
	}
	cancel()
	<-ended
}

// A token file is checked before anybody is asked.
func TestTokens(t *testing.T) {
	t.Parallel()
	_, s := start(t)
	for _, content := range []string{"", "hunter2", "123:short", "123456789:AA bb cc dd ee ff gg"} {
		if err := os.WriteFile(s.bot.file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := hears(t, s, nil, 1); !isRefused(err) || content != "" && strings.Contains(err.Error(), content) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// What is wrong is said with the key it is at.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config Config
		paths  []string
		fatal  bool
	}{
		"no token": {Config{Server: apiServer}, []string{"token_file"}, true},
		"chats":    {Config{TokenFile: "/dev/null", Server: apiServer, Chats: []string{"@toyfans", "Toy fans", "@toyfans", "-1001"}}, []string{"chats[1]", "chats[2]"}, true},
		"server":   {Config{TokenFile: "/dev/null", Server: "telegram"}, []string{"server"}, true},
	} {
		parts, err := Driver().Open(listeners.Setup{
			Client: &http.Client{}, Log: zap.NewNop(),
			Decode: func(into any) error {
				config, ok := into.(*Config)
				if !ok {
					return errors.New("not a Config")
				}
				*config = c.config
				return nil
			},
		})
		var problems earshot.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var paths []string
		for _, p := range problems {
			paths = append(paths, p.Path)
		}
		if !slices.Equal(paths, c.paths) || problems.Fatal() != c.fatal || c.fatal == (len(parts) > 0) {
			t.Errorf("%s: %d parts and %v", name, len(parts), problems)
		}
	}
}
