package mastodon_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mastodon"
	"earshot/listeners/mastodon/mastodontest"
)

func texts(from, to int) (all []string) {
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf("number %d", i))
	}
	return all
}

func created(from, to int) (all []string) {
	for _, text := range texts(from, to) {
		all = append(all, "new "+text)
	}
	return all
}

// Pages are followed to their end, at first contact and after a pause.
func TestManyPages(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{})
	server.Publish(texts(0, 150)...)
	l := newLog(t)
	c := polling(t, server)
	stop := l.listen(source(t, c))
	l.until(150)
	_ = stop()
	server.Publish(texts(150, 400)...)
	stop = l.listen(source(t, c))
	if got := l.until(400); !slices.Equal(got, created(0, 400)) {
		t.Errorf("heard %q", got)
	}
	_ = stop()
}

// Whoever is killed when only the stream has told something asks afterwards for
// everything, however many posts there are.
func TestKilledBeforeTheFirstRound(t *testing.T) {
	t.Parallel()
	for _, more := range []int{0, 1, 39, 40, 41, 130} {
		t.Run(fmt.Sprint(more), func(t *testing.T) {
			t.Parallel()
			server := start(t, mastodontest.Options{})
			l := newLog(t)
			stop := l.listen(source(t, streaming(t, server)))
			l.noted("streaming") // and there was nothing to ask for
			server.Publish("number 0")
			l.until(1)
			_ = stop()
			server.Publish(texts(1, 1+more)...)
			stop = l.listen(source(t, polling(t, server)))
			if got := l.until(1 + more); !slices.Equal(got, created(0, 1+more)) {
				t.Errorf("heard %q", got)
			}
			server.Publish("the end")
			if got := l.until(2 + more); got[1+more] != "new the end" {
				t.Errorf("then heard %q", got[1+more:])
			}
			_ = stop()
		})
	}
}

// The first contact reaches back so far and no further.
func TestFirstContact(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{})
	old := mastodontest.Status{"created_at": time.Now().Add(-2 * time.Hour).UTC().Format(time.RFC3339)}
	for _, text := range texts(0, 50) {
		server.Post("old "+text, old)
	}
	server.Publish("one", "two")
	l := newLog(t)
	stop := l.listen(source(t, polling(t, server)))
	l.until(2)
	server.Publish("three")
	if got := l.until(3); !slices.Equal(got, []string{"new one", "new two", "new three"}) {
		t.Errorf("heard %q", got)
	}
	_ = stop()
}

// Edits and deletions arrive, by the stream and by asking, those of the newest
// posts and those of older ones.
func TestEditsAndDeletions(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		config  func(testing.TB, *mastodontest.Server) mastodon.Config
		quietly bool
		after   int // posts between
	}{
		"stream":        {streaming, false, 0},
		"asking":        {polling, true, 0},
		"asking, older": {polling, true, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, mastodontest.Options{})
			edited, deleted := server.Post("one", nil), server.Post("two", nil)
			server.Publish(texts(0, how.after)...)
			l := newLog(t)
			stop := l.listen(source(t, how.config(t, server)))
			l.until(2 + how.after)
			if !how.quietly {
				l.noted("streaming")
			}
			server.Edit(edited, "one, better", how.quietly)
			server.Delete(deleted, how.quietly)
			got := l.until(4 + how.after)[2+how.after:]
			_ = stop()
			slices.Sort(got)
			if !slices.Equal(got, []string{"deleted ", "edited one, better"}) {
				t.Errorf("then heard %q", got)
			}
			if l.mentions[1].ID != l.mentions[len(l.mentions)-1].ID && l.mentions[1].ID != l.mentions[len(l.mentions)-2].ID {
				t.Error("the deletion is of another post")
			}
		})
	}
}

// What other servers send late stands among what was heard, and is found there.
func TestLatePosts(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{Deaf: true})
	server.Publish(texts(0, 10)...)
	l := newLog(t)
	stop := l.listen(source(t, config(t, server)))
	l.until(10)
	server.Late("late")
	if got := l.until(11); got[10] != "new late" {
		t.Errorf("heard %q", got)
	}
	_ = stop()
}

