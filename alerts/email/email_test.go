package email_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/email"
	"earshot/alerts/sinktest"
	"earshot/alerts/wording"
)

// The promises of all sinks, against a real mail server that speaks STARTTLS.
func TestPromises(t *testing.T) { sinktest.Run(t, harness(false)) }

// The same with TLS from the first byte on.
func TestPromisesImplicitTLS(t *testing.T) { sinktest.Run(t, harness(true)) }

func harness(implicit bool) sinktest.Harness {
	return sinktest.Harness{Driver: email.Driver(), New: func(t *testing.T) sinktest.Peer {
		s := newServer(t, implicit)
		c := config(t, s, implicit)
		return sinktest.Peer{
			Decode:  func(into any) error { *into.(*email.Config) = c; return nil },
			Secrets: []string{password}, TLS: s.trusted, Mode: s.become,
			Told: func() []string {
				var all []string
				for _, l := range s.letters(t) {
					all = append(all, l.String())
				}
				return all
			},
			Key:   func(d alerts.Delivery) string { return "<" + d.Alert.ID + "@acme.example>" },
			Check: harmless,
		}
	}}
}

func config(t *testing.T, s *server, implicit bool) email.Config {
	c := email.Config{
		Server: s.address, TLS: "starttls", User: login, PasswordFile: sinktest.SecretFile(t, password),
		From: "earshot <earshot@acme.example>", To: []string{"pr@acme.example", "Ana <ana@acme.example>"}, ReplyTo: "pr@acme.example",
	}
	if implicit {
		c.TLS = "implicit"
	}
	return c
}

// harmless looks for headers that are not ours and for HTML that does something.
func harmless(t *testing.T, hostile, told string) {
	head, body, _ := strings.Cut(told, "\n\n")
	for line := range strings.Lines(head) {
		if name, _, _ := strings.Cut(line, ":"); strings.EqualFold(name, "bcc") || strings.HasPrefix(line, "MAIL") {
			t.Errorf("%.60q put a header in: %s", hostile, line)
		}
	}
	_, rich, _ := strings.Cut(body, "<!DOCTYPE html>")
	for _, bad := range []string{"<script", "<img", "onerror=alert", "javascript:"} {
		if at := strings.Index(rich, bad); at >= 0 && !(bad == "onerror=alert" && strings.Contains(rich, "&lt;img")) {
			t.Errorf("%.60q became HTML: %.80s", hostile, rich[at:])
		}
	}
}

// setup is what the daemon hands to the sink.
func setup(t *testing.T, s *server, c email.Config) alerts.SinkSetup {
	t.Helper()
	words, problems := wording.New(wording.Options{Team: "pr", Language: "de", Zone: "Europe/Berlin"})
	if problems != nil {
		t.Fatal(problems)
	}
	return alerts.SinkSetup{
		Name: "pr-mail", Team: "pr", TLS: s.trusted, Words: words,
		Decode: func(into any) error { *into.(*email.Config) = c; return nil },
	}
}

