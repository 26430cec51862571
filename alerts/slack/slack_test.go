package slack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/sinktest"
	"earshot/alerts/slack"
	"earshot/alerts/wording"
)

const token = "xoxb-1234567890-abcdefghij"

// The promises of all sinks, by an incoming webhook. The stand-in answers as
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks has it.
func TestPromisesWebhook(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{Driver: slack.Driver(), New: func(t *testing.T) sinktest.Peer {
		s := sinktest.NewServer(t, func(sinktest.Request) sinktest.Answer { return sinktest.Answer{Body: "ok"} }, map[sinktest.Mode]sinktest.Answer{
			sinktest.Rejects: {Status: http.StatusBadRequest, Body: "invalid_payload"},
			sinktest.Refuses: {Status: http.StatusNotFound, Body: "no_service"},
		})
		return peer(s, slack.Config{WebhookFile: sinktest.SecretFile(t, s.URL+"/services/T000/B000/hOoKsEcReT"), API: "https://slack.com/api"}, "hOoKsEcReT")
	}})
}

// The promises of all sinks, as a bot. The Web API answers 200 whatever happened:
// https://docs.slack.dev/reference/methods/chat.postMessage
func TestPromisesBot(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{Driver: slack.Driver(), New: func(t *testing.T) sinktest.Peer {
		s := newAPI(t)
		return peer(s.Server, botConfig(t, s), token)
	}})
}

func botConfig(t *testing.T, s *api) slack.Config {
	return slack.Config{TokenFile: sinktest.SecretFile(t, token), Channel: "C024BE91L", API: s.URL + "/api"}
}

func peer(s *sinktest.Server, c slack.Config, secrets ...string) sinktest.Peer {
	return sinktest.Peer{
		Decode:  func(into any) error { *into.(*slack.Config) = c; return nil },
		Secrets: secrets, Mode: s.Mode,
		Told: func() []string {
			var all []string
			for _, r := range s.Requests() {
				if !strings.Contains(r.Body, `"thread_ts"`) {
					all = append(all, strings.Join(texts(r.Body), "\n")+"\n"+r.Body)
				}
			}
			return all
		},
		Key: func(d alerts.Delivery) string { return `"alert":"` + d.Alert.ID + `"` },
		Check: func(t *testing.T, hostile, told string) {
			for line := range strings.Lines(told) {
				rest, isRead := strings.CutPrefix(line, "mrkdwn: ")
				if isRead && (strings.Contains(rest, "<!") || strings.Contains(rest, "<@") || strings.Contains(rest, "<https://evil")) {
					t.Errorf("%.60q is read by Slack as: %s", hostile, line)
				}
			}
		},
	}
}

// texts are all texts of a message, with how Slack reads them.
func texts(body string) []string {
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		return []string{err.Error()}
	}
	var all []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if text, ok := v["text"].(string); ok {
				kind, _ := v["type"].(string)
				if kind == "" {
					kind = "mrkdwn" // the message itself
				}
				all = append(all, kind+": "+strings.ReplaceAll(text, "\n", "\n"+kind+": "))
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(value)
	return all
}

// api is a stand-in for the Web API.
type api struct {
	*sinktest.Server

	gone bool // messages cannot be changed any more
}

func newAPI(t *testing.T) *api {
	a := &api{}
	n := 0
	a.Server = sinktest.NewServer(t, func(r sinktest.Request) sinktest.Answer {
		if r.Header.Get("Authorization") != "Bearer "+token {
			return sinktest.Answer{Body: `{"ok":false,"error":"invalid_auth"}`}
		}
		if r.Path == "/api/chat.update" && a.gone {
			return sinktest.Answer{Body: `{"ok":false,"error":"message_not_found"}`}
		}
		n++
		return sinktest.Answer{Body: fmt.Sprintf(`{"ok":true,"channel":"C024BE91L","ts":"1503435956.%06d"}`, n)}
	}, map[sinktest.Mode]sinktest.Answer{
		sinktest.Fails:   {Body: `{"ok":false,"error":"internal_error"}`},
		sinktest.Rejects: {Body: `{"ok":false,"error":"invalid_blocks"}`},
		sinktest.Refuses: {Body: `{"ok":false,"error":"token_revoked"}`},
	})
	return a
}

