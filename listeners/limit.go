package listeners

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"earshot"
)

// Limit is how often one listener may ask, for networks that count by account and
// not by host. It is a section of a listener's configuration; the zero value is
// no limit but those per host.
type Limit struct {
	Requests int           `yaml:"requests" jsonschema:"description=How many requests the listener may make,minimum=1"`
	Per      time.Duration `yaml:"per" jsonschema:"description=In how much time"`
}

// Check returns what is wrong with the limit, with paths relative to the section.
func (l Limit) Check() earshot.Problems {
	if l == (Limit{}) {
		return nil
	}
	var problems earshot.Problems
	if l.Requests < 1 {
		problems = append(problems, earshot.Problem{Path: "requests", What: "no request at all is allowed", Hint: "give a number, 300 for example"})
	}
	if l.Per <= 0 {
		problems = append(problems, earshot.Problem{Path: "per", What: "per is missing", Hint: "give a time, 15m for example"})
	}
	return problems
}

// Limited returns the same way out for one listener alone, with a limit of its
// own on top of those per host. Requests are spread over the time, after a first
// tenth that may come at once.
func (n *Network) Limited(l Limit) *Network {
	if l == (Limit{}) {
		return n
	}
	limiter := rate.NewLimiter(rate.Every(l.Per/time.Duration(l.Requests)), max(l.Requests/10, 1))
	limited := func(c *http.Client) *http.Client {
		narrow := *c
		narrow.Transport = &limitedTransport{next: c.Transport, limiter: limiter}
		return &narrow
	}
	return &Network{Client: limited(n.Client), Stream: limited(n.Stream), Dial: n.Dial}
}

// limitedTransport waits for its turn before it lets a request through.
type limitedTransport struct {
	next    http.RoundTripper
	limiter *rate.Limiter
}

// RoundTrip does one exchange when it is allowed.
func (t *limitedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.limiter.Wait(req.Context()); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // the contract of RoundTripper; there is nobody to tell
		}
		if req.Context().Err() != nil {
			return nil, context.Cause(req.Context())
		}
		return nil, context.DeadlineExceeded // the turn would come after the deadline
	}
	return t.next.RoundTrip(req)
}

// CloseIdleConnections does nothing: other listeners share the connections.
func (t *limitedTransport) CloseIdleConnections() {}
