package listeners_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"earshot/listeners"
)

// One host gets so many requests at once and no more, however many ask.
func TestHostIsNotCrowded(t *testing.T) {
	var inside, most atomic.Int32
	release := make(chan struct{})
	server := serve(t, func(http.ResponseWriter, *http.Request) {
		for n := inside.Add(1); ; {
			seen := most.Load()
			if n <= seen || most.CompareAndSwap(seen, n) {
				break
			}
		}
		<-release
		inside.Add(-1)
	})
	client := newClient(t, func(o *listeners.ClientOptions) { o.Concurrent = 3 })
	results := make(chan error)
	for range 12 {
		go func() {
			_, err := fetch(t, client, server.URL)
			results <- err
		}()
	}
	for range 12 {
		release <- struct{}{}
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if got := most.Load(); got > 3 {
		t.Errorf("%d requests at once", got)
	}
}

func TestWaitingForATurnEndsWithTheContext(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	client := newClient(t, func(o *listeners.ClientOptions) { o.PerSecond, o.Burst = 0.0001, 1 })
	if _, err := fetch(t, client, server.URL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	time.AfterFunc(10*time.Millisecond, cancel)
	resp, err := client.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A host that has rested is forgotten, so that a list of links cannot fill the
// memory; one that is owed a pause is not.
func TestRestedHostsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, func(o *listeners.ClientOptions) { o.AllowPrivate = nil })
		for i := range 5000 {
			// Refused before anything is sent: the address is private.
			if _, err := fetch(t, client, fmt.Sprintf("http://127.0.0.%d:%d/", i%250+1, i+1)); err == nil {
				t.Fatal("a private address was called")
			}
			<-time.After(10 * time.Millisecond)
		}
		if n := listeners.KnownHosts(client); n > 200 {
			t.Errorf("%d hosts are remembered", n)
		}
	})
}

func TestRequestsToAHostAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, func(o *listeners.ClientOptions) { o.AllowPrivate, o.PerSecond, o.Burst = nil, 2, 4 })
		began := time.Now()
		for range 10 {
			if _, err := fetch(t, client, "http://127.0.0.1/"); err == nil {
				t.Fatal("a private address was called")
			}
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("ten requests took %s, want 3s", took)
		}
	})
}
