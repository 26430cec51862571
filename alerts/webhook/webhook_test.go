package webhook_test

import (
	"encoding/json"
	"net/http"
	"testing"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/sinktest"
	"earshot/alerts/webhook"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// The promises of all sinks, with an address that is a secret, a token and signatures.
func TestPromises(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{Driver: webhook.Driver(), Verbatim: true, New: peer})
}

func peer(t *testing.T) sinktest.Peer {
	s := sinktest.NewServer(t, func(r sinktest.Request) sinktest.Answer { return verified(t, r) }, nil)
	config := webhook.Config{
		URLFile: sinktest.SecretFile(t, s.URL+"/hooks/T0KEN-in-path?key=qu3ry-secret"), SecretFile: sinktest.SecretFile(t, secret), TokenFile: sinktest.SecretFile(t, "b3arer-token"),
	}
	return sinktest.Peer{
		Decode: func(into any) error {
			*into.(*webhook.Config) = config
			return nil
		},
		Secrets: []string{"T0KEN-in-path", "qu3ry-secret", secret[6:], "b3arer-token"},
		Mode:    s.Mode, Told: s.Bodies,
		Key: func(d alerts.Delivery) string { return `"id":"` + d.Alert.ID + `"` },
	}
}

// verified is what a receiver does by the specification of Standard Webhooks.
func verified(t *testing.T, r sinktest.Request) sinktest.Answer {
	hook, err := standard.NewWebhook(secret)
	if err != nil {
		t.Error(err)
	}
	var a earshot.Alert
	if err := json.Unmarshal([]byte(r.Body), &a); err != nil || a.ID != r.Header.Get("webhook-id") {
		t.Errorf("the message %s is not the alert of its ID: %v", r.Header.Get("webhook-id"), err)
	}
	if err := hook.Verify([]byte(r.Body), r.Header); err != nil || r.Header.Get("Authorization") != "Bearer b3arer-token" {
		t.Errorf("not signed: %v %v", err, r.Header)
		return sinktest.Answer{Status: http.StatusUnauthorized}
	}
	return sinktest.Answer{Status: http.StatusNoContent}
}
