package sinktest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
)

const patience = 20 * time.Second

func noAct(context.Context, string, string, string, string) error { return nil }

// Alert is alert number n, of a case of its own.
func Alert(n int) earshot.Alert {
	a := *wording.Sample(time.Now())
	a.Case = earshot.Key(fmt.Sprint("case ", n))
	a.ID = a.Case + ".cs.1"
	return a
}

func (s *suite) deliver(sink alerts.Sink, d alerts.Delivery) (alerts.Receipt, error) {
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	return sink.Deliver(ctx, d)
}

func (s *suite) mustDeliver(sink alerts.Sink, d alerts.Delivery) alerts.Receipt {
	s.Helper()
	receipt, err := s.deliver(sink, d)
	if err != nil {
		s.Fatalf("delivering: %v", err)
	}
	return receipt
}

func (s *suite) delivers() {
	sink := s.open()
	for n := range 3 {
		d := alerts.Delivery{Alert: Alert(n)}
		receipt := s.mustDeliver(sink, d)
		told := s.peer.Told()
		if len(told) != n+1 {
			s.Fatalf("after %d alerts the peer was told %d times", n+1, len(told))
		}
		if key := s.peer.Key(d); key == "" || !strings.Contains(told[n], key) {
			s.Errorf("the key %q is not in:\n%s", key, told[n])
		}
		if receipt.Place == "" {
			s.Error("nobody could say where the copy went: the receipt names no place")
		}
		for _, secret := range s.peer.Secrets {
			if strings.Contains(receipt.Place+receipt.Ref, secret) {
				s.Error("a secret is in the receipt")
			}
		}
	}
	s.mustDeliver(sink, alerts.Delivery{Alert: Alert(9), Test: true})
	if told := s.peer.Told(); !s.Verbatim && !strings.Contains(strings.ToLower(told[len(told)-1]), "test") {
		s.Errorf("a test does not say so:\n%s", told[len(told)-1])
	}
}

func (s *suite) repeats() {
	sink := s.open()
	d := alerts.Delivery{Alert: Alert(1)}
	s.mustDeliver(sink, d)
	s.mustDeliver(sink, d) // as after a crash before anybody noted the first
	for i, told := range s.peer.Told() {
		if !strings.Contains(told, s.peer.Key(d)) {
			s.Errorf("delivery %d lacks the key:\n%s", i+1, told)
		}
	}
}

// follows delivers what becomes of a case: it is new, grows, escalates on another
// subject, and is withdrawn, after which nothing may repeat what was said.
func (s *suite) follows() {
	sink := s.open()
	a := Alert(1)
	d := alerts.Delivery{Alert: a}
	receipt := s.mustDeliver(sink, d)
	before := &alerts.Before{First: a.ID, Alert: a.ID, Revision: 1, At: time.Now(), Ref: receipt.Ref}
	for i, why := range []earshot.Why{earshot.BecauseChanged, earshot.BecauseEscalated, earshot.BecauseReminder, earshot.BecauseWithdrawn} {
		next := a
		next.Revision = i + 2
		next.ID = fmt.Sprintf("%s.cs.%d", a.Case, next.Revision)
		next.Why = why
		if why == earshot.BecauseEscalated {
			next.Urgency, next.Replaces = earshot.Critical, before.Alert
		}
		if why == earshot.BecauseWithdrawn {
			next.Mention, next.Verdict, next.Story, next.Count = nil, nil, nil, 0
			next.Summary = "high · acme · missing · withdrawn, nothing is left of it"
		}
		told := len(s.peer.Told())
		receipt = s.mustDeliver(sink, alerts.Delivery{Alert: next, Before: before})
		before = &alerts.Before{First: a.ID, Alert: next.ID, Revision: next.Revision, At: time.Now(), Ref: receipt.Ref}
		said := strings.Join(s.peer.Told()[told:], "\n")
		if why == earshot.BecauseWithdrawn && strings.Contains(said, "came off after one day") {
			s.Errorf("what was withdrawn is repeated:\n%s", said)
		}
	}
}

