package zendesk_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/sinktest"
	"earshot/alerts/wording"
	"earshot/alerts/zendesk"
	"earshot/alerts/zendesk/zendesktest"
)

// account is the stand-in, behind a server that fails as the suite wants.
type account struct {
	*zendesktest.Account
	*sinktest.Server
}

func newAccount(t *testing.T) *account {
	a := &account{Account: zendesktest.New()}
	a.Server = sinktest.NewServer(t, func(r sinktest.Request) sinktest.Answer {
		w := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(t.Context(), r.Method, r.Path, strings.NewReader(r.Body))
		req.Header = r.Header
		a.Account.ServeHTTP(w, req)
		return sinktest.Answer{Status: w.Code, Body: w.Body.String()}
	}, map[sinktest.Mode]sinktest.Answer{
		sinktest.Rejects: {Status: http.StatusUnprocessableEntity, Body: `{"error":"RecordInvalid","description":"Record validation errors"}`},
		sinktest.Refuses: {Status: http.StatusUnauthorized, Body: `{"error":"Couldn't authenticate you"}`},
	})
	return a
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
	file := sinktest.SecretFile(t, zendesktest.Token)
	return func(into any) error {
		c := into.(*zendesk.Config)
		c.URL, c.Email, c.TokenFile, c.Every = a.URL, zendesktest.Email, file, 10*time.Second
		return nil
	}
}

// The promises of all sinks.
func TestPromises(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{Driver: zendesk.Driver(), New: func(t *testing.T) sinktest.Peer {
		a := newAccount(t)
		return sinktest.Peer{
			Decode: a.decode(t), Secrets: []string{zendesktest.Token}, Mode: a.Mode, Told: a.written,
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

// A case is one ticket, also when nobody could note which, until the ticket is closed;
// an alert is in it once, however often it is delivered.
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
	if again := deliver(nil); again != first || len(a.Tickets()) != 1 {
		t.Errorf("%v: %s and %s", a.Tickets(), first, again)
	}
	alert.ID, alert.Why, alert.Urgency = alert.Case+".cs.2", earshot.BecauseEscalated, earshot.Critical
	for range 2 {
		deliver(&alerts.Before{Ref: first})
	}
	got := a.Tickets()[0]
	if got.Priority != "urgent" || got.Status != "open" || got.ExternalID != "earshot:cs:"+alert.Case {
		t.Errorf("the ticket is %+v", got)
	}
	if n := len(a.Comments(got.ID)); n != 2 {
		t.Errorf("it says %d things:\n%s", n, strings.Join(a.Comments(got.ID), "\n---\n"))
	}
	a.Change(got.ID, "closed", 0)
	alert.ID = alert.Case + ".cs.3"
	if next := deliver(&alerts.Before{Ref: first}); next == first || len(a.Tickets()) != 2 {
		t.Errorf("what came after the end went to ticket %s of %d", next, len(a.Tickets()))
	}
}

// What agents do to tickets comes back once, to cases of the team only, and is asked
// for again when it could not be done.
func TestFollow(t *testing.T) {
	a := newAccount(t)
	ticket := func(id, status string, assignee int64) zendesktest.Ticket {
		return zendesktest.Ticket{ID: 1, ExternalID: id, Status: status, Assignee: assignee}
	}
	a.Tell(
		ticket("earshot:cs:one", "new", 0), ticket("earshot:cs:one", "open", 0), ticket("earshot:cs:one", "open", 4711),
		ticket("earshot:cs:one", "pending", 4711), ticket("somebody-else", "solved", 1), ticket("earshot:pr:two", "solved", 1),
		ticket("earshot:cs:gone", "solved", 4711), ticket("earshot:cs:one", "solved", 4711), ticket("earshot:cs:three", "closed", 0),
	)
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
