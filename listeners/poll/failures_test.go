package poll_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot/listeners"
	"earshot/listeners/poll/polltest"
)

// Whatever goes wrong at the network is an error that says what, without a
// secret; nothing is lost by it.
func TestFailures(t *testing.T) {
	in := strconv.FormatInt(time.Now().Add(2*time.Hour).Unix(), 10)
	for name, tt := range map[string]struct {
		fault http.HandlerFunc
		class string
		says  string
		least time.Duration // that the network is left alone
	}{
		"429":                       {polltest.Status(429, "", "Retry-After", "77"), "rate_limited", "429", 77 * time.Second},
		"429 with a reset":          {polltest.Status(429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in), "rate_limited", "429", time.Hour},
		"429 with an ISO date":      {polltest.Status(429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", time.Now().Add(2*time.Hour).Format(time.RFC3339)), "rate_limited", "429", time.Hour},
		"429 that says nothing":     {polltest.Status(429, ""), "rate_limited", "429", time.Minute},
		"403 for too many":          {polltest.Status(403, `{"message": "API rate limit exceeded"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in), "rate_limited", "API rate limit exceeded", time.Hour},
		"403 with a time":           {polltest.Status(403, `{"message": "secondary rate limit"}`, "Retry-After", "60"), "rate_limited", "secondary", time.Minute},
		"503":                       {polltest.Status(503, ""), "http_5xx", "503", 0},
		"503 with a time":           {polltest.Status(503, "", "Retry-After", "30"), "rate_limited", "503", 30 * time.Second},
		"500 with a web page":       {polltest.Status(500, "<html>oops"), "http_5xx", "500", 0},
		"410":                       {polltest.Status(410, ""), "gone", "410", 0},
		"problem+json":              {polltest.Status(400, `{"type": "about:blank", "title": "Bad", "detail": "since is  no\ndate", "token": "x"}`, "Content-Type", "application/problem+json"), "http_4xx", "400 Bad Request: since is no date", 0},
		"its own kind of error":     {polltest.Status(400, `{"error": "unknown key `+polltest.Token+`"}`), "http_4xx", "unknown key …", 0},
		"an error that looks fine":  {polltest.Status(200, `{"error": "index is being rebuilt", "posts": []}`), "malformed", "index is being rebuilt", 0},
		"cut in the middle":         {polltest.Cut, "network", "unexpected EOF", 0},
		"JSON that ends":            {polltest.Status(200, `{"posts": [`), "malformed", "ends in the middle", 0},
		"a web page":                {polltest.Status(200, "<!doctype html>"), "malformed", "web page", 0},
		"another shape":             {polltest.Status(200, `{"results": []}`), "malformed", "nothing where the mapping looks", 0},
		"304 that nobody asked for": {polltest.Status(304, ""), "malformed", "never asked", 0},
		"another host":              {polltest.Status(302, "", "Location", "http://localhost:1/"), "malformed", "give the credentials away", 0},
		"too many values":           {polltest.Status(200, "["+strings.Repeat("0,", 600_000)+"0]"), "malformed", "600002 values", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := network(t, polltest.Options{})
			s.Publish("one")
			b := try(t, section(t, s))
			b.setup.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
			s.Fail(tt.fault)
			err := b.listen(1)
			if class := listeners.Class(err); class != tt.class || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: %v; want %s: %s", class, err, tt.class, tt.says)
			}
			if err != nil && (strings.Contains(err.Error(), polltest.Token) || strings.Contains(err.Error(), "since=")) {
				t.Errorf("the error tells too much: %v", err)
			}
			var later *listeners.RetryAfter
			if errors.As(err, &later); (later != nil) != (tt.least > 0) || later != nil && later.Wait < tt.least {
				t.Errorf("asked again after %+v, want at least %s", later, tt.least)
			}
			b.hurry(tt.least)
			b.mustListen(1)
			b.wantHeard("one")
		})
	}
}

// A page that leads to another host is not followed.
func TestPageElsewhere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	defer elsewhere.Close()
	s := network(t, polltest.Options{})
	s.Fail(polltest.Status(200, `{"posts": [{"id": 1, "text": "x"}]}`, "Link", "<"+elsewhere.URL+`>; rel="next"`))
	err := try(t, section(t, s, "paging: {link: true}")).listen(1)
	if err == nil || !strings.Contains(err.Error(), "at another host") {
		t.Error(err)
	}
}

// A credential that is refused, or is not there, is said with its file and how to
// get another.
func TestCredentials(t *testing.T) {
	s := network(t, polltest.Options{})
	s.Publish("one")
	dir := t.TempDir()
	text, err := s.Config(dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "poll.token")
	refused := func(want string) {
		t.Helper()
		var refused *listeners.Refused
		if err := try(t, text).listen(1); !errors.As(err, &refused) || refused.File != file || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "ask the network for another") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := os.WriteFile(file, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("who are you?")
	if err := os.WriteFile(file, []byte("two\nlines"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("not one line")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	refused("no such file")
}

// The network is left alone for as long as its answers ask, whichever way.
func TestHolds(t *testing.T) {
	t.Run("backoff", func(t *testing.T) {
		s := network(t, polltest.Options{})
		s.Fail(polltest.Status(200, `{"posts": [{"id": 1, "text": "one"}], "backoff": 3600}`))
		b := try(t, section(t, s))
		before := time.Now()
		b.mustListen(1)
		if b.outlook.Next.Before(before.Add(time.Hour)) {
			t.Errorf("asks again at %s", b.outlook.Next)
		}
	})
	t.Run("limit", func(t *testing.T) {
		s := network(t, polltest.Options{PerHour: 2})
		s.Publish("one")
		b := try(t, section(t, s))
		before := time.Now()
		b.mustListen(1)
		b.mustListen(0)
		if b.outlook.Next.Before(before.Add(50*time.Minute)) || b.outlook.Left != 0 || b.outlook.Of != 2 || b.outlook.Reset.IsZero() {
			t.Errorf("%+v", b.outlook)
		}
	})
	t.Run("limit in the body", func(t *testing.T) {
		s := network(t, polltest.Options{})
		s.Fail(polltest.Status(200, `{"posts": [], "left": 299, "max": 300}`))
		b := try(t, section(t, s, "answer: {left: left, of: max}"))
		b.mustListen(0)
		if b.outlook.Left != 299 || b.outlook.Of != 300 {
			t.Errorf("%+v", b.outlook)
		}
	})
}

// A budget is never exceeded, and says when it begins anew.
func TestBudget(t *testing.T) {
	s := network(t, polltest.Options{})
	b := try(t, section(t, s, "budget: {day: 3}"))
	b.setup.Tally = &memory{}
	b.reopen()
	var err error
	for err == nil {
		b.reopen()
		err = b.listen(1)
	}
	if !errors.Is(err, listeners.ErrSpent) || len(s.Asked()) != 3 {
		t.Errorf("%v after %d requests", err, len(s.Asked()))
	}
	want := []listeners.Spent{{Unit: "requests", Per: "day", Used: 3, Limit: 3}, {Unit: "requests", Per: "month", Used: 3}}
	for i := range b.outlook.Spent {
		b.outlook.Spent[i].Reset = time.Time{}
	}
	if diff := cmp.Diff(want, b.outlook.Spent); diff != "" {
		t.Error(diff)
	}
}
