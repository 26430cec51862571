// Package zendesk keeps a ticket of Zendesk Support for each case: the first alert
// opens it, further ones are internal comments, and what agents do to the ticket comes
// back to the case. It answers no customer: what earshot writes is never public.
package zendesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
)

// Config is a sink of this kind.
type Config struct {
	URL       string        `yaml:"url" jsonschema:"description=Address of the account,required,example=https://acme.zendesk.com"`
	Email     string        `yaml:"email" jsonschema:"description=Agent that the token is used by,required"`
	TokenFile string        `yaml:"token_file" jsonschema:"description=File with an API token of the account,required"`
	Group     int64         `yaml:"group" jsonschema:"description=ID of the group that tickets are assigned to"`
	Tags      []string      `yaml:"tags" jsonschema:"description=Tags that every ticket gets"`
	Every     time.Duration `yaml:"every" jsonschema:"description=How often it is asked what became of tickets; 0 for never"`
}

func defaults() Config { return Config{Every: time.Minute, Tags: []string{"earshot"}} }

// Driver is the zendesk kind of sink.
func Driver() alerts.SinkDriver { return alerts.SinkDriver{Config: defaults(), Open: open} }

const (
	renew      = "make another API token in the Admin Center, Apps and integrations, Zendesk API"
	leastEvery = 10 * time.Second // the export may be asked ten times a minute
)

func open(setup alerts.SinkSetup) (alerts.Sink, error) {
	config, err := alerts.Configured(setup, defaults(), (*Config).check)
	if err != nil {
		return nil, err
	}
	s := &sink{
		config: config, team: setup.Team, client: setup.Client, words: setup.Words,
		state: setup.State, act: setup.Act, log: setup.Log,
	}
	if config.Every == 0 {
		return s, nil
	}
	return &follower{s}, nil
}

func (c *Config) check() earshot.Problems {
	problems := alerts.NotAddress("url", c.URL, "that of the account, such as https://acme.zendesk.com")
	problems = append(problems, alerts.Missing("email", c.Email, "name the agent that the token is used by")...)
	problems = append(problems, alerts.Missing("token_file", c.TokenFile, "name the file with the API token")...)
	if c.Every != 0 && c.Every < leastEvery {
		problems = append(problems, earshot.Problem{Path: "every", What: "Zendesk may be asked ten times a minute at most", Hint: "at least 10s, or 0 for never"})
	}
	return problems
}

type sink struct {
	config Config
	team   string
	client *http.Client
	words  *wording.Wording
	state  alerts.SinkState
	act    alerts.Act
	log    *zap.Logger
}

// ticket is what the API takes and gives.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
type ticket struct {
	ID         int64    `json:"id,omitempty"`
	ExternalID string   `json:"external_id,omitempty"`
	Subject    string   `json:"subject,omitempty"`
	Comment    *comment `json:"comment,omitempty"`
	Priority   string   `json:"priority,omitempty"`
	Status     string   `json:"status,omitempty"`
	Tags       []string `json:"tags,omitempty"`
	Group      int64    `json:"group_id,omitempty"`
	Assignee   int64    `json:"assignee_id,omitempty"`
}

type comment struct {
	Body   string `json:"body"` // plain text, unlike html_body
	Public bool   `json:"public"`
}

// Deliver opens the ticket of the case, or comments on it.
func (s *sink) Deliver(ctx context.Context, d alerts.Delivery) (alerts.Receipt, error) {
	a, err := s.account()
	if err != nil {
		return alerts.Receipt{}, err
	}
	v := s.words.View(&d.Alert, d.Test)
	t := ticket{
		Priority: priority(d.Alert.Urgency),
		Comment:  &comment{Body: s.words.Title(v) + "\n\n" + s.words.Text(v) + "\n" + mark(&d)},
	}
	id, err := s.find(ctx, a, &d)
	if err != nil {
		return alerts.Receipt{}, err
	}
	if id != 0 {
		err = s.comment(ctx, a, id, &d, t)
		if !errors.Is(err, errClosed) {
			return receipt(id), err
		}
	}
	t.Subject, t.Tags, t.Group, t.ExternalID = s.words.Title(v), s.config.Tags, s.config.Group, s.externalID(d.Alert.Case)
	id, err = s.create(ctx, a, d.Alert.ID, t)
	return receipt(id), err
}

// mark ends every comment: by it an alert is known that is in the ticket already.
func mark(d *alerts.Delivery) string { return "[" + wording.Line(d.Alert.ID, 200) + "]" }

func receipt(id int64) alerts.Receipt {
	if id == 0 {
		return alerts.Receipt{}
	}
	return alerts.Receipt{Place: fmt.Sprintf("ticket %d of Zendesk", id), Ref: fmt.Sprint(id)}
}

