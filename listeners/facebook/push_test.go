package facebook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/facebook/facebooktest"
)

// desk is a listener of deliveries at work.
type desk struct {
	t       *testing.T
	server  *facebooktest.Server
	inbox   *listeners.Inbox
	address string

	mu       sync.Mutex
	mentions []earshot.Mention
	dead     []earshot.DeadLetter
	cursor   earshot.Cursor
	refuse   error // what emit answers
	grown    chan struct{}

	stop func()
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, server: start(t), grown: make(chan struct{}, 1000)}
	d.inbox = listeners.NewInbox("", func(string) bool { return true })
	front := httptest.NewServer(d.inbox)
	t.Cleanup(front.Close)
	d.address = front.URL + listeners.InboxPath + facebooktest.Listener
	d.start()
	return d
}

func (d *desk) start() {
	ctx, cancel := context.WithCancel(d.t.Context())
	source := receiving(d.t, d.server, d.inbox)
	source.Every = 20 * time.Millisecond
	from := d.cursor
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = source.Listen(ctx, from, d.emit)
	}()
	d.stop = func() {
		cancel()
		<-ended
	}
	d.t.Cleanup(d.stop)
}

func (d *desk) emit(_ context.Context, b listeners.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return d.refuse
	}
	d.mentions = append(d.mentions, b.Mentions...)
	d.dead = append(d.dead, b.Dead...)
	d.cursor = b.Next
	d.grown <- struct{}{}
	return nil
}

// send posts a delivery until somebody receives, and returns the answer.
func (d *desk) send(body, signature string) int {
	d.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		status := facebooktest.Send(d.address, body, signature)
		if status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return status
		}
	}
}

func (d *desk) until(what string, done func() bool) {
	d.t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		d.mu.Lock()
		ok := done()
		d.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-d.grown:
		case <-deadline:
			d.t.Fatalf("waited in vain until %s", what)
		}
	}
}

func post(text string, at time.Time) string {
	return facebooktest.Delivery("page", facebooktest.Page, "feed", map[string]any{
		"item": "status", "verb": "add", "post_id": facebooktest.Page + "_1", "message": text, "created_time": at.Unix(),
	}, at)
}

// What is signed is stored and accepted once; what is not, is old, or is no
// delivery is refused.
func TestDeliveries(t *testing.T) {
	d := newDesk(t)
	now := time.Now()
	good := post("first", now)
	for _, c := range []struct {
		name, body, signature string
		status                int
	}{
		{"good", good, facebooktest.Sign(good), 200},
		{"again", good, facebooktest.Sign(good), 200},
		{"unsigned", post("forged", now), "", 401},
		{"signed with something else", post("forged", now), "sha256=" + strings.Repeat("00", 32), 401},
		{"signed with SHA-1", post("forged", now), "sha1=00", 401},
		{"changed", post("forged", now), facebooktest.Sign(good), 401},
		{"older than Meta delivers", post("old", now.Add(-72*time.Hour)), facebooktest.Sign(post("old", now.Add(-72*time.Hour))), 403},
		{"signed nonsense", "nonsense", facebooktest.Sign("nonsense"), 200},
	} {
		if got := d.send(c.body, c.signature); got != c.status {
			t.Errorf("%s: %d, want %d", c.name, got, c.status)
		}
	}
	d.stop()
	d.start() // what was accepted is refused after a restart too
	if got := d.send(good, facebooktest.Sign(good)); got != 200 {
		t.Errorf("replayed after a restart: %d", got)
	}
	d.stop()
	if len(d.mentions) != 1 || d.mentions[0].Text != "first" || len(d.dead) != 1 || string(d.dead[0].Body) != "nonsense" {
		t.Errorf("heard %+v, %+v", d.mentions, d.dead)
	}
}

// Nothing is accepted that is not durable.
func TestNotDurable(t *testing.T) {
	d := newDesk(t)
	d.mu.Lock()
	d.refuse = errors.New("the bus is away")
	d.mu.Unlock()
	body := post("kept", time.Now())
	if got := facebooktest.Send(d.address, body, facebooktest.Sign(body)); got != http.StatusServiceUnavailable {
		t.Errorf("answered %d", got)
	}
	d.stop()
	d.refuse = nil
	d.start()
	if got := d.send(body, facebooktest.Sign(body)); got != 200 || len(d.mentions) != 1 {
		t.Errorf("answered %d, heard %+v", got, d.mentions)
	}
}

