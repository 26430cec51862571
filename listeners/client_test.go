package listeners_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"earshot"
	"earshot/listeners"
)

// newClient returns a client that may call loopback, with the given changes.
func newClient(t *testing.T, change func(*listeners.ClientOptions)) *http.Client {
	t.Helper()
	o := listeners.DefaultClient()
	o.AllowPrivate = []string{"127.0.0.1"}
	o.PerSecond, o.Burst = 1000, 100
	if change != nil {
		change(&o)
	}
	client, err := listeners.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func serve(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// fetch reads an answer to its end.
func fetch(t *testing.T, client *http.Client, url string) ([]byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := listeners.CheckStatus(resp, time.Now()); err != nil {
		return nil, err
	}
	return io.ReadAll(resp.Body)
}

func wantClass(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one of class %s", want)
	}
	if got := listeners.Class(err); got != want {
		t.Errorf("%v is of class %s, want %s", err, got, want)
	}
}

func TestClientSaysWhoItIsAndDecodes(t *testing.T) {
	const text = "hello, hello, hello, hello"
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.UserAgent(), "earshot/") || r.Header.Get("Accept-Encoding") != "gzip, br" {
			t.Errorf("request with %v", r.Header)
		}
		var packed io.WriteCloser
		switch r.URL.Path {
		case "/gzip":
			packed = gzip.NewWriter(w)
		case "/br":
			packed = brotli.NewWriter(w)
		default:
			_, _ = io.WriteString(w, text)
			return
		}
		w.Header().Set("Content-Encoding", r.URL.Path[1:])
		_, _ = io.WriteString(packed, text)
		_ = packed.Close()
	})
	client := newClient(t, nil)
	for _, path := range []string{"/", "/gzip", "/br"} {
		if got, err := fetch(t, client, server.URL+path); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

func TestServerThatNeverAnswers(t *testing.T) {
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client := newClient(t, func(o *listeners.ClientOptions) { o.Timeout = 50 * time.Millisecond })
	_, err := fetch(t, client, server.URL)
	wantClass(t, err, "timeout")
}

func TestServerThatTrickles(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte("x"))
			_ = http.NewResponseController(w).Flush()
			<-ticker.C
		}
	})
	client := newClient(t, func(o *listeners.ClientOptions) { o.Timeout = 100 * time.Millisecond })
	_, err := fetch(t, client, server.URL)
	wantClass(t, err, "timeout")
	if !strings.Contains(err.Error(), "longer than 100ms") {
		t.Errorf("the error does not say what happened: %v", err)
	}
}

// Slow redirects share one deadline.
func TestSlowRedirectsShareOneDeadline(t *testing.T) {
	var hops atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hop := hops.Add(1)
		select {
		case <-time.After(80 * time.Millisecond):
		case <-r.Context().Done():
		}
		http.Redirect(w, r, fmt.Sprintf("/%d", hop), http.StatusFound)
	})
	client := newClient(t, func(o *listeners.ClientOptions) { o.Timeout = 200 * time.Millisecond })
	_, err := fetch(t, client, server.URL)
	wantClass(t, err, "timeout")
	if n := hops.Load(); n > 3 {
		t.Errorf("%d hops", n)
	}
}

// bomb is 8 MiB of nothing, packed.
func bomb(t *testing.T, packer func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := packer(&packed)
	for range 8 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestEndlessAnswersAndBombsStaySmall(t *testing.T) {
	var member bytes.Buffer // without content, one after the other
	_ = gzip.NewWriter(&member).Close()
	gzipBomb := bomb(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	brotliBomb := bomb(t, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 1) })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		content := make([]byte, 1<<20)
		switch r.URL.Path {
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			content = gzipBomb
		case "/br":
			w.Header().Set("Content-Encoding", "br")
			content = brotliBomb
		case "/empty-gzip":
			w.Header().Set("Content-Encoding", "gzip")
			content = bytes.Repeat(member.Bytes(), 1000)
		}
		for r.Context().Err() == nil {
			if _, err := w.Write(content); err != nil {
				return
			}
		}
	})
	client := newClient(t, func(o *listeners.ClientOptions) { o.MaxBody = 1 << 20 })
	for _, path := range []string{"/", "/gzip", "/br", "/empty-gzip"} {
		resp, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := io.Copy(io.Discard, resp.Body)
		runtime.ReadMemStats(&after)
		_ = resp.Body.Close()
		wantClass(t, err, "too_large")
		var large *listeners.TooLarge
		if !errors.As(err, &large) || large.Limit != 1<<20 || n > 1<<20 {
			t.Errorf("%s: %d bytes, then %v", path, n, err)
		}
		if held := int64(after.HeapInuse) - int64(before.HeapInuse); held > 64<<20 {
			t.Errorf("%s: the heap grew by %d MiB", path, held>>20)
		}
	}
}

