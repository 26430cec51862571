package listeners

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// InboxPath is where deliveries arrive: InboxPath + the listener's name, and
// whatever follows.
const InboxPath = "/hooks/"

// Bounds of the inbox.
const (
	DefaultMaxDelivery = 1 << 20  // of one body, in bytes, unless the receiver says otherwise
	maxHeldBytes       = 64 << 20 // of all bodies being read or waiting to be durable
	maxTogether        = 256      // deliveries that become durable in one batch
	durableWithin      = 20 * time.Second
)

// Inbox receives what other people's servers push to listeners. It is an
// http.Handler for all below InboxPath. Its methods may be called concurrently.
type Inbox struct {
	base  string // public URL, without a slash at the end; empty if unknown
	known func(listener string) bool

	mu        sync.Mutex
	receivers map[string]*receiving
	held      int64 // bytes of bodies
}

// NewInbox returns an inbox that is reached from outside at base, such as
// https://hooks.acme.example. known reports whether the configuration has a
// listener of the name, so that a delivery to one that does not listen at the
// moment is asked to come again; nil means none has.
func NewInbox(base string, known func(listener string) bool) *Inbox {
	if known == nil {
		known = func(string) bool { return false }
	}
	return &Inbox{base: strings.TrimSuffix(base, "/"), known: known, receivers: map[string]*receiving{}}
}

// URL is where the outside delivers to a listener, for networks that must be
// told; empty when the configuration does not say under which name the inbox is
// known outside.
func (in *Inbox) URL(listener string) string {
	if in.base == "" {
		return ""
	}
	return in.base + InboxPath + listener
}

// Delivery is one request, read in full.
type Delivery struct {
	Method   string
	Path     string // below the listener's, without a slash at its beginning
	Query    url.Values
	Header   http.Header
	Body     []byte // as received: signatures are of these bytes
	Received time.Time
}

// Answer is what the sender is told. The zero value is 204.
type Answer struct {
	Status int
	Type   string // of Body; text/plain if empty
	Body   string // for a person, or a challenge
	Retry  time.Duration
}

// Receiver says how deliveries become mentions.
type Receiver struct {
	Listener string
	MaxBody  int64 // bytes of one body; 0 means DefaultMaxDelivery. More is answered 413
	// Read turns a delivery into what it says and what the sender is told once
	// that is durable; an answer of 400 and above is given at once and its batch
	// dropped. Read is called in the goroutine of Receive, one at a time and in the
	// order of arrival. If any batch has a Next, the last one counts.
	Read func(Delivery) (Batch, Answer)
}

// Receive serves deliveries until ctx ends or emit fails, and returns why. It
// emits in the calling goroutine, what arrived meanwhile together, and answers
// after emit: accepted means durable. While nobody receives, senders are told 503
// and to come again.
func (in *Inbox) Receive(ctx context.Context, r Receiver, emit Emit) error {
	if r.MaxBody <= 0 {
		r.MaxBody = DefaultMaxDelivery
	}
	me := &receiving{Receiver: r, arrived: make(chan *pending), over: make(chan struct{})}
	if err := in.enter(r.Listener, me); err != nil {
		return err
	}
	defer in.leave(r.Listener, me)
	for {
		select {
		case first := <-me.arrived:
			if err := me.deliver(ctx, first, emit); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errTaken = errors.New("another part of the listener receives already")

func (in *Inbox) enter(listener string, me *receiving) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.receivers[listener] != nil {
		return errTaken
	}
	in.receivers[listener] = me
	return nil
}

func (in *Inbox) leave(listener string, me *receiving) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.receivers, listener)
	close(me.over)
}

// receiving is a Receiver at work.
type receiving struct {
	Receiver
	arrived chan *pending
	over    chan struct{} // closed when nobody receives any more
}

// pending is a delivery whose sender waits.
type pending struct {
	Delivery
	answer chan Answer // holds one
}

var comeAgain = Answer{Status: http.StatusServiceUnavailable, Body: "not stored yet: send it again", Retry: 10 * time.Second}

