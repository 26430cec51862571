package listeners_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
)

func TestCheckStatus(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		code  int
		after string
		class string
		wait  time.Duration
	}{
		{200, "", "", 0},
		{304, "", "", 0},
		{404, "", "http_4xx", 0},
		{410, "", "gone", 0},
		{429, "", "rate_limited", time.Minute},
		{429, "7", "rate_limited", 7 * time.Second},
		{503, "", "http_5xx", 0},
		{503, "Sat, 21 Nov 2026 13:00:00 GMT", "rate_limited", time.Hour},
		{301, "", "malformed", 0},
	} {
		req, _ := http.NewRequest(http.MethodGet, "https://me:pw@a.example/feed?key=secret", nil)
		resp := &http.Response{StatusCode: test.code, Header: http.Header{"Retry-After": {test.after}}, Request: req}
		err := listeners.CheckStatus(resp, now)
		if err == nil {
			if test.class != "" {
				t.Errorf("%d: no error", test.code)
			}
			continue
		}
		wait := time.Duration(0)
		if retry, ok := errors.AsType[*listeners.RetryAfter](err); ok {
			wait = retry.Wait
		}
		if listeners.Class(err) != test.class || wait != test.wait {
			t.Errorf("%d: %v, class %s, wait %s", test.code, err, listeners.Class(err), wait)
		}
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "pw") {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	const month = 30 * 24 * time.Hour
	for _, test := range []struct {
		value string
		want  time.Duration
		ok    bool
	}{
		{"", 0, false},
		{"soon", 0, false},
		{"120", 2 * time.Minute, true},
		{" 1.5 ", 2 * time.Second, true},
		{"-5", 0, true},
		{"99999999999999999999999999", month, true},
		{"9223372036854775807", month, true},
		{"1e9", 0, false},
		{".", 0, false},
		{"Sat, 21 Nov 2026 12:05:00 GMT", 5 * time.Minute, true},
		{"Saturday, 21-Nov-26 12:05:00 GMT", 5 * time.Minute, true},
		{"Sat, 21 Nov 2020 12:05:00 GMT", 0, true},
		{"Sat, 21 Nov 9999 12:05:00 GMT", month, true},
	} {
		if got, ok := listeners.ParseRetryAfter(test.value, now); got != test.want || ok != test.ok {
			t.Errorf("%q: %s, %v", test.value, got, ok)
		}
	}
}

func TestClass(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	client := newClient(t, nil)
	_, refused := fetch(t, client, "http://"+closed.Addr().String())
	wantClass(t, refused, "network")

	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	secure.Config.ErrorLog = nil
	t.Cleanup(secure.Close)
	_, untrusted := fetch(t, client, secure.URL)
	wantClass(t, untrusted, "tls")
	_, plain := fetch(t, client, strings.Replace(secure.URL, "https", "http", 1))
	wantClass(t, plain, "http_4xx")

	for class, err := range map[string]error{
		"conflict": fmt.Errorf("storing: %w", earshot.ErrConflict),
		"full":     fmt.Errorf("storing: %w", earshot.ErrFull),
		"dns":      fmt.Errorf("dialling: %w", &net.DNSError{Err: "no such host", IsNotFound: true}),
		"tls":      fmt.Errorf("dialling: %w", tls.AlertError(40)),
		"timeout":  fmt.Errorf("asking: %w", context.DeadlineExceeded),
		"network":  io.ErrUnexpectedEOF,
		"other":    errors.New("something"),
	} {
		wantClass(t, err, class)
	}
}
