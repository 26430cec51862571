package listeners_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"earshot"
	"earshot/listeners"
)

// parrot takes a body for the ID of a mention.
func parrot(d listeners.Delivery) (listeners.Batch, listeners.Answer) {
	if string(d.Body) == "forged" {
		return listeners.Batch{}, listeners.Answer{Status: http.StatusUnauthorized, Body: "the signature does not match"}
	}
	return listeners.Batch{Mentions: []earshot.Mention{{ID: "web:" + string(d.Body) + d.Path}}}, listeners.Answer{}
}

// received collects what an inbox has made durable.
type received struct {
	mu  sync.Mutex
	ids []string
	err error
}

func (r *received) emit(_ context.Context, b listeners.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	for _, m := range b.Mentions {
		r.ids = append(r.ids, m.ID)
	}
	return nil
}

func (r *received) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.ids, id)
}

func post(t *testing.T, in http.Handler, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	in.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body)))
	return w
}

// A delivery is answered when it is durable, and asked to come again when it
// cannot become so.
func TestInboxAcceptedMeansDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := listeners.NewInbox("https://hooks.example/", func(name string) bool { return name == "web" })
		if in.URL("web") != "https://hooks.example/hooks/web" {
			t.Errorf("URL = %s", in.URL("web"))
		}
		if r := post(t, in, "/hooks/web", "early"); r.Code != http.StatusServiceUnavailable || r.Header().Get("Retry-After") != "10" {
			t.Errorf("while nobody listens: %d %v", r.Code, r.Header())
		}
		if r := post(t, in, "/hooks/stranger", "x"); r.Code != http.StatusNotFound {
			t.Errorf("no such listener: %d", r.Code)
		}
		ctx, stop := context.WithCancel(t.Context())
		heard := &received{}
		ended := make(chan error, 1)
		go func() {
			ended <- in.Receive(ctx, listeners.Receiver{Listener: "web", MaxBody: 8, Read: parrot}, heard.emit)
		}()
		synctest.Wait()
		if r := post(t, in, "/hooks/web/sub", "a"); r.Code != http.StatusNoContent || !heard.has("web:asub") {
			t.Errorf("accepted: %d %v", r.Code, heard.ids)
		}
		if r := post(t, in, "/hooks/web", "forged"); r.Code != http.StatusUnauthorized || heard.has("web:forged") {
			t.Errorf("forged: %d", r.Code)
		}
		if r := post(t, in, "/hooks/web", "123456789"); r.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("large: %d", r.Code)
		}
		heard.mu.Lock()
		heard.err = errors.New("the bus is away")
		heard.mu.Unlock()
		if r := post(t, in, "/hooks/web", "b"); r.Code != http.StatusServiceUnavailable {
			t.Errorf("not durable: %d", r.Code)
		}
		if err := <-ended; err == nil || err.Error() != "the bus is away" {
			t.Errorf("Receive = %v", err)
		}
		stop()
	})
}

// While a batch waits for the bus, what arrives waits with it and then becomes
// durable together; who waits too long is asked to come again.
func TestInboxGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := listeners.NewInbox("", nil)
		free := make(chan struct{})
		var batches atomic.Int64
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = in.Receive(ctx, listeners.Receiver{Listener: "web", Read: parrot}, func(ctx context.Context, _ listeners.Batch) error {
				batches.Add(1)
				select {
				case <-free:
				case <-ctx.Done():
				}
				return ctx.Err()
			})
		}()
		synctest.Wait()
		var senders sync.WaitGroup
		for range 10 {
			senders.Go(func() {
				if r := post(t, in, "/hooks/web", "x"); r.Code != http.StatusNoContent {
					t.Errorf("answered %d", r.Code)
				}
			})
		}
		synctest.Wait()
		close(free)
		senders.Wait()
		if n := batches.Load(); n > 3 {
			t.Errorf("%d batches", n)
		}
		free = make(chan struct{})
		if r := post(t, in, "/hooks/web", "slow"); r.Code != http.StatusServiceUnavailable {
			t.Errorf("answered %d", r.Code)
		}
		stop()
		<-ended
	})
}

// A body that ends in the middle, or never, is nobody's mention.
func TestInboxBrokenBodies(t *testing.T) {
	in := listeners.NewInbox("", nil)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	heard := &received{}
	entered := make(chan struct{})
	go func() {
		defer close(ended)
		close(entered)
		_ = in.Receive(ctx, listeners.Receiver{Listener: "web", Read: parrot}, heard.emit)
	}()
	<-entered
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/web", io.MultiReader(strings.NewReader("half"), failing{}))
	w := httptest.NewRecorder()
	for w.Code = 404; w.Code == 404; {
		w = httptest.NewRecorder()
		in.ServeHTTP(w, req)
	}
	if w.Code != http.StatusBadRequest || heard.has("web:half") {
		t.Errorf("answered %d", w.Code)
	}
	stop()
	<-ended
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// One listener cannot be received for twice, and a receiver that panics leaves
// its senders with an answer.
func TestInboxPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := listeners.NewInbox("", nil)
		b := newBench(nil)
		stop := b.start(t, one("web", sourceFunc(func(ctx context.Context, _ earshot.Cursor, emit listeners.Emit) error {
			return in.Receive(ctx, listeners.Receiver{Listener: "web", Read: func(listeners.Delivery) (listeners.Batch, listeners.Answer) {
				panic("no")
			}}, emit)
		})))
		synctest.Wait()
		if err := in.Receive(t.Context(), listeners.Receiver{Listener: "web", Read: parrot}, nil); err == nil {
			t.Error("two receive for one listener")
		}
		if r := post(t, in, "/hooks/web", "a"); r.Code != http.StatusServiceUnavailable {
			t.Errorf("answered %d", r.Code)
		}
		<-time.After(time.Minute)
		stop()
	})
}