// A bot keeps one message a case, changes it, tells of it in the thread, takes its
// words back, and posts anew when somebody has deleted the message.
func TestOneMessage(t *testing.T) {
	s := newAPI(t)
	words, _ := wording.New(wording.Options{})
	sink, err := slack.Driver().Open(alerts.SinkSetup{
		Client: alerts.NewSinkClient(nil), Words: words,
		Decode: func(into any) error { *into.(*slack.Config) = botConfig(t, s); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	a := sinktest.Alert(1)
	first, err := sink.Deliver(t.Context(), alerts.Delivery{Alert: a})
	if err != nil || first.Ref != "C024BE91L 1503435956.000001" {
		t.Fatalf("%+v, %v", first, err)
	}
	a.Why = earshot.BecauseEscalated
	next, err := sink.Deliver(t.Context(), alerts.Delivery{Alert: a, Before: &alerts.Before{Ref: first.Ref}})
	if err != nil || next.Ref != first.Ref {
		t.Fatalf("%+v, %v", next, err)
	}
	a.Why, a.Mention = earshot.BecauseWithdrawn, nil
	if _, err := sink.Deliver(t.Context(), alerts.Delivery{Alert: a, Before: &alerts.Before{Ref: first.Ref}}); err != nil {
		t.Fatal(err)
	}
	s.gone = true
	again, err := sink.Deliver(t.Context(), alerts.Delivery{Alert: sinktest.Alert(1), Before: &alerts.Before{Ref: first.Ref}})
	if err != nil || again.Ref == first.Ref {
		t.Fatalf("%+v, %v", again, err)
	}
	var calls []string
	for _, r := range s.Requests() {
		var m struct {
			TS        string `json:"ts"`
			Thread    string `json:"thread_ts"`
			Broadcast bool   `json:"reply_broadcast"`
		}
		if err := json.Unmarshal([]byte(r.Body), &m); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, fmt.Sprintf("%s ts=%s thread=%s loud=%t words=%t", r.Path, m.TS, m.Thread, m.Broadcast, strings.Contains(r.Body, "came off")))
	}
	const ts = "1503435956.000001"
	if diff := cmp.Diff([]string{
		"/api/chat.postMessage ts= thread= loud=false words=true",
		"/api/chat.update ts=" + ts + " thread= loud=false words=true",
		"/api/chat.postMessage ts= thread=" + ts + " loud=true words=false",
		"/api/chat.update ts=" + ts + " thread= loud=false words=false",
		"/api/chat.postMessage ts= thread=" + ts + " loud=false words=false",
		"/api/chat.update ts=" + ts + " thread= loud=false words=true",
		"/api/chat.postMessage ts= thread= loud=false words=true",
	}, calls); diff != "" {
		t.Error(diff)
	}
}

// All that is known of a crisis is told, in as many sections as Slack wants.
func TestManyFacts(t *testing.T) {
	s := newAPI(t)
	words, _ := wording.New(wording.Options{})
	sink, err := slack.Driver().Open(alerts.SinkSetup{
		Client: alerts.NewSinkClient(nil), Words: words,
		Decode: func(into any) error { *into.(*slack.Config) = botConfig(t, s); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	a := sinktest.Alert(1)
	a.Evidence = &earshot.Evidence{To: earshot.InCrisis, Seen: 120, Authors: 77}
	for n := range 15 {
		a.Evidence.Because = append(a.Evidence.Because, earshot.Finding{What: fmt.Sprint("condition ", n), Met: true})
	}
	if _, err := sink.Deliver(t.Context(), alerts.Delivery{Alert: a}); err != nil {
		t.Fatal(err)
	}
	body := s.Requests()[0].Body
	var m struct {
		Blocks []struct{ Fields []json.RawMessage }
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	for _, b := range m.Blocks {
		if len(b.Fields) > 10 {
			t.Errorf("a section of %d fields", len(b.Fields))
		}
	}
	for _, words := range []string{"condition 0:", "condition 14:", "Case: " + a.Case} {
		if !strings.Contains(body, words) {
			t.Errorf("%q is missing in %s", words, body)
		}
	}
}