// A stream that tells nothing, is cut all the time, or is not there costs nothing
// but time.
func TestBadStreams(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mastodontest.Options{
		"deaf": {Deaf: true}, "cut": {CutAfter: 3}, "none": {NoStream: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, o)
			l := newLog(t)
			stop := l.listen(source(t, config(t, server)))
			for i := range 10 {
				server.Publish(texts(5*i, 5*i+5)...)
				l.until(5*i + 5)
			}
			if got := l.until(50); !slices.Equal(got, created(0, 50)) {
				t.Errorf("heard %q", got)
			}
			_ = stop()
		})
	}
}

// Servers that do not know min_id, or answer in no order, are heard all the same.
func TestUnusualServers(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mastodontest.Options{
		"no min_id": {NoMinID: true}, "no order": {Shuffle: true, NoStream: true}, "others": {ULID: true, NoMinID: true, NoLink: true, Shuffle: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, o)
			server.Publish(texts(0, 60)...)
			l := newLog(t)
			stop := l.listen(source(t, config(t, server)))
			l.until(60)
			server.Publish(texts(60, 90)...)
			if got := l.until(90); !slices.Equal(got, created(0, 90)) {
				t.Errorf("heard %q", got)
			}
			_ = stop()
		})
	}
}

// The limit of the server is obeyed before it is exceeded, and when it says so.
func TestLimits(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{Limit: 20})
	server.Publish("one")
	l := newLog(t)
	s := source(t, polling(t, server))
	err := s.Listen(t.Context(), nil, l.emit)
	retry, ok := errors.AsType[*listeners.RetryAfter](err)
	if !ok || retry.Wait < 4*time.Minute || retry.Wait > 5*time.Minute {
		t.Fatalf("it ended with %v", err)
	}
	if _, asked := errors.AsType[*listeners.StatusError](err); asked {
		t.Error("it asked once more than is allowed")
	}
	if !slices.Equal(l.said, []string{"new one"}) {
		t.Errorf("heard %q", l.said)
	}
	server.Set(mastodontest.Options{Refuse: http.StatusTooManyRequests, Header: http.Header{
		"X-Ratelimit-Reset": {time.Now().Add(90 * time.Second).UTC().Format(time.RFC3339Nano)},
	}})
	err = source(t, polling(t, server)).Listen(t.Context(), nil, l.emit)
	if retry, ok = errors.AsType[*listeners.RetryAfter](err); !ok || retry.Wait < 80*time.Second || retry.Wait > 90*time.Second {
		t.Errorf("it ended with %v", err)
	}
}

