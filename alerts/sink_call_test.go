package alerts_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"earshot/alerts"
)

// However a call fails, its error names the host, and neither the address, which may be
// the credential, nor the login of a proxy.
func TestCallKeepsSecrets(t *testing.T) {
	const path = "/services/T000/B000/hOoKsEcReT?sig=qU3rYsEcReT"
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	redirects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.RequestURI()+"&next=t0kEn-of-the-next", http.StatusFound)
	}))
	t.Cleanup(redirects.Close)
	unknown := httptest.NewUnstartedServer(http.NotFoundHandler())
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	unknown.StartTLS()
	t.Cleanup(unknown.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or nobody notices that the client has gone
		<-r.Context().Done()
	}))
	t.Cleanup(slow.Close)
	proxied := func(proxy func(*http.Request) (*url.URL, error)) *http.Client {
		return &http.Client{Transport: &http.Transport{Proxy: proxy}}
	}
	hurried := alerts.NewSinkClient(nil)
	hurried.Timeout = time.Millisecond
	for name, c := range map[string]struct {
		host   string // with its scheme
		client *http.Client
		says   string
	}{
		"redirect":      {redirects.URL, alerts.NewSinkClient(nil), "302 Found: redirects are not followed"},
		"TLS":           {unknown.URL, alerts.NewSinkClient(nil), "certificate signed by unknown authority"},
		"nobody there":  {gone.URL, alerts.NewSinkClient(nil), "connection refused"},
		"time-out":      {slow.URL, hurried, "calling "},
		"no such host":  {"https://hooks.invalid", &http.Client{Transport: &http.Transport{DialContext: nobody}}, "no such host"},
		"no such proxy": {"https://hooks.invalid", proxied(through("http://me:hunter2-hunter2@" + strings.TrimPrefix(gone.URL, "http://"))), "connection refused"},
		"proxy refuses": {"https://hooks.invalid", proxied(through(strings.Replace(redirects.URL, "//", "//me:hunter2-hunter2@", 1))), "Found"},
		"no proxy":      {"https://hooks.invalid", proxied(through("http://me:hunter2-hunter2@%zz")), "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(c.client.CloseIdleConnections)
			_, err := alerts.Call{URL: c.host + path, Body: []byte("{}"), File: "hook", Private: true}.Do(t.Context(), c.client)
			if err == nil {
				t.Fatal("no error")
			}
			said := err.Error()
			if !strings.Contains(said, c.says) || !strings.Contains(said, strings.SplitAfter(c.host, "//")[1]) {
				t.Errorf("it says: %s", said)
			}
			for _, secret := range []string{"hOoKsEcReT", "qU3rYsEcReT", "T000", "t0kEn", "hunter2"} {
				if strings.Contains(said, secret) {
					t.Errorf("%s is in: %s", secret, said)
				}
			}
			var refused *alerts.Refused
			var rejected *alerts.Rejected
			if errors.As(err, &refused) || errors.As(err, &rejected) || errors.Is(err, alerts.ErrGone) {
				t.Errorf("it is no passing failure: %v", err)
			}
		})
	}
}

func nobody(_ context.Context, _, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
}

func through(proxy string) func(*http.Request) (*url.URL, error) {
	return func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
}
