package zendesk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/sinktest"
	"earshot/alerts/wording"
	"earshot/alerts/zendesk"
)

const token = "6wiIBWbGkBMo1mRDMuVwkw1EPsNkeUj95PIz2akv"

// account is a stand-in for an account, built from the examples of
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ and
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
type account struct {
	*sinktest.Server

	mu      sync.Mutex
	tickets []map[string]any
	keys    map[string]int // by idempotency key: index of the ticket
	changes []map[string]any
}

func newAccount(t *testing.T) *account {
	a := &account{keys: map[string]int{}}
	a.Server = sinktest.NewServer(t, func(r sinktest.Request) sinktest.Answer {
		if user, password, ok := (&http.Request{Header: r.Header}).BasicAuth(); !ok || user != "agent@acme.example/token" || password != token {
			return sinktest.Answer{Status: http.StatusUnauthorized, Body: `{"error":"Couldn't authenticate you"}`}
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.answer(r)
	}, map[sinktest.Mode]sinktest.Answer{
		sinktest.Rejects: {Status: http.StatusUnprocessableEntity, Body: `{"error":"RecordInvalid","description":"Record validation errors"}`},
		sinktest.Refuses: {Status: http.StatusUnauthorized, Body: `{"error":"Couldn't authenticate you"}`},
	})
	return a
}

func (a *account) answer(r sinktest.Request) sinktest.Answer {
	var in struct{ Ticket map[string]any }
	if r.Body != "" {
		if err := json.Unmarshal([]byte(r.Body), &in); err != nil {
			return sinktest.Answer{Status: http.StatusBadRequest}
		}
	}
	path, query, _ := strings.Cut(r.Path, "?")
	switch {
	case r.Method == http.MethodPost && path == "/api/v2/tickets.json":
		key := r.Header.Get("Idempotency-Key")
		n, known := a.keys[key]
		if !known {
			n = len(a.tickets)
			in.Ticket["id"], in.Ticket["status"] = 35436+n, "new"
			a.tickets, a.keys[key] = append(a.tickets, in.Ticket), n
		}
		return reply(http.StatusCreated, map[string]any{"ticket": a.tickets[n]})
	case r.Method == http.MethodPut:
		for _, t := range a.tickets {
			if path != fmt.Sprintf("/api/v2/tickets/%v.json", t["id"]) {
				continue
			}
			if t["status"] == "closed" {
				return sinktest.Answer{Status: http.StatusUnprocessableEntity, Body: `{"error":"RecordInvalid","details":{"status":[{"description":"Status: closed prevents ticket update"}]}}`}
			}
			maps.Copy(t, in.Ticket)
			return reply(http.StatusOK, map[string]any{"ticket": t})
		}
		return sinktest.Answer{Status: http.StatusNotFound, Body: `{"error":"RecordNotFound","description":"Not found"}`}
	case path == "/api/v2/incremental/tickets/cursor.json":
		var at int
		_, _ = fmt.Sscanf(query, "cursor=%d", &at)
		changes := a.changes[min(at, len(a.changes)):]
		return reply(http.StatusOK, map[string]any{"tickets": changes, "after_cursor": fmt.Sprint(at + len(changes)), "end_of_stream": true})
	case path == "/api/v2/tickets.json":
		found := []map[string]any{}
		for _, t := range a.tickets {
			if strings.Contains(query, strings.ReplaceAll(fmt.Sprint(t["external_id"]), ":", "%3A")) {
				found = append(found, t)
			}
		}
		return reply(http.StatusOK, map[string]any{"tickets": found})
	}
	return sinktest.Answer{Status: http.StatusNotFound}
}

func reply(status int, body any) sinktest.Answer {
	data, err := json.Marshal(body)
	if err != nil {
		return sinktest.Answer{Status: http.StatusInternalServerError}
	}
	return sinktest.Answer{Status: status, Body: string(data)}
}

// written are the bodies of what was written, in order.
func (a *account) written() []string {
	var all []string
	for _, r := range a.Requests() {
		if r.Method != http.MethodGet {
			all = append(all, r.Body)
		}
	}
	return all
}

func (a *account) decode(t *testing.T) func(any) error {
	file := sinktest.SecretFile(t, token)
	return func(into any) error {
		c := into.(*zendesk.Config)
		c.URL, c.Email, c.TokenFile, c.Every = a.URL, "agent@acme.example", file, 10*time.Second
		return nil
	}
}

// The promises of all sinks.
func TestPromises(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{Driver: zendesk.Driver(), New: func(t *testing.T) sinktest.Peer {
		a := newAccount(t)
		return sinktest.Peer{
			Decode: a.decode(t), Secrets: []string{token}, Mode: a.Mode, Told: a.written,
			Key: func(d alerts.Delivery) string { return "[" + d.Alert.ID + "]" },
			Check: func(t *testing.T, hostile, told string) {
				if strings.Contains(told, "html_body") || strings.Contains(told, `"public":true`) {
					t.Errorf("%.60q became HTML, or public: %s", hostile, told)
				}
			},
		}
	}})
}

