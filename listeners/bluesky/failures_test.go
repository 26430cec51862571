package bluesky_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/bluesky"
	"earshot/listeners/bluesky/blueskytest"
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

// Another instance takes over when one fails, with other numbers and a minute
// behind, in the same process and after a restart: nothing is missing, nothing
// comes twice.
func TestChangeOfInstance(t *testing.T) {
	t.Parallel()
	net := blueskytest.NewNetwork()
	one := net.Serve(blueskytest.Options{})
	two := net.Serve(blueskytest.Options{First: 70_000, Behind: time.Minute, Plain: true})
	t.Cleanup(one.Close)
	t.Cleanup(two.Close)
	s := source(t, bluesky.Config{Servers: []string{one.URL(), two.URL()}})
	l := newLog(t)
	net.Publish(texts(0, 20)...)
	stop := l.listen(s)
	l.until(20)
	down := blueskytest.Options{Refuse: http.StatusBadGateway}
	one.Set(down)
	net.Publish(texts(20, 30)...)
	l.until(30)
	one.Set(blueskytest.Options{})
	two.Set(down)
	net.Publish(texts(30, 40)...)
	if got := l.until(40); !slices.Equal(got, created(0, 40)) {
		t.Errorf("heard %q", got)
	}
	_ = stop()

	// A new process may hear again what it cannot know; the log does. Nothing is missing.
	one.Set(down)
	two.Set(blueskytest.Options{First: 70_000, Behind: time.Minute})
	net.Publish(texts(40, 45)...)
	stop = l.listen(source(t, bluesky.Config{Servers: []string{one.URL(), two.URL()}}))
	got := l.wait(func() bool { return slices.Contains(l.said, "new number 44") })
	_ = stop()
	for _, want := range created(0, 45) {
		if !slices.Contains(got, want) {
			t.Errorf("%s was never heard", want)
		}
	}
}

// A cut stream goes on exactly where it was.
func TestCutStreams(t *testing.T) {
	t.Parallel()
	server := blueskytest.NewNetwork().Serve(blueskytest.Options{CutAfter: 7, Twice: true})
	t.Cleanup(server.Close)
	server.Publish(texts(0, 50)...)
	l := newLog(t)
	stop := l.listen(source(t, bluesky.Config{Servers: []string{server.URL()}}))
	if got := l.until(50); !slices.Equal(got, created(0, 50)) {
		t.Errorf("heard %q", got)
	}
	_ = stop()
}

// An instance that has been set up anew under the same name numbers from the
// beginning: what it cannot know of is found by time.
func TestForgetfulInstance(t *testing.T) {
	t.Parallel()
	net := blueskytest.NewNetwork()
	server := net.Serve(blueskytest.Options{First: 500})
	t.Cleanup(server.Close)
	net.Publish(texts(0, 10)...)
	l := newLog(t)
	stop := l.listen(source(t, bluesky.Config{Servers: []string{server.URL()}}))
	l.until(10)
	server.Set(blueskytest.Options{First: 490})
	net.Publish(texts(10, 20)...)
	if got := l.until(20); !slices.Equal(got, created(0, 20)) {
		t.Errorf("heard %q", got)
	}
	_ = stop()
}

// What authors change and take back arrives as changes of the same mention.
func TestEditsAndDeletions(t *testing.T) {
	t.Parallel()
	server := blueskytest.New()
	t.Cleanup(server.Close)
	server.Publish("one")
	server.Commit("update", blueskytest.RKey(1), blueskytest.Post("one, better"))
	server.Commit("delete", blueskytest.RKey(1), nil)
	l := newLog(t)
	stop := l.listen(source(t, bluesky.Config{Servers: []string{server.URL()}}))
	if got := l.until(3); !slices.Equal(got, []string{"new one", "edited one, better", "deleted "}) {
		t.Errorf("heard %q", got)
	}
	_ = stop()
}

// What makes no sense is a dead letter and stops nothing, until it is all there is.
func TestNonsense(t *testing.T) {
	t.Parallel()
	server := blueskytest.New()
	t.Cleanup(server.Close)
	server.TellRaw("no JSON")
	server.TellRaw(`{"did":"did:plc:x","time_us":1,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"../x"}}`)
	server.TellRaw(`[]`)
	server.Publish("one")
	l := newLog(t)
	s := source(t, bluesky.Config{Servers: []string{server.URL()}})
	stop := l.listen(s)
	l.until(1)
	_ = stop()
	if len(l.dead) != 3 {
		t.Errorf("dead letters: %v", l.dead)
	}
	for range 30 {
		server.TellRaw("{")
	}
	err := s.Listen(t.Context(), l.cursor, l.emit)
	if !errors.Is(err, listeners.ErrMalformed) {
		t.Errorf("a stream of nonsense ended with %v", err)
	}
}

// A single instance that asks for time gets it; with others, they are asked.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadRequest} {
		server := blueskytest.New()
		t.Cleanup(server.Close)
		server.Set(blueskytest.Options{Refuse: status, Header: http.Header{"Retry-After": {"90"}}})
		err := source(t, bluesky.Config{Servers: []string{server.URL()}}).Listen(t.Context(), nil, nil)
		retry, asked := errors.AsType[*listeners.RetryAfter](err)
		if asked != (status != http.StatusBadRequest) || asked && retry.Wait != 90*time.Second {
			t.Errorf("%d: %v", status, err)
		}
		if want := strings.TrimPrefix(server.URL(), "ws://"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v does not name the server", status, err)
		}
		other := source(t, bluesky.Config{Servers: []string{server.URL(), "ws://127.0.0.1:1"}})
		if err := other.Listen(t.Context(), nil, nil); err == nil || listeners.Class(err) == "rate_limited" {
			t.Errorf("%d with another instance: %v", status, err)
		}
	}
}

