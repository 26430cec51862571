package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/micro"
	"go.uber.org/zap"
)

// Desk is what people work on by requests of their own.
type Desk string

// The desks.
const (
	Cases Desk = "cases"
	Mutes Desk = "mutes"
)

// subject is where a person of a team asks for what a verb says. The server lets a
// person publish only below the person's own name.
func (d Desk) subject(team, person, verb string) string {
	return ctlSubject(string(d) + "." + team + "." + person + "." + verb)
}

// Casework answers what a person of a team asks a desk. Who that is comes from the
// subject, which the server lets nobody else write to. An error with a method
// RefusalCode is for the person; of all others only the log learns.
type Casework func(ctx context.Context, team, person, verb string, request []byte) (any, error)

// ServePeople has the daemon answer what people ask a desk, with an endpoint for
// each verb. Serve comes first. Of several daemons one answers.
func (b *Bus) ServePeople(at Desk, verbs []string, work Casework) error {
	if b.service == nil {
		return fmt.Errorf("answering about %s: the service is not running", at)
	}
	for _, verb := range verbs {
		// One request a verb at a time: the service counts errors and time when the
		// handler returns.
		handler := micro.HandlerFunc(func(r micro.Request) { b.answerPeople(r, at, verb, work) })
		err := b.service.AddEndpoint(string(at)+"-"+verb, handler, micro.WithEndpointSubject(at.subject("*", "*", verb)),
			micro.WithEndpointQueueGroup(string(at)))
		if err != nil {
			return fmt.Errorf("answering about %s: %w", at, err)
		}
	}
	return nil
}

// refused is an error that a person can do something about.
type refused interface {
	error
	RefusalCode() string
}

// Refusal is how a request of a person is refused on the wire.
type Refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is the message.
func (r *Refusal) Error() string { return r.Message }

// failure is the body of a refusal.
type failure struct {
	Error *Refusal `json:"error"`
}

func (b *Bus) answerPeople(r micro.Request, at Desk, verb string, work Casework) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	names := strings.Split(r.Subject(), ".")
	if len(names) != 6 {
		return // no subject of ours looks so
	}
	answer, err := work(ctx, names[3], names[4], verb, r.Data())
	var body []byte
	if err == nil {
		body, err = json.Marshal(answer)
	}
	if err == nil && len(body) > b.maxBody() {
		err = &Refusal{"too_large", "the answer does not fit into a message: ask for less"}
	}
	if err == nil {
		_ = r.Respond(body) // who asked may have gone
		return
	}
	said := b.refusal(at, verb, err)
	if body, err = json.Marshal(failure{said}); err == nil {
		_ = r.Error(said.Code, oneHeader(said.Message), body) // who asked may have gone
	}
}

// refusal is what a person is told of an error.
func (b *Bus) refusal(at Desk, verb string, err error) *Refusal {
	var known *Refusal
	var said refused
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &said):
		return &Refusal{said.RefusalCode(), said.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &Refusal{"unavailable", "the store did not answer in time: try again with the same request ID"}
	}
	b.log.Warn("a request of a person went wrong", zap.String("about", string(at)), zap.String("verb", verb), zap.Error(err))
	return &Refusal{"unavailable", "the store is not there or has no room: try again with the same request ID (the log of the daemon says more)"}
}

// oneHeader keeps what is said from ending a header.
func oneHeader(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}

// AskAs asks a desk of a daemon as a person of a team and reads the answer. A
// login of a person may ask only as itself. A *Refusal says why not.
func (c *Client) AskAs(ctx context.Context, at Desk, team, person, verb string, request, answer any) error {
	if err := tokens(team, person, verb); err != nil {
		return fmt.Errorf("asking about %s: %w", at, err)
	}
	data, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("asking about %s: %w", at, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*answerWithin)
	defer cancel()
	reply, err := c.request(ctx, at.subject(team, person, verb), data)
	if err != nil {
		return fmt.Errorf("asking about %s: %w", at, c.unanswered(ctx, team, person, err))
	}
	if reply.Header.Get(micro.ErrorHeader) != "" {
		var f failure
		if err := json.Unmarshal(reply.Data, &f); err != nil || f.Error == nil {
			return fmt.Errorf("asking about %s: %s", at, reply.Header.Get(micro.ErrorHeader))
		}
		return f.Error
	}
	if err := json.Unmarshal(reply.Data, answer); err != nil {
		return fmt.Errorf("reading the answer about %s: %w", at, err)
	}
	return nil
}
