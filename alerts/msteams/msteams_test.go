package msteams_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"earshot/alerts"
	"earshot/alerts/msteams"
	"earshot/alerts/sinktest"
)

// The promises of all sinks. The stand-in takes what the documentation of Microsoft
// shows (how-to/add-incoming-webhook) and answers as workflows do: 202 without a body,
// 401 when the signature in the address is wrong, 404 when the workflow is gone.
func TestPromises(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{Driver: msteams.Driver(), New: func(t *testing.T) sinktest.Peer {
		s := sinktest.NewServer(t, func(r sinktest.Request) sinktest.Answer { return take(t, r) }, map[sinktest.Mode]sinktest.Answer{
			sinktest.Refuses: {Status: http.StatusUnauthorized, Body: `{"error":{"code":"DirectApiAuthorizationRequired"}}`},
		})
		c := msteams.Config{URLFile: sinktest.SecretFile(t, s.URL+"/workflows/f00dcafe/triggers/manual/paths/invoke?api-version=2016-06-01&sig=sEcReT-sIgNaTuRe")}
		return sinktest.Peer{
			Decode:  func(into any) error { *into.(*msteams.Config) = c; return nil },
			Secrets: []string{"sEcReT-sIgNaTuRe", "f00dcafe"}, Mode: s.Mode, Told: s.Bodies,
			Key: func(d alerts.Delivery) string { return `"id":"` + d.Alert.ID + `"` },
		}
	}})
}

// take checks what Teams would: the size, and that nothing is Markdown or a mention.
func take(t *testing.T, r sinktest.Request) sinktest.Answer {
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Version string
				Body          []struct {
					Type    string
					Inlines []struct{ Type, Text string }
				}
				Actions []struct{ Type, Title, URL string }
				MSTeams any
			}
		}
	}
	if err := json.Unmarshal([]byte(r.Body), &m); err != nil {
		t.Errorf("%v in %s", err, r.Body)
		return sinktest.Answer{Status: http.StatusBadRequest}
	}
	if len(r.Body) > 28<<10 {
		t.Errorf("a message of %d bytes", len(r.Body))
	}
	if m.Type != "message" || len(m.Attachments) != 1 || m.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" || m.Attachments[0].Content.Type != "AdaptiveCard" {
		t.Errorf("not a card: %s", r.Body)
	}
	for _, c := range m.Attachments {
		for _, e := range c.Content.Body {
			if e.Type != "RichTextBlock" {
				t.Errorf("a %s reads Markdown", e.Type)
			}
			for _, run := range e.Inlines {
				if run.Type != "TextRun" {
					t.Errorf("a run of type %q", run.Type)
				}
			}
		}
		for _, a := range c.Content.Actions {
			if a.Type != "Action.OpenUrl" || !strings.HasPrefix(a.URL, "https://social.example/") {
				t.Errorf("an action: %+v", a)
			}
		}
		if c.Content.MSTeams != nil {
			t.Error("somebody is mentioned")
		}
	}
	return sinktest.Answer{Status: http.StatusAccepted}
}
