package pagerduty_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/pagerduty"
	"earshot/alerts/sinktest"
	"earshot/alerts/wording"
)

const key = "e93facc04764012d7bfb002500d5d1a6"

// The promises of all sinks. The stand-in is built from
// https://developer.pagerduty.com/docs/send-alert-event and its list of answers.
func TestPromises(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{Driver: pagerduty.Driver(), New: func(t *testing.T) sinktest.Peer {
		s := newAPI(t)
		return sinktest.Peer{
			Decode:  decode(t, s),
			Secrets: []string{key}, Mode: s.Mode, Told: s.Bodies,
			Key: func(d alerts.Delivery) string { return `"dedup_key":"earshot/cs/` + d.Alert.Case + `"` },
		}
	}})
}

func decode(t *testing.T, s *sinktest.Server) func(any) error {
	file := sinktest.SecretFile(t, key)
	return func(into any) error {
		c := into.(*pagerduty.Config)
		c.RoutingKeyFile, c.URL = file, s.URL+"/v2/enqueue"
		return nil
	}
}

func newAPI(t *testing.T) *sinktest.Server {
	return sinktest.NewServer(t, func(r sinktest.Request) sinktest.Answer {
		var e struct {
			Key     string `json:"routing_key"`
			Action  string `json:"event_action"`
			Payload *struct{ Summary, Source, Severity string }
		}
		if err := json.Unmarshal([]byte(r.Body), &e); err != nil || len(e.Key) != 32 || r.Path != "/v2/enqueue" {
			return sinktest.Answer{Status: http.StatusBadRequest, Body: `{"status":"invalid event","message":"Event object is invalid","errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}`}
		}
		if p := e.Payload; e.Action == "trigger" && (p == nil || p.Summary == "" || len(p.Summary) > 4096 || p.Source == "" || !slices.Contains([]string{"critical", "error", "warning", "info"}, p.Severity)) {
			t.Errorf("an invalid event: %s", r.Body)
		}
		return sinktest.Answer{Status: http.StatusAccepted, Body: `{"status":"success","message":"Event processed","dedup_key":"samplekeyhere"}`}
	}, map[sinktest.Mode]sinktest.Answer{
		sinktest.Rejects: {Status: http.StatusBadRequest, Body: `{"status":"invalid event","message":"Event object is invalid","errors":["'payload.summary' is too long"]}`},
		sinktest.Refuses: {Status: http.StatusBadRequest, Body: `{"status":"invalid event","message":"Event object is invalid","errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}`},
	})
}

// All alerts of a case are one incident, which ends with it, and urgency is severity.
func TestIncident(t *testing.T) {
	s := newAPI(t)
	words, _ := wording.New(wording.Options{})
	sink, err := pagerduty.Driver().Open(alerts.SinkSetup{Team: "cs", Client: alerts.NewSinkClient(nil), Words: words, Decode: decode(t, s)})
	if err != nil {
		t.Fatal(err)
	}
	a := sinktest.Alert(1)
	critical, calm, withdrawn := a, a, a
	critical.Urgency = earshot.Critical
	calm.Evidence = &earshot.Evidence{From: earshot.Recovering, To: earshot.Calm}
	withdrawn.Why, withdrawn.Mention = earshot.BecauseWithdrawn, nil
	for _, a := range []earshot.Alert{a, critical, calm, withdrawn} {
		if _, err := sink.Deliver(t.Context(), alerts.Delivery{Alert: a}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, r := range s.Requests() {
		var e struct {
			Action  string `json:"event_action"`
			Key     string `json:"dedup_key"`
			Payload struct{ Severity, Group, Class, Component string }
		}
		if err := json.Unmarshal([]byte(r.Body), &e); err != nil {
			t.Fatal(err)
		}
		if e.Key != "earshot/cs/"+a.Case {
			t.Errorf("key %q", e.Key)
		}
		got = append(got, e.Action+" "+e.Payload.Severity+" "+e.Payload.Class)
	}
	if diff := cmp.Diff([]string{"trigger error customer", "trigger critical customer", "resolve  ", "resolve  "}, got); diff != "" {
		t.Error(diff)
	}
}