func priority(urgency earshot.Band) string {
	switch urgency {
	case earshot.Critical:
		return "urgent"
	case earshot.High:
		return "high"
	case earshot.Low:
		return "low"
	}
	return "normal"
}

// externalPrefix begins what tickets of earshot are known by.
const externalPrefix = "earshot:"

func (s *sink) externalID(id string) string { return externalPrefix + s.team + ":" + id }

// find returns the ticket of the case, 0 for none: the one that was noted, or one that
// was made before a crash kept it from being noted.
func (s *sink) find(ctx context.Context, a *account, d *alerts.Delivery) (int64, error) {
	var id int64
	if d.Before != nil {
		if _, err := fmt.Sscan(d.Before.Ref, &id); err == nil {
			return id, nil
		}
	}
	var list struct {
		Tickets []ticket `json:"tickets"`
	}
	query := url.Values{"external_id": {s.externalID(d.Alert.Case)}}
	if err := a.call(ctx, http.MethodGet, "/api/v2/tickets.json?"+query.Encode(), "", nil, &list); err != nil {
		return 0, err
	}
	for _, t := range list.Tickets {
		if t.Status != closed {
			id = t.ID
		}
	}
	return id, nil
}

func (s *sink) create(ctx context.Context, a *account, key string, t ticket) (int64, error) {
	var made struct {
		Ticket ticket `json:"ticket"`
	}
	err := a.call(ctx, http.MethodPost, "/api/v2/tickets.json", "earshot-"+earshot.Key(key), map[string]ticket{"ticket": t}, &made)
	return made.Ticket.ID, err
}

// Statuses that are told apart. https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#json-format
const (
	opened  = "open"
	pending = "pending"
	onHold  = "hold"
	solved  = "solved"
	closed  = "closed"
)

// errClosed is a ticket that takes no comments any more, or was deleted.
var errClosed = errors.New("the ticket is closed")

// comment adds to a ticket, unless a crash kept it from being noted that it has been
// added. What wants an answer opens the ticket again.
func (s *sink) comment(ctx context.Context, a *account, id int64, d *alerts.Delivery, t ticket) error {
	t.Status = opened
	if d.Over() {
		t.Status, t.Priority = "", ""
	}
	there, err := a.says(ctx, id, mark(d))
	if err == nil && !there {
		err = a.call(ctx, http.MethodPut, fmt.Sprintf("/api/v2/tickets/%d.json", id), "", map[string]ticket{"ticket": t}, nil)
	}
	if failed := (*statusError)(nil); errors.As(err, &failed) && (failed.status == http.StatusNotFound || failed.closed) {
		return fmt.Errorf("%w: %w", errClosed, err)
	}
	return err
}

// says reports whether one of the last hundred comments of a ticket holds a mark.
// https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#list-comments
func (a *account) says(ctx context.Context, id int64, mark string) (bool, error) {
	var list struct {
		Comments []comment `json:"comments"`
	}
	query := url.Values{"sort": {"-created_at"}, "page[size]": {"100"}}
	err := a.call(ctx, http.MethodGet, fmt.Sprintf("/api/v2/tickets/%d/comments.json?%s", id, query.Encode()), "", nil, &list)
	return slices.ContainsFunc(list.Comments, func(c comment) bool { return strings.Contains(c.Body, mark) }), err
}

// account is how a call proves itself.
type account struct {
	*sink

	credential string
}

func (s *sink) account() (*account, error) {
	token, err := alerts.Secret(s.config.TokenFile, renew)
	if err != nil {
		return nil, err
	}
	return &account{s, token}, nil
}

// statusError remembers what Zendesk answered.
type statusError struct {
	status int
	closed bool
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }

func (e *statusError) Unwrap() error { return e.err }

// call asks the API, with an idempotency key where it creates something.
// https://developer.zendesk.com/api-reference/introduction/requests/
func (a *account) call(ctx context.Context, method, path, key string, in, out any) error {
	call := alerts.Call{
		Method: method, URL: strings.TrimSuffix(a.config.URL, "/") + path, File: a.config.TokenFile, Renew: renew,
	}
	call.Basic(a.config.Email+"/token", a.credential)
	if key != "" {
		call.Header.Set("Idempotency-Key", key)
	}
	if in != nil {
		if err := call.Content(in); err != nil {
			return err
		}
	}
	answer, err := call.Do(ctx, a.client)
	if err != nil && answer.Status != 0 {
		return &statusError{answer.Status, answer.Status == http.StatusUnprocessableEntity && strings.Contains(string(answer.Body), "closed"), err}
	}
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return errors.New("reading the answer of Zendesk: it is no JSON")
	}
	return nil
}