// An answer of exactly the limit is not too large.
func TestLimitItselfIsAccepted(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1000)) })
	client := newClient(t, func(o *listeners.ClientOptions) { o.MaxBody = 1000 })
	if got, err := fetch(t, client, server.URL); err != nil || len(got) != 1000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestDamagedEncodingIsMalformed(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", r.URL.Path[1:])
		_, _ = io.WriteString(w, "this is neither")
	})
	client := newClient(t, nil)
	for _, encoding := range []string{"gzip", "br", "zstd"} {
		_, err := fetch(t, client, server.URL+"/"+encoding)
		wantClass(t, err, "malformed")
	}
}

func TestRedirectsAreBounded(t *testing.T) {
	var hops atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hops.Add(1)
		http.Redirect(w, r, map[string]string{"/file": "file:///etc/passwd"}[r.URL.Path], http.StatusFound)
	})
	client := newClient(t, nil)
	_, err := fetch(t, client, server.URL+"/loop")
	wantClass(t, err, "malformed")
	if n := hops.Load(); n != 10 {
		t.Errorf("%d hops", n)
	}
	_, err = fetch(t, client, server.URL+"/file")
	wantClass(t, err, "malformed")
}

func TestCredentialsAreNotSentInTheClear(t *testing.T) {
	check := newClient(t, nil).CheckRedirect
	secure, _ := http.NewRequest(http.MethodGet, "https://a.example/", nil)
	plain, _ := http.NewRequest(http.MethodGet, "http://a.example/", nil)
	if err := check(plain, []*http.Request{secure}); err != nil {
		t.Errorf("without credentials: %v", err)
	}
	plain.Header.Set("Authorization", "Bearer secret")
	if err := check(plain, []*http.Request{secure}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("with credentials: %v", err)
	}
	if err := check(plain, []*http.Request{plain}); err != nil {
		t.Errorf("from http to http: %v", err)
	}
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	var reached atomic.Bool
	server := serve(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	client := newClient(t, func(o *listeners.ClientOptions) { o.AllowPrivate = nil })
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.1.2.3", "192.168.0.1", "172.16.0.1", "100.64.0.1",
		"[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0", "2130706433",
	} {
		_, err := fetch(t, client, "http://"+host+":"+port+"/")
		if got := listeners.Class(err); err == nil || got != "refused_address" && got != "dns" {
			t.Errorf("%s: %v", host, err)
		}
	}
	if reached.Load() {
		t.Error("a private address was called")
	}
}

func TestRedirectToAPrivateAddressIsRefused(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.URL.Query().Get("to")+"/latest/meta-data", http.StatusFound)
	})
	client := newClient(t, nil)
	for _, to := range []string{"169.254.169.254", "[::1]:80", "127.0.0.2:80"} {
		_, err := fetch(t, client, server.URL+"/?to="+to)
		wantClass(t, err, "refused_address")
	}
}

func TestAllowedAddressesAreCalled(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for allow, host := range map[string]string{"127.0.0.0/8": "127.0.0.1", "127.0.0.1": "127.0.0.1", "LOCALHOST": "localhost"} {
		client := newClient(t, func(o *listeners.ClientOptions) { o.AllowPrivate = []string{allow} })
		if _, err := fetch(t, client, "http://"+host+":"+port); err != nil {
			t.Errorf("allow_private %s: %v", allow, err)
		}
	}
}

func TestGiantHeadersAreRefused(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 1000 {
			w.Header().Set(fmt.Sprintf("X-Header-%d", i), strings.Repeat("x", 1000))
		}
	})
	if _, err := fetch(t, newClient(t, nil), server.URL); err == nil {
		t.Error("a megabyte of headers was accepted")
	}
}

func TestClientOptionsAreChecked(t *testing.T) {
	_, err := listeners.NewClient(listeners.ClientOptions{AllowPrivate: []string{"10.0.0.0/8", "no host", "10.0.0.0/99"}})
	var problems earshot.Problems
	if !errors.As(err, &problems) || len(problems) != 8 {
		t.Errorf("%v", err)
	}
	if _, err := listeners.NewClient(listeners.DefaultClient()); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
}