// A backfill hears what is still there of a time, and ends.
func TestBackfill(t *testing.T) {
	t.Parallel()
	server := blueskytest.New()
	t.Cleanup(server.Close)
	server.Publish(texts(0, 30)...)
	s, ok := source(t, bluesky.Config{Servers: []string{server.URL()}}).(listeners.Backfiller)
	if !ok {
		t.Fatal("it cannot backfill")
	}
	ended := make(chan error, 1)
	l := newLog(t)
	var done float64
	ctx := listeners.WithReport(t.Context(), func(o listeners.Outlook) { done = max(done, o.Done) })
	go func() { ended <- s.Backfill(ctx, time.Now().Add(-time.Hour), nil, l.emit) }()
	l.until(30)
	server.Publish("posted after it began")
	select {
	case err := <-ended:
		if err != nil || !slices.Equal(l.said[:30], created(0, 30)) || done == 0 {
			t.Errorf("heard %q, done %v, ended with %v", l.said, done, err)
		}
	case <-time.After(patience):
		t.Error("it did not end")
	}
}

// When an account goes, its posts go, those of others and those of accounts that
// came back do not.
func TestAccountsThatGo(t *testing.T) {
	t.Parallel()
	server := blueskytest.New()
	t.Cleanup(server.Close)
	id := func(did string) string { return "bluesky:at://" + did + "/app.bsky.feed.post/3k" }
	gone, back, stays := "did:plc:gone", "did:plc:back", "did:plc:stays"
	stored := []earshot.Mention{
		{ID: id(gone), Network: "bluesky"},
		{ID: id(back), Network: "bluesky"},
		{ID: id(stays), Network: "bluesky"},
		{ID: "rss:" + gone, Network: "rss"},
	}
	server.Account(gone, "deleted")
	server.Account(back, "deactivated")
	server.Account(stays, "suspended")
	server.Account(back, "")
	for i := range 499 { // fills the cursor, so that it need not wait
		server.Account(fmt.Sprintf("did:plc:somebody%d", i), "takendown")
	}
	var taken []string
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := source(t, bluesky.Config{Servers: []string{server.URL()}}, stored...).Listen(ctx, nil,
		func(_ context.Context, b listeners.Batch) error {
			for _, m := range b.Mentions {
				taken = append(taken, string(m.Change)+" "+m.ID)
				cancel()
			}
			return nil
		})
	if !errors.Is(err, context.Canceled) || !slices.Equal(taken, []string{"deleted " + id(gone)}) {
		t.Errorf("took back %q, ended with %v", taken, err)
	}
}

// An instance that tells of everything but posts is taken for deaf, and another
// one is asked for what it did not tell.
func TestDeafInstance(t *testing.T) {
	t.Parallel()
	net := blueskytest.NewNetwork()
	deaf, sound := net.Serve(blueskytest.Options{Blind: true}), net.Serve(blueskytest.Options{First: 9000})
	t.Cleanup(deaf.Close)
	t.Cleanup(sound.Close)
	net.Publish(texts(0, 10)...)
	s := source(t, bluesky.Config{Servers: []string{deaf.URL(), sound.URL()}})
	bluesky.Hurry(s)
	l := newLog(t)
	stop := l.listen(s)
	l.until(10)
	net.Publish(texts(10, 20)...)
	if got := l.until(20); !slices.Equal(got, created(0, 20)) {
		t.Errorf("heard %q", got)
	}
	_ = stop()
}

// An account that goes need not wait for others, nor for posts.
func TestAccountGoesAlone(t *testing.T) {
	t.Parallel()
	server := blueskytest.New()
	t.Cleanup(server.Close)
	id := "bluesky:at://did:plc:gone/app.bsky.feed.post/3k"
	s := source(t, bluesky.Config{Servers: []string{server.URL()}}, earshot.Mention{ID: id, Network: "bluesky"})
	bluesky.Hurry(s)
	server.Account("did:plc:gone", "deactivated")
	l := newLog(t)
	stop := l.listen(s)
	if got := l.until(1); !slices.Equal(got, []string{"deleted "}) {
		t.Errorf("heard %q", got)
	}
	_ = stop()
}

// What no instance holds any more is said, and what comes after it is heard.
func TestGapIsSaid(t *testing.T) {
	t.Parallel()
	server := blueskytest.NewNetwork().Serve(blueskytest.Options{Forgot: 4})
	t.Cleanup(server.Close)
	server.Publish("forgotten", "forgotten too", "kept")
	core, said := observer.New(zap.WarnLevel)
	parts, err := openLogging(t, zap.New(core), bluesky.Config{Servers: []string{server.URL()}})
	if err != nil {
		t.Fatal(err)
	}
	l := newLog(t)
	l.cursor = fmt.Appendf(nil, `{"v":1,"server":"wss://gone.example","seq":7,"time":%d}`, time.Now().Add(-time.Hour).UnixMicro())
	stop := l.listen(parts[0].Source)
	if got := l.until(1); !slices.Equal(got, []string{"new kept"}) {
		t.Errorf("heard %q", got)
	}
	_ = stop()
	if said.FilterMessageSnippet("posts may be missing").Len() != 1 {
		t.Errorf("it said %v", said.All())
	}
}