// Meta's question is answered if it knows the word.
func TestChallenge(t *testing.T) {
	d := newDesk(t)
	d.send("", "") // until somebody receives
	for query, want := range map[string]string{
		"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meaty+hamhock":                       "200 1158201444",
		"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=guess":                               "403 ",
		"hub.mode=subscribe&hub.challenge=" + strings.Repeat("x", 600) + "&hub.verify_token=meaty+hamhock": "400 ",
		"hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=meaty+hamhock":                              "400 ",
		"": "400 ",
	} {
		resp, err := http.Get(d.address + "?" + query)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := resp.Status[:4] + string(body); !strings.HasPrefix(got, want) {
			t.Errorf("%.80s: %q, want %q", query, got, want)
		}
	}
	resp, err := http.Head(d.address)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD: %s", resp.Status)
	}
}

// A mention that is delivered without its words is kept until they are found, over
// failures and restarts; what Meta does not show us is a dead letter.
func TestLooksMentionsUp(t *testing.T) {
	d := newDesk(t)
	d.server.Fail(slices.Repeat([]facebooktest.Failure{{Status: 500, Body: facebooktest.Error(2, "passing")}}, 3)...)
	at := time.Now()
	mention := func(account string, value map[string]any) string {
		return facebooktest.Delivery("instagram", account, "mentions", value, at)
	}
	comment := mention(facebooktest.Instagram, map[string]any{"media_id": "179", "comment_id": "17894"})
	if got := d.send(comment, facebooktest.Sign(comment)); got != 200 {
		t.Fatalf("answered %d", got)
	}
	d.stop()
	if !strings.Contains(string(d.cursor), "17894") && len(d.mentions) == 0 {
		t.Errorf("it is not kept: %s", d.cursor)
	}
	d.start()
	d.until("the comment was looked up", func() bool { return len(d.mentions) == 1 })

	onPage := facebooktest.Delivery("page", facebooktest.Page, "mention", map[string]any{"post_id": "77_88", "verb": "add", "item": "post"}, at)
	for _, body := range []string{mention(facebooktest.Instagram, map[string]any{"media_id": "17919"}), onPage, mention("999", map[string]any{"media_id": "1"})} {
		if got := d.send(body, facebooktest.Sign(body)); got != 200 {
			t.Errorf("answered %d", got)
		}
	}
	d.until("the rest was looked up", func() bool { return len(d.mentions) == 3 && len(d.dead) == 1 })
	d.server.Fail(facebooktest.Failure{Status: 400, Body: facebooktest.Error(100, "does not exist")})
	gone := mention(facebooktest.Instagram, map[string]any{"media_id": "17920"})
	if got := d.send(gone, facebooktest.Sign(gone)); got != 200 {
		t.Errorf("answered %d", got)
	}
	d.until("what is not there was given up", func() bool { return len(d.dead) == 2 })
	d.stop()
	var ids []string
	for _, m := range d.mentions {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	if !slices.Equal(ids, []string{"facebook:77_88", "instagram:17894", "instagram:17919"}) || strings.Contains(string(d.cursor), "pending") {
		t.Errorf("heard %q, cursor %s", ids, d.cursor)
	}
	if c := d.mentions[0]; c.Conversation != "instagram:179" || c.Author.Handle != "@ida.holm" || c.Text == "" {
		t.Errorf("%+v", c)
	}
}

// What is delivered and what is asked for have the same IDs.
func TestSameIDs(t *testing.T) {
	d := newDesk(t)
	d.server.DeliverTo(strings.TrimSuffix(d.address, listeners.InboxPath+facebooktest.Listener))
	d.server.Publish("post")
	d.server.Comment(0, "comment")
	d.until("all was delivered", func() bool { return len(d.mentions) == 2 })
	h := &heard{}
	if err := h.round(t, asking(t, d.server)); err != nil {
		t.Fatal(err)
	}
	for i := range h.mentions {
		a, b := h.mentions[i], d.mentions[i]
		if a.ID != b.ID || a.Text != b.Text || a.Conversation != b.Conversation || a.ReplyTo != b.ReplyTo || !a.Posted.Equal(b.Posted.Truncate(time.Second)) {
			t.Errorf("asked %+v, delivered %+v", a, b)
		}
	}
}
