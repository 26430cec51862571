package alertmanager_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"earshot/alerts"
	"earshot/alerts/alertmanager"
	"earshot/alerts/sinktest"
)

const token = "a-b3arer-token"

// The promises of all sinks, against a stand-in that is built from the OpenAPI
// document of Alertmanager 0.28.1 and fails as the real one cannot be made to.
func TestPromises(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{Driver: alertmanager.Driver(), New: func(t *testing.T) sinktest.Peer {
		s := sinktest.NewServer(t, func(r sinktest.Request) sinktest.Answer {
			var all []struct {
				Labels, Annotations map[string]string
				StartsAt, EndsAt    string
			}
			if err := json.Unmarshal([]byte(r.Body), &all); err != nil || len(all) == 0 || r.Path != "/prefix/api/v2/alerts" || r.Header.Get("Authorization") != "Bearer "+token {
				t.Errorf("%v: %s %s", err, r.Path, r.Body)
				return sinktest.Answer{Status: http.StatusBadRequest}
			}
			return sinktest.Answer{}
		}, nil)
		file := sinktest.SecretFile(t, token)
		return sinktest.Peer{
			Decode: func(into any) error {
				c := into.(*alertmanager.Config)
				c.URL, c.TokenFile = s.URL+"/prefix/", file
				return nil
			},
			Secrets: []string{token}, Mode: s.Mode, Told: s.Bodies,
			Key: func(d alerts.Delivery) string { return `"alert":"` + d.Alert.ID + `"` },
		}
	}})
}
