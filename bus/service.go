package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"earshot"
)

// ctlSubject is where running daemons answer what is asked of all of them.
func ctlSubject(what string) string { return "earshot.ctl." + what }

// Reply is what a daemon answered to a question.
type Reply struct {
	Host   string          `json:"host"`
	PID    int             `json:"pid"`
	Answer json.RawMessage `json:"answer,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// Answers are what a daemon can be asked, by name, such as sources. Each function
// is called in a goroutine of its own and its result sent as JSON.
type Answers map[string]func(ctx context.Context, question []byte) (any, error)

// ErrNotMine is what an answer returns when the question is another daemon's: then
// nothing is said, so that who asked does not take it for the answer of all.
var ErrNotMine = errors.New("another daemon's to answer")

// Serve has the daemon answer questions until the bus is closed, as the service
// earshot that nats micro ls shows.
func (b *Bus) Serve(version string, answers Answers) error {
	s, err := micro.AddService(b.link.nc, micro.Config{
		Name: "earshot", Version: version, Description: "social listening", QueueGroupDisabled: true,
	})
	if err != nil {
		return fmt.Errorf("answering questions: %w", err)
	}
	b.service = s
	for name, answer := range answers {
		handler := micro.HandlerFunc(func(r micro.Request) { go respond(r, answer) })
		if err := s.AddEndpoint(name, handler, micro.WithEndpointSubject(ctlSubject(name))); err != nil {
			return fmt.Errorf("answering questions: %w", err)
		}
	}
	return nil
}

// answerWithin is how long one question may take.
const answerWithin = 5 * time.Second

func respond(r micro.Request, answer func(context.Context, []byte) (any, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	host, _ := os.Hostname()
	reply := Reply{Host: host, PID: os.Getpid()}
	result, err := answer(ctx, r.Data())
	if errors.Is(err, ErrNotMine) {
		return
	}
	if err == nil {
		reply.Answer, err = json.Marshal(result)
	}
	if err != nil {
		reply.Error = err.Error()
	}
	_ = r.RespondJSON(reply) // who asked may have gone
}

// Ask returns what every running daemon answers to a question, in the order of
// arrival. It waits a moment for further ones after the first; none is
// earshot.ErrNotFound.
func (c *Client) Ask(ctx context.Context, what string, question any) ([]Reply, error) {
	return c.link.ask(ctx, what, question)
}

// AskOne reads what the first daemon that answers says; none is earshot.ErrNotFound.
func (c *Client) AskOne(ctx context.Context, what string, question, answer any) error {
	replies, err := c.link.askUntil(ctx, what, question, func([]Reply) bool { return true })
	if err != nil {
		return err
	}
	if replies[0].Error != "" {
		return fmt.Errorf("asking for %s: %s", what, replies[0].Error)
	}
	if err := json.Unmarshal(replies[0].Answer, answer); err != nil {
		return fmt.Errorf("reading the answer for %s: %w", what, err)
	}
	return nil
}

// Ask is Client.Ask of a daemon, which is among those that answer.
func (b *Bus) Ask(ctx context.Context, what string, question any) ([]Reply, error) {
	return b.link.ask(ctx, what, question)
}

func (l *link) ask(ctx context.Context, what string, question any) ([]Reply, error) {
	return l.askUntil(ctx, what, question, func([]Reply) bool { return false })
}

// askUntil gathers answers until they are enough, or no more come.
func (l *link) askUntil(ctx context.Context, what string, question any, enough func([]Reply) bool) ([]Reply, error) {
	const first, further = answerWithin + time.Second, 300 * time.Millisecond
	data, err := json.Marshal(question)
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", what, err)
	}
	inbox := l.nc.NewInbox()
	sub, err := l.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", what, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := l.nc.PublishRequest(ctlSubject(what), inbox, data); err != nil {
		return nil, fmt.Errorf("asking for %s: %w", what, err)
	}
	var replies []Reply
	for patience := first; ; patience = further {
		m, err := next(ctx, sub, patience)
		switch {
		case err == nil && m.Header.Get("Status") == "503", errors.Is(err, nats.ErrNoResponders):
			return nil, fmt.Errorf("asking for %s: no daemon answers: %w", what, earshot.ErrNotFound)
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && len(replies) > 0:
			return replies, nil
		case err != nil:
			return nil, fmt.Errorf("asking for %s: %w", what, err)
		}
		var r Reply
		if err := json.Unmarshal(m.Data, &r); err != nil {
			return nil, fmt.Errorf("reading the answer for %s: %w", what, err)
		}
		if replies = append(replies, r); enough(replies) {
			return replies, nil
		}
	}
}

func next(ctx context.Context, sub *nats.Subscription, patience time.Duration) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return sub.NextMsgWithContext(ctx)
}