func (s *suite) tellsErrorsApart() {
	sink := s.open()
	for _, mode := range []Mode{Fails, Limits, Rejects, Cuts, Leaks, Refuses} {
		if !s.peer.Mode(mode) {
			s.Logf("this peer never %s", mode)
			continue
		}
		_, err := s.deliver(sink, alerts.Delivery{Alert: Alert(1)})
		if err == nil {
			s.Errorf("a peer that %s is no error", mode)
			continue
		}
		if got, want := kindOf(err), kindFor(mode); got != want {
			s.Errorf("a peer that %s is %s, want %s: %v", mode, got, want, err)
		}
		var refused *alerts.Refused
		if errors.As(err, &refused) && (refused.File == "" || refused.Renew == "") {
			s.Errorf("nobody learns which credential to renew and how: %v", err)
		}
	}
	s.peer.Mode(Works)
	s.mustDeliver(sink, alerts.Delivery{Alert: Alert(1)}) // the same sink goes on
}

func kindFor(mode Mode) string {
	switch mode {
	case Limits:
		return "a request to wait for 7s"
	case Rejects:
		return "a rejected alert"
	case Refuses:
		return "a refused credential"
	}
	return "temporary"
}

func kindOf(err error) string {
	var retry *alerts.RetryAfter
	var refused *alerts.Refused
	var rejected *alerts.Rejected
	switch {
	case errors.As(err, &refused):
		return "a refused credential"
	case errors.As(err, &rejected):
		return "a rejected alert"
	case errors.Is(err, alerts.ErrGone):
		return "the end"
	case errors.As(err, &retry):
		return "a request to wait for " + retry.Wait.String()
	}
	return "temporary"
}

func (s *suite) keepsSecrets() {
	if len(s.peer.Secrets) == 0 {
		s.Error("a peer without a secret proves nothing")
	}
	sink := s.open()
	for _, mode := range []Mode{Leaks, Fails, Limits, Rejects, Refuses, Cuts} {
		if !s.peer.Mode(mode) {
			continue
		}
		if _, err := s.deliver(sink, alerts.Delivery{Alert: Alert(1)}); err != nil {
			s.checkSecrets(fmt.Sprintf("the error of a peer that %s", mode), err.Error())
		}
	}
}

func (s *suite) checkSecrets(where, text string) {
	s.Helper()
	for _, secret := range s.peer.Secrets {
		if strings.Contains(text, secret) {
			s.Errorf("a secret is in %s: %s", where, text)
		}
	}
}

func (s *suite) checkLogs() {
	if s.logs == nil {
		return
	}
	for _, entry := range s.logs.All() {
		s.checkSecrets("the log", fmt.Sprint(entry.Message, entry.ContextMap()))
	}
}

// awaitsCredential opens the sink with files of secrets that are not there.
func (s *suite) awaitsCredential() {
	named := 0
	sink, err := s.tryOpen(func(config any) error {
		err := s.peer.Decode(config)
		v := reflect.ValueOf(config).Elem()
		for i := range v.NumField() {
			key := v.Type().Field(i).Tag.Get("yaml")
			if strings.HasSuffix(key, "_file") && v.Field(i).String() != "" {
				v.Field(i).SetString(v.Field(i).String() + "-not-there-yet")
				named++
			}
		}
		return err
	})
	if named == 0 {
		s.Skip("this peer needs no credential from a file")
	}
	if err != nil {
		s.Fatalf("the file is only needed later: %v", err)
	}
	_, err = s.deliver(sink, alerts.Delivery{Alert: Alert(1)})
	if kindOf(err) != "a refused credential" {
		s.Errorf("without its credential it is %s: %v", kindOf(err), err)
	}
}

