package x

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"earshot/listeners"
	"earshot/listeners/x/xtest"
)

// streaming waits until so many streams are open.
func streaming(t *testing.T, server *xtest.Server, want int) {
	t.Helper()
	patience := time.After(2 * time.Minute)
	for server.Streaming() != want {
		select {
		case <-time.After(time.Millisecond):
		case <-patience:
			t.Fatalf("%d streams are open, want %d", server.Streaming(), want)
		}
	}
}

// A stream that X cuts ends with an error, and what was posted meanwhile is found
// by search, once.
func TestCutStream(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, nil)
	r := newRecord()
	want := []string{}
	say := func(text string) {
		want = append(want, text)
		server.Publish(text)
	}
	for _, round := range []string{"a", "b", "c"} {
		say("acme before " + round)
		done := make(chan error, 1)
		go func() { done <- f.stream("acme").Listen(t.Context(), r.cursor, r.emit) }()
		r.until(t, atLeast(len(want)))
		streaming(t, server, 1)
		say("acme live " + round)
		r.until(t, atLeast(len(want)))
		server.CutStreams()
		if err := <-done; !errors.Is(err, io.ErrUnexpectedEOF) || listeners.Class(err) != "network" {
			t.Errorf("ended with %v (%s)", err, listeners.Class(err))
		}
	}
	if got := r.texts(); !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
}

// The search knows posts later than the stream would have sent them: what fell
// into the gap shortly before the connection is found by the second look.
func TestLaggingSearch(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{Lag: 300 * time.Millisecond})
	f := newFixture(t, server, nil)
	f.settles = 700 * time.Millisecond
	r := newRecord()
	server.Publish("acme in the gap")
	stop := start(t, f.stream("acme"), r)
	streaming(t, server, 1)
	server.Publish("acme live")
	r.until(t, atLeast(2))
	_ = stop()
	got := r.texts()
	slices.Sort(got)
	if !slices.Equal(got, []string{"acme in the gap", "acme live"}) {
		t.Errorf("heard %q", got)
	}
}

// A stream that says nothing, not even that it is there, is ended.
func TestSilentStream(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{KeepAlive: time.Hour})
	f := newFixture(t, server, nil)
	f.stall = 50 * time.Millisecond
	err := ends(t, f.stream("acme"), newRecord())
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "has said nothing") {
		t.Errorf("ended with %v", err)
	}
}

// One that only keeps alive goes on, and moves its cursor.
func TestIdleStream(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{KeepAlive: 5 * time.Millisecond})
	f := newFixture(t, server, nil)
	f.stall, f.settles = 5*time.Second, time.Millisecond
	r := newRecord()
	stop := start(t, f.stream("acme"), r)
	streaming(t, server, 1)
	r.until(t, func(r *record) bool {
		st, err := readState(r.cursor)
		for _, p := range st.Walks {
			return err == nil && p.Since.time().After(time.Now().Add(-time.Minute))
		}
		return false
	})
	_ = stop()
}

// What X says when it ends a stream, and what makes no sense, ends the Listen with
// a reason; posts that came before are stored.
func TestNotices(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		`{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"This stream has been disconnected upstream","type":"https://api.twitter.com/2/problems/operational-disconnect"}]}`: "UpstreamOperationalDisconnect",
		`{"title":"ConnectionException","connection_issue":"TooManyConnections","detail":"too many","type":"https://api.x.com/2/problems/streaming-connection"}`:                                                                     "TooManyConnections",
		`{}`: "no post",
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, xtest.Options{})
			f := newFixture(t, server, nil)
			r := newRecord()
			done := make(chan error, 1)
			go func() { done <- f.stream("acme").Listen(t.Context(), nil, r.emit) }()
			streaming(t, server, 1)
			server.Publish("acme before the end")
			server.Say(line)
			if err := <-done; err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("ended with %v, want %q", err, says)
			}
			if got := r.texts(); !slices.Equal(got, []string{"acme before the end"}) {
				t.Errorf("heard %q", got)
			}
		})
	}
}

// Nonsense in the stream is a dead letter and costs no post.
func TestNonsenseInStream(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, nil)
	r := newRecord()
	stop := start(t, f.stream("acme"), r)
	streaming(t, server, 1)
	server.Say(`{"data": {"id": "0x1", "text": "acme"}}`)
	server.Say(`nonsense`)
	server.Publish("acme after it")
	r.until(t, func(r *record) bool { return len(r.mentions) == 1 && len(r.dead) == 2 })
	_ = stop()
}

// Rules are made what the brands ask for; those of others are not touched.
func TestRulesAreSynced(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	server.AddRule("cats", "somebody else's")
	server.AddRule("dogs", "")
	f := newFixture(t, server, nil)
	for _, query := range []string{"acme", "acme", "bolt"} {
		r := newRecord()
		stop := start(t, f.stream(query), r)
		streaming(t, server, 1)
		s := f.stream(query)
		rules := server.Rules()
		if len(rules) != 3 || rules["somebody else's"] != "cats" || rules[""] != "dogs" || rules[s.tagOf(s.rules[0])] != query+" -is:retweet" {
			t.Errorf("the rules are %q", rules)
		}
		_ = stop()
		streaming(t, server, 0)
	}
}

// A rule that X refuses is said, with X's words.
func TestRefusedRule(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, nil)
	s := f.stream("acme")
	s.rules = []string{strings.Repeat("acme ", 300)}
	if err := ends(t, s, newRecord()); !strings.Contains(err.Error(), "adding rules") || !strings.Contains(err.Error(), "UnprocessableEntity") {
		t.Errorf("ended with %v", err)
	}
}

// A second connection is one too many: the runner is asked to wait.
func TestSecondConnection(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, nil)
	_ = start(t, f.stream("acme"), newRecord())
	streaming(t, server, 1)
	err := ends(t, newFixture(t, server, nil).stream("acme"), newRecord())
	retry, is := errors.AsType[*listeners.RetryAfter](err)
	if !is || retry.Wait < time.Minute || !strings.Contains(err.Error(), "TooManyConnections") {
		t.Errorf("ended with %v", err)
	}
}

// Reposts do not come; quotes and replies do.
func TestRepostsAreLeftOut(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, nil)
	r := newRecord()
	stop := start(t, f.stream("acme"), r)
	streaming(t, server, 1)
	server.Post(xtest.Post{Text: "RT acme", Repost: true})
	id := server.Post(xtest.Post{Text: "acme"})
	server.Post(xtest.Post{Text: "@ida_holm acme indeed", ReplyTo: id})
	r.until(t, atLeast(2))
	_ = stop()
	if m := r.mentions[1]; m.ReplyTo != idOf(snowflake(id)) || m.Conversation != m.ReplyTo || !slices.Equal(m.To, []string{"@ida_holm"}) {
		t.Errorf("heard %+v", r.mentions)
	}
}