func open(t *testing.T, a *account, state alerts.SinkState, act alerts.Act) alerts.Sink {
	t.Helper()
	words, _ := wording.New(wording.Options{})
	client := alerts.NewSinkClient(nil)
	t.Cleanup(client.CloseIdleConnections)
	sink, err := zendesk.Driver().Open(alerts.SinkSetup{
		Team: "cs", Client: client, Words: words, State: state, Act: act, Log: zap.NewNop(), Decode: a.decode(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

// A case is one ticket, also when nobody could note which, until the ticket is closed.
func TestOneTicket(t *testing.T) {
	a := newAccount(t)
	sink := open(t, a, sinktest.NewOutbox(), nil)
	alert := sinktest.Alert(1)
	deliver := func(before *alerts.Before) string {
		t.Helper()
		receipt, err := sink.Deliver(t.Context(), alerts.Delivery{Alert: alert, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		return receipt.Ref
	}
	first := deliver(nil)
	if again := deliver(nil); again != first || len(a.tickets) != 1 {
		t.Errorf("%d tickets: %s and %s", len(a.tickets), first, again)
	}
	alert.Why, alert.Urgency = earshot.BecauseEscalated, earshot.Critical
	deliver(&alerts.Before{Ref: first})
	if got := a.tickets[0]; got["priority"] != "urgent" || got["status"] != "open" || got["external_id"] != "earshot:cs:"+alert.Case {
		t.Errorf("the ticket is %v", got)
	}
	a.tickets[0]["status"] = "closed"
	alert.ID = alert.Case + ".cs.3"
	if next := deliver(&alerts.Before{Ref: first}); next == first || len(a.tickets) != 2 {
		t.Errorf("what came after the end went to ticket %s of %d", next, len(a.tickets))
	}
}

// What agents do to tickets comes back once, to cases of the team only, and is asked
// for again when it could not be done.
func TestFollow(t *testing.T) {
	a := newAccount(t)
	ticket := func(id, status string, assignee int64) map[string]any {
		return map[string]any{"id": 1, "external_id": id, "status": status, "assignee_id": assignee}
	}
	a.changes = []map[string]any{
		ticket("earshot:cs:one", "new", 0), ticket("earshot:cs:one", "open", 0), ticket("earshot:cs:one", "open", 4711),
		ticket("earshot:cs:one", "pending", 4711), ticket("somebody-else", "solved", 1), ticket("earshot:pr:two", "solved", 1),
		ticket("earshot:cs:gone", "solved", 4711), ticket("earshot:cs:one", "solved", 4711), ticket("earshot:cs:three", "closed", 0),
	}
	state := sinktest.NewOutbox()
	var acts []string
	fault := errors.New("the bus is away")
	act := func(_ context.Context, team, id, verb, by string) error {
		if id == "gone" {
			return earshot.ErrNotFound
		}
		if verb == "resolve" && fault != nil {
			return fault
		}
		acts = append(acts, strings.Join([]string{team, id, verb, by}, " "))
		return nil
	}
	follower, ok := open(t, a, state, act).(alerts.Follower)
	if !ok {
		t.Fatal("nobody follows")
	}
	if err := follower.Follow(t.Context()); !errors.Is(err, fault) {
		t.Fatalf("what could not be done is no error: %v", err)
	}
	acts, fault = nil, nil
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- follower.Follow(ctx) }()
	for {
		data, err := state.State(t.Context(), "export")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), `"cursor":"9"`) {
			break
		}
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	cancel()
	<-ended
	if diff := cmp.Diff([]string{"cs one claim zendesk:4711", "cs one wait zendesk:4711", "cs one resolve zendesk:4711", "cs three resolve zendesk"}, acts); diff != "" {
		t.Error(diff)
	}
}