// deliver makes first durable, with whatever else waits.
func (me *receiving) deliver(ctx context.Context, first *pending, emit Emit) error {
	var batch Batch
	var accepted []*pending
	var answers []Answer
	for next := first; next != nil && len(accepted) < maxTogether; next = me.another() {
		b, answer := me.Read(next.Delivery)
		if answer.Status >= http.StatusBadRequest {
			next.answer <- answer
			continue
		}
		batch.Mentions = append(batch.Mentions, b.Mentions...)
		batch.Dead = append(batch.Dead, b.Dead...)
		if b.Next != nil {
			batch.Next = b.Next
		}
		accepted, answers = append(accepted, next), append(answers, answer)
	}
	var err error
	if len(batch.Mentions)+len(batch.Dead) > 0 || batch.Next != nil {
		err = emit(ctx, batch)
	}
	for i, p := range accepted {
		if err != nil {
			answers[i] = comeAgain
		}
		p.answer <- answers[i]
	}
	return err
}

func (me *receiving) another() *pending {
	select {
	case p := <-me.arrived:
		return p
	default:
		return nil
	}
}

// ServeHTTP reads a delivery, hands it to its receiver and answers when that has
// made it durable.
func (in *Inbox) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	rest, ok := strings.CutPrefix(req.URL.Path, InboxPath)
	listener, path, _ := strings.Cut(rest, "/")
	if !ok || listener == "" {
		reply(w, Answer{Status: http.StatusNotFound, Body: "deliveries go to " + InboxPath + "NAME-OF-THE-LISTENER"})
		return
	}
	in.mu.Lock()
	me := in.receivers[listener]
	in.mu.Unlock()
	switch {
	case me == nil && in.known(listener):
		reply(w, comeAgain)
	case me == nil:
		reply(w, Answer{Status: http.StatusNotFound, Body: "no such listener"})
	default:
		reply(w, in.take(w, req, me, path))
	}
}

func (in *Inbox) take(w http.ResponseWriter, req *http.Request, me *receiving, path string) Answer {
	size := me.MaxBody
	if req.ContentLength > size {
		return tooLarge(size)
	}
	if req.ContentLength >= 0 {
		size = req.ContentLength
	}
	if !in.hold(size) {
		return comeAgain
	}
	defer in.hold(-size)
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, me.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge(me.MaxBody)
	case err != nil:
		return Answer{Status: http.StatusBadRequest, Body: "the body ends in the middle"}
	}
	p := &pending{answer: make(chan Answer, 1), Delivery: Delivery{
		Method: req.Method, Path: path, Query: req.URL.Query(), Header: req.Header, Body: body, Received: time.Now().UTC(),
	}}
	return me.hand(req.Context(), p)
}

// hand waits until the delivery is durable, or its sender must be told that it
// may not be.
func (me *receiving) hand(ctx context.Context, p *pending) Answer {
	patience := time.NewTimer(durableWithin)
	defer patience.Stop()
	select {
	case me.arrived <- p:
	case <-me.over:
		return comeAgain
	case <-patience.C:
		return comeAgain
	case <-ctx.Done():
		return comeAgain
	}
	select {
	case answer := <-p.answer:
		return answer
	case <-me.over: // Receive has answered before it is over, or panicked
	case <-patience.C:
	case <-ctx.Done():
	}
	select {
	case answer := <-p.answer:
		return answer
	default:
		return comeAgain
	}
}

// hold reserves n bytes, or reports that there are too many on their way already.
// A negative n gives them back.
func (in *Inbox) hold(n int64) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if n > 0 && in.held+n > maxHeldBytes {
		return false
	}
	in.held += n
	return true
}

func tooLarge(limit int64) Answer {
	return Answer{Status: http.StatusRequestEntityTooLarge, Body: "the body is larger than " + sizeOf(limit)}
}

func reply(w http.ResponseWriter, a Answer) {
	if a.Retry > 0 {
		w.Header().Set("Retry-After", secondsOf(a.Retry))
	}
	if a.Status == 0 {
		a.Status = http.StatusNoContent
	}
	if a.Body != "" {
		if a.Type == "" {
			a.Type = "text/plain; charset=utf-8"
		}
		w.Header().Set("Content-Type", a.Type)
		w.Header().Set("X-Content-Type-Options", "nosniff")
	}
	w.WriteHeader(a.Status)
	if a.Body != "" {
		_, _ = io.WriteString(w, a.Body) // the sender may have gone: it asks again
	}
}

func sizeOf(bytes int64) string { return strconv.FormatInt(bytes, 10) + " bytes" }

func secondsOf(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second).Seconds())) }