// Hostile are texts that strangers might write.
func Hostile() []string {
	return []string{
		"<script>alert(1)</script><img src=x onerror=alert(1)>",
		"<!channel> <!here> <!everyone> <@U012AB3CD> <https://evil.example|your bank> @channel @everyone",
		"**bold** _it_ `code` [your bank](https://evil.example) ![x](https://evil.example/x.png) <at>everyone</at>",
		"subject\r\nBcc: victim@victim.example\r\n\r\nnew body\r\n.\r\nMAIL FROM:<evil@evil.example>",
		"\u202egnp.exe \u2066hidden\u2069 \u200f\u200etext \u202a\u202b\u202d",
		"bell\x07 escape\x1b[31mred\x1b[0m null\x00 \u0085 \u2028 \ufeff \U000e0041",
		"{{.Alert.ID}} {{template \"x\"}} ${HOME} %s%n%d",
		"שלום עולם مرحبا بالعالم नमस्ते 👩‍👩‍👧‍👦 Z̸̢̛̛̭̗̭̈́̀̎̈̀a̸̡͖̝͓̣̜͋̍l̷̨̫̙̣̘̃g̶̢̞̮̱̀̈́ǒ̶̢͍̳",
		strings.Repeat("a long post of many words. ", 40_000),
		strings.Repeat("\n", 100_000) + "after much nothing",
		"\xff\xfe not UTF-8 \xc3\x28",
		"",
	}
}

// maxMessage is what no message about one post need exceed, in bytes.
const maxMessage = 128 << 10

func (s *suite) endures() {
	sink := s.open()
	for i, hostile := range Hostile() {
		a := Alert(100 + i)
		m := *a.Mention
		m.Text, m.Title, m.Author = hostile, hostile, earshot.Author{Handle: hostile, Name: hostile}
		m.URL, m.Media = "javascript:alert(1)//"+hostile, []earshot.Media{{Alt: hostile, URL: hostile}}
		a.Mention, a.Summary, a.Owner, a.Topic = &m, hostile, hostile, hostile
		tallies := []earshot.Tally{{Name: hostile, Count: 1}}
		source := earshot.Source{Network: hostile, URL: "javascript:alert(1)//" + hostile}
		a.Story = &earshot.Story{Count: 2, Authors: 2, Networks: []string{hostile}, First: source, Top: []earshot.Source{source, {Network: hostile, URL: "https://social.example/@ana/2"}}}
		a.Evidence = &earshot.Evidence{
			To: earshot.InCrisis, Planned: hostile, Networks: tallies, Words: tallies, First: source,
			Because: []earshot.Finding{{What: hostile, Met: true}},
		}
		a.Held = &earshot.Held{Alerts: 3, Why: tallies}
		before := len(s.peer.Told())
		s.mustDeliver(sink, alerts.Delivery{Alert: a})
		told := strings.Join(s.peer.Told()[before:], "\n")
		if s.Verbatim {
			continue
		}
		if len(told) > maxMessage {
			s.Errorf("%.40q became a message of %d bytes", hostile, len(told))
		}
		for _, r := range told {
			if bad := unicode.Is(unicode.Cc, r) && r != '\n' && r != '\r' && r != '\t' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'; bad {
				s.Errorf("%.40q was told with the character %U", hostile, r)
				break
			}
		}
		if strings.Contains(told, "javascript:") {
			s.Errorf("a link that runs a program was told:\n%s", told)
		}
		if s.peer.Check != nil {
			s.peer.Check(s.T, hostile, told)
		}
	}
}

func (s *suite) stops() {
	if !s.peer.Mode(Hangs) {
		s.Skip("this peer cannot hang")
	}
	sink := s.open()
	ctx, cancel := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := sink.Deliver(ctx, alerts.Delivery{Alert: Alert(1)})
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			s.Error("a delivery that was cut short is no error")
		}
	case <-time.After(patience):
		s.Fatal("the delivery goes on after its end")
	}
	s.peer.Mode(Works)
}

func (s *suite) neverStarts() {
	sink := s.open()
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if _, err := sink.Deliver(ctx, alerts.Delivery{Alert: Alert(1)}); err == nil {
		s.Error("it delivered after its end")
	}
}