// A token that is revoked, missing, or needed, is said with what to do about it.
func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{Members: true})
	c := polling(t, server)
	write := func(token string) {
		if err := os.WriteFile(c.TokenFile, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func() mastodon.Config{
		"revoked": func() mastodon.Config { write("an old token"); return c },
		"empty":   func() mastodon.Config { write("\n"); return c },
		"missing": func() mastodon.Config { c := c; c.TokenFile += "x"; return c },
		"needed":  func() mastodon.Config { c := c; c.TokenFile = ""; return c },
	} {
		c := change()
		err := source(t, c).Listen(t.Context(), nil, newLog(t).emit)
		refused, ok := errors.AsType[*listeners.Refused](err)
		if !ok || refused.File != c.TokenFile || refused.Renew == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever else a server answers is an error that names it.
func TestErrors(t *testing.T) {
	t.Parallel()
	for status, class := range map[int]string{
		http.StatusServiceUnavailable: "http_5xx", http.StatusNotFound: "http_4xx", http.StatusGone: "gone",
	} {
		server := start(t, mastodontest.Options{Refuse: status})
		err := source(t, config(t, server)).Listen(t.Context(), nil, newLog(t).emit)
		if listeners.Class(err) != class {
			t.Errorf("%d: %v (%s)", status, err, listeners.Class(err))
		}
	}
}

// What mentions the account is heard, and what is written to it alone is private.
func TestNotifications(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{})
	c := streaming(t, server)
	c.Tags, c.Notifications = nil, true
	server.Mention("for all", "public")
	l := newLog(t)
	stop := l.listen(source(t, c))
	l.until(1)
	l.noted("streaming")
	server.Mention("for you", "direct")
	if got := l.until(2); !slices.Equal(got, []string{"new for all", "new for you"}) {
		t.Errorf("heard %q", got)
	}
	_ = stop()
	if l.mentions[0].Visibility == earshot.Private || l.mentions[1].Visibility != earshot.Private {
		t.Error("the visibilities are wrong")
	}
}

// A reply names what it answers and where the thread began, whichever way it came.
func TestThreads(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{})
	root := server.Post("root", mastodontest.Status{"tags": []any{}})
	middle := server.Post("middle", mastodontest.Status{"in_reply_to_id": root})
	server.Post("lost", mastodontest.Status{"in_reply_to_id": "12"})
	l := newLog(t)
	stop := l.listen(source(t, streaming(t, server)))
	l.until(3)
	l.noted("streaming")
	server.Post("leaf", mastodontest.Status{"in_reply_to_id": middle})
	l.until(4)
	_ = stop()
	m := l.mentions
	if m[1].ReplyTo != m[0].ID || m[1].Conversation != m[0].ID || m[3].ReplyTo != m[1].ID || m[3].Conversation != m[0].ID {
		t.Errorf("%+v", m)
	}
	if m[2].ReplyTo != "" || m[0].Conversation != "" {
		t.Errorf("%+v", m)
	}
}

// A backfill goes back to a time, resumes, and ends.
func TestBackfill(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{})
	old := mastodontest.Status{"created_at": time.Now().Add(-48 * time.Hour).UTC().Format(time.RFC3339)}
	server.Post("too old", old)
	server.Publish(texts(0, 100)...)
	s, ok := source(t, polling(t, server)).(listeners.Backfiller)
	if !ok {
		t.Fatal("it cannot backfill")
	}
	l := newLog(t)
	if err := s.Backfill(t.Context(), time.Now().Add(-time.Hour), nil, l.emit); err != nil {
		t.Fatal(err)
	}
	got := slices.Clone(l.said)
	slices.Sort(got)
	want := created(0, 100)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("heard %q", got)
	}
	if err := s.Backfill(t.Context(), time.Now().Add(-time.Hour), l.cursor, l.emit); err != nil || count(l.said, "new") != 100 {
		t.Errorf("it began anew: %d posts, %v", len(l.said), err)
	}
}

// What is no post is one dead letter however often it is read, and costs no other.
func TestNonsense(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{})
	server.Post("bad", mastodontest.Status{"uri": "", "url": ""})
	server.Publish("one")
	l := newLog(t)
	c := polling(t, server)
	stop := l.listen(source(t, c))
	l.until(1)
	server.Publish("two")
	l.until(2)
	_ = stop()
	stop = l.listen(source(t, c))
	server.Publish("three")
	l.until(3)
	_ = stop()
	if len(l.dead) != 1 || len(l.dead[0].Body) == 0 {
		t.Errorf("dead letters: %v", l.dead)
	}
}

// Whole pages of nonsense, with and without Link headers, hide nothing behind them.
func TestPagesOfNonsense(t *testing.T) {
	t.Parallel()
	for _, o := range []mastodontest.Options{{}, {NoLink: true}} {
		server := start(t, o)
		bad := mastodontest.Status{"uri": "", "url": ""}
		nonsense := func() {
			for i := range 90 {
				server.Post(fmt.Sprint("bad ", i), bad)
			}
		}
		server.Publish("one")
		nonsense()
		server.Publish("two")
		l := newLog(t)
		stop := l.listen(source(t, polling(t, server)))
		l.until(2)
		nonsense()
		server.Publish("three")
		if got := l.until(3); !slices.Equal(got, []string{"new one", "new two", "new three"}) {
			t.Errorf("heard %q", got)
		}
		_ = stop()
	}
}

// A server that fails when it is asked about one post is heard all the same.
func TestBrokenPosts(t *testing.T) {
	t.Parallel()
	server := start(t, mastodontest.Options{Broken: true})
	root := server.Post("root", nil)
	l := newLog(t)
	s := source(t, polling(t, server))
	stop := l.listen(s)
	l.until(1)
	_ = stop()
	server.Delete(root, true)
	server.Post("leaf", mastodontest.Status{"in_reply_to_id": root})
	stop = l.listen(source(t, polling(t, server)))
	if got := l.until(2); !slices.Equal(got, []string{"new root", "new leaf"}) {
		t.Errorf("heard %q", got)
	}
	if err := stop(); err != nil {
		t.Errorf("it failed: %v", err)
	}
}
