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

// caseworkSubject is where a person of a team asks for what a verb says. The
// server lets a person publish only below the person's own name.
func caseworkSubject(team, person, verb string) string {
	return ctlSubject("cases." + team + "." + person + "." + verb)
}

// Casework answers what a person of a team asks about cases. Who that is comes
// from the subject, which the server lets nobody else write to. An error with a
// method RefusalCode is for the person; of all others only the log learns.
type Casework func(ctx context.Context, team, person, verb string, request []byte) (any, error)

// ServeCases has the daemon answer what people ask about cases, with an endpoint
// for each verb. Serve comes first. Of several daemons one answers.
func (b *Bus) ServeCases(verbs []string, work Casework) error {
	if b.service == nil {
		return errors.New("answering about cases: the service is not running")
	}
	for _, verb := range verbs {
		// One request a verb at a time: the service counts errors and time when the
		// handler returns.
		handler := micro.HandlerFunc(func(r micro.Request) { b.answerCases(r, verb, work) })
		err := b.service.AddEndpoint("cases-"+verb, handler, micro.WithEndpointSubject(caseworkSubject("*", "*", verb)),
			micro.WithEndpointQueueGroup("cases"))
		if err != nil {
			return fmt.Errorf("answering about cases: %w", err)
		}
	}
	return nil
}

// refused is an error that a person can do something about.
type refused interface {
	error
	RefusalCode() string
}

// CaseRefusal is how a request about cases is refused on the wire.
type CaseRefusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is the message.
func (r *CaseRefusal) Error() string { return r.Message }

// caseFailure is the body of a refusal.
type caseFailure struct {
	Error *CaseRefusal `json:"error"`
}

func (b *Bus) answerCases(r micro.Request, verb string, work Casework) {
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
		err = &CaseRefusal{"too_large", "the answer does not fit into a message: ask for less"}
	}
	if err == nil {
		_ = r.Respond(body) // who asked may have gone
		return
	}
	failure := b.refusal(verb, err)
	if body, err = json.Marshal(caseFailure{failure}); err == nil {
		_ = r.Error(failure.Code, oneHeader(failure.Message), body) // who asked may have gone
	}
}

// refusal is what a person is told of an error.
func (b *Bus) refusal(verb string, err error) *CaseRefusal {
	var known *CaseRefusal
	var said refused
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &said):
		return &CaseRefusal{said.RefusalCode(), said.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &CaseRefusal{"unavailable", "the store did not answer in time: try again with the same request ID"}
	}
	b.log.Warn("a request about cases went wrong", zap.String("verb", verb), zap.Error(err))
	return &CaseRefusal{"unavailable", "the store is not there or has no room: try again with the same request ID (the log of the daemon says more)"}
}

// oneHeader keeps what is said from ending a header.
func oneHeader(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}

// AskCases asks a daemon about cases as a person of a team and reads the answer.
// A login of a person may ask only as itself. A *CaseRefusal says why not.
func (c *Client) AskCases(ctx context.Context, team, person, verb string, request, answer any) error {
	if err := tokens(team, person, verb); err != nil {
		return fmt.Errorf("asking about cases: %w", err)
	}
	data, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("asking about cases: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*answerWithin)
	defer cancel()
	reply, err := c.request(ctx, caseworkSubject(team, person, verb), data)
	if err != nil {
		return fmt.Errorf("asking about cases: %w", c.unanswered(ctx, team, person, err))
	}
	if reply.Header.Get(micro.ErrorHeader) != "" {
		var failure caseFailure
		if err := json.Unmarshal(reply.Data, &failure); err != nil || failure.Error == nil {
			return fmt.Errorf("asking about cases: %s", reply.Header.Get(micro.ErrorHeader))
		}
		return failure.Error
	}
	if err := json.Unmarshal(reply.Data, answer); err != nil {
		return fmt.Errorf("reading the answer about cases: %w", err)
	}
	return nil
}