// The messages of one case are one conversation, go to everybody, say what must be
// known in text and HTML, and call for no answer by machines.
func TestConversation(t *testing.T) {
	s := newServer(t, false)
	sink, err := email.Driver().Open(setup(t, s, config(t, s, false)))
	if err != nil {
		t.Fatal(err)
	}
	first := sinktest.Alert(1)
	second := first
	second.ID, second.Revision, second.Why, second.Urgency = first.Case+".pr.2", 2, earshot.BecauseEscalated, earshot.Critical
	third := first
	third.ID, third.Revision, third.Why, third.Mention = first.Case+".pr.3", 3, earshot.BecauseWithdrawn, nil
	for _, d := range []alerts.Delivery{
		{Alert: first},
		{Alert: second, Before: &alerts.Before{First: first.ID, Alert: first.ID}},
		{Alert: third, Before: &alerts.Before{First: first.ID, Alert: second.ID}},
	} {
		if _, err := sink.Deliver(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	all := s.letters(t)
	id := func(a earshot.Alert) string { return "<" + a.ID + "@acme.example>" }
	var threads [][]string
	for _, l := range all {
		threads = append(threads, []string{l.header.Get("Message-Id"), l.header.Get("In-Reply-To"), l.header.Get("References")})
	}
	want := [][]string{{id(first), "", ""}, {id(second), id(first), id(first)}, {id(third), id(second), id(first) + " " + id(second)}}
	if diff := cmp.Diff(want, threads); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"pr@acme.example", "ana@acme.example"}, s.rcpts[0]); diff != "" {
		t.Error(diff)
	}
	if got := all[0].header.Get("Auto-Submitted"); got != "auto-generated" {
		t.Errorf("Auto-Submitted: %q", got)
	}
	if !strings.HasPrefix(all[0].subject, "[hoch] acme · Kunde · missing · “The wheel") || all[1].header.Get("Importance") != "high" {
		t.Errorf("%q, %v", all[0].subject, all[1].header)
	}
	for _, words := range []string{"Antworten bis: ", "Von: Luka (@luka@social.example)", "https://social.example/@luka/1", "> Can anybody help?", "unhappy customer, request"} {
		if !strings.Contains(all[0].plain, words) {
			t.Errorf("%q is missing in:\n%s", words, all[0].plain)
		}
	}
	if !regexp.MustCompile(`<a href="https://social\.example/@luka/1"[^>]*>Beitrag öffnen</a>`).MatchString(all[0].rich) {
		t.Errorf("no link in:\n%s", all[0].rich)
	}
	if !strings.Contains(all[2].plain, "nichts geblieben") {
		t.Errorf("what was withdrawn says:\n%s", all[2].plain)
	}
}

// A digest is one message of many alerts, due at a time of the day in the zone.
func TestDigest(t *testing.T) {
	s := newServer(t, false)
	c := config(t, s, false)
	c.Digest = "daily 08:00"
	sink, err := email.Driver().Open(setup(t, s, c))
	if err != nil {
		t.Fatal(err)
	}
	digest, ok := sink.(alerts.Digester)
	if !ok {
		t.Fatal("no digest")
	}
	for after, want := range map[string]string{
		"2026-11-22T06:59:00Z": "2026-11-22T07:00:00Z",
		"2026-11-22T07:00:00Z": "2026-11-23T07:00:00Z",
		"2026-03-28T12:00:00Z": "2026-03-29T06:00:00Z", // summer time begins
	} {
		at, err := time.Parse(time.RFC3339, after)
		if err != nil {
			t.Fatal(err)
		}
		if got := digest.Next(at).UTC().Format(time.RFC3339); got != want {
			t.Errorf("after %s a digest is due at %s, want %s", after, got, want)
		}
	}
	all := []alerts.Delivery{{Alert: sinktest.Alert(1)}, {Alert: sinktest.Alert(2)}}
	for range 2 {
		if _, err := digest.DeliverAll(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	got := s.letters(t)
	if len(got) != 2 || got[0].subject != "2 Meldungen" || got[0].header.Get("Message-Id") != got[1].header.Get("Message-Id") {
		t.Errorf("%d messages: %v", len(got), got)
	}
	if n := strings.Count(got[0].plain, "> Can anybody help?"); n != 2 {
		t.Errorf("%d alerts in:\n%s", n, got[0].plain)
	}
}

// Digests by the hour, and mistakes in the configuration.
func TestPlain(t *testing.T) {
	t.Run("digest every hour", func(t *testing.T) {
		s := newServer(t, false)
		c := config(t, s, false)
		c.Digest = "every 1h"
		sink, err := email.Driver().Open(setup(t, s, c))
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1_800_000_000, 0)
		if got := sink.(alerts.Digester).Next(now); !got.Equal(now.Add(time.Hour)) {
			t.Errorf("due at %s", got)
		}
	})
	t.Run("mistakes", func(t *testing.T) {
		s := newServer(t, false)
		_, err := email.Driver().Open(setup(t, s, email.Config{Server: "x", TLS: "none", User: "a", Digest: "every 1s", From: "@"}))
		for _, path := range []string{"server", "tls", "password_file", "to", "from", "digest"} {
			if err == nil || !strings.Contains(err.Error(), path+": ") {
				t.Errorf("nothing is said of %s: %v", path, err)
			}
		}
	})
}
