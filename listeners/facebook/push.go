package facebook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"earshot"
	"earshot/listeners"
)

// deliveries is what Meta delivers for all accounts of a listener.
type deliveries struct {
	Config
	listener string
	inbox    *listeners.Inbox
	client   *http.Client
	log      *zap.Logger
}

// Listen receives deliveries, and looks up what they only name.
func (d *deliveries) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	q, err := readQueue(from)
	if err != nil {
		d.log.Warn("cursor is unreadable, deliveries may be heard again", zap.NamedError("err", err))
	}
	r := &receiver{deliveries: d, queue: q, emit: emit, wake: make(chan struct{}, 1)}
	if r.secret, err = listeners.Credential(d.AppSecretFile, renewSecret); err != nil {
		return err
	}
	if r.word, err = listeners.Credential(d.VerifyTokenFile, renewWord); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	note := "waiting for deliveries"
	if url := d.inbox.URL(d.listener); url != "" {
		note += " at " + url
	}
	listeners.Report(ctx, listeners.Outlook{Note: note})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return d.inbox.Receive(ctx, listeners.Receiver{Listener: d.listener, MaxBody: maxDelivery, Read: r.read}, r.store)
	})
	group.Go(func() error { return r.lookUp(ctx) })
	return group.Wait()
}

const (
	renewWord   = "choose a word, write it to the file and to the app's webhook settings at developers.facebook.com"
	maxDelivery = 4 << 20        // of a thousand changes, which is what Meta joins at most
	oldest      = 48 * time.Hour // Meta gives up delivering after 36 hours
)

// receiver is one Listen at work. What it remembers changes only with a batch that
// is durable.
type receiver struct {
	*deliveries
	secret, word string
	wake         chan struct{} // there may be something to look up

	mu    sync.Mutex // held while something is emitted
	queue queue
	emit  listeners.Emit

	accepted queue // of deliveries that were read and are not stored; of the receiving goroutine
}

// read checks a delivery and turns it into what it says.
func (r *receiver) read(d listeners.Delivery) (listeners.Batch, listeners.Answer) {
	if d.Method == http.MethodGet {
		return listeners.Batch{}, r.meet(d)
	}
	if d.Method != http.MethodPost {
		return listeners.Batch{}, listeners.Answer{Status: http.StatusMethodNotAllowed, Body: "deliveries are POSTed"}
	}
	if !signed(d.Body, d.Header.Get("X-Hub-Signature-256"), r.secret) {
		return listeners.Batch{}, listeners.Answer{Status: http.StatusUnauthorized, Body: "X-Hub-Signature-256 is not that of this body with our app's secret"}
	}
	key := replayKey(d.Body)
	r.mu.Lock()
	known := r.queue.heard(key)
	waiting := len(r.queue.Pending) + len(r.accepted.Pending)
	r.mu.Unlock()
	if known || r.accepted.heard(key) {
		return listeners.Batch{}, listeners.Answer{Status: http.StatusOK, Body: "known"}
	}
	parcel, err := parseDelivery(d.Body, d.Received)
	switch {
	case err != nil:
		parcel.dead = append(parcel.dead, earshot.DeadLetter{Reason: err.Error(), Body: d.Body})
	case !parcel.sent.IsZero() && d.Received.Sub(parcel.sent) > oldest:
		return listeners.Batch{}, listeners.Answer{Status: http.StatusForbidden, Body: "too old: Meta does not deliver after two days"}
	case waiting+len(parcel.pending) > mostPending:
		return listeners.Batch{}, listeners.Answer{Status: http.StatusServiceUnavailable, Body: "too much to look up: send it again", Retry: time.Minute}
	}
	r.accepted = r.accepted.with([]uint64{key}, parcel.pending)
	// The cursor is written when the batch is stored, with what else is by then.
	return listeners.Batch{Mentions: parcel.mentions, Dead: parcel.dead, Next: earshot.Cursor("{}")}, listeners.Answer{Status: http.StatusOK}
}

// meet answers Meta's question whether the address is ours.
func (r *receiver) meet(d listeners.Delivery) listeners.Answer {
	const longest = 512
	word, challenge := d.Query.Get("hub.verify_token"), d.Query.Get("hub.challenge")
	switch {
	case d.Query.Get("hub.mode") != "subscribe" || challenge == "" || len(challenge) > longest:
		return listeners.Answer{Status: http.StatusBadRequest, Body: "not a question of Meta's"}
	case subtle.ConstantTimeCompare([]byte(word), []byte(r.word)) != 1:
		return listeners.Answer{Status: http.StatusForbidden, Body: "hub.verify_token is not the word in verify_token_file"}
	}
	return listeners.Answer{Status: http.StatusOK, Body: challenge}
}

// signed reports whether a body is signed with the app's secret.
func signed(body []byte, signature, secret string) bool {
	claimed, ok := strings.CutPrefix(signature, "sha256=")
	sum, err := hex.DecodeString(claimed)
	if !ok || err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(body) // a hash takes everything
	return hmac.Equal(sum, mac.Sum(nil))
}

// store emits what was received, with all that is remembered.
func (r *receiver) store(ctx context.Context, batch listeners.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.queue.with(r.accepted.Keys, r.accepted.Pending)
	if err := r.emitWith(ctx, batch, next); err != nil {
		return err
	}
	r.accepted = queue{}
	if len(next.Pending) > 0 {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// emitWith emits a batch after which next is what is remembered. It is called with
// the lock held.
func (r *receiver) emitWith(ctx context.Context, batch listeners.Batch, next queue) error {
	var err error
	if batch.Next, err = encode(next); err != nil {
		return err
	}
	if err := r.emit(ctx, batch); err != nil {
		return err
	}
	r.queue = next
	for i := range batch.Mentions {
		listeners.Report(ctx, listeners.Outlook{Posted: batch.Mentions[i].Posted})
	}
	return nil
}

// replayKey is what a delivery is remembered by.
func replayKey(body []byte) uint64 {
	sum := sha256.Sum256(body)
	return uint64(sum[0])<<56 | uint64(sum[1])<<48 | uint64(sum[2])<<40 | uint64(sum[3])<<32 |
		uint64(sum[4])<<24 | uint64(sum[5])<<16 | uint64(sum[6])<<8 | uint64(sum[7])
}

// parcel is what one delivery says.
type parcel struct {
	mentions []earshot.Mention
	dead     []earshot.DeadLetter
	pending  []pending
	sent     time.Time // the newest of its entries; zero if it does not say
}

// parseDelivery reads a delivery, which may join the changes of many accounts.
func parseDelivery(body []byte, received time.Time) (parcel, error) {
	var p parcel
	var envelope struct {
		Object string            `json:"object"`
		Entry  []json.RawMessage `json:"entry"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return p, malformed("reading a delivery", err)
	}
	for _, raw := range envelope.Entry {
		var entry struct {
			ID        text              `json:"id"`
			Time      moment            `json:"time"`
			Changes   []json.RawMessage `json:"changes"`
			Messaging []json.RawMessage `json:"messaging"`
		}
		if err := json.Unmarshal(raw, &entry); err != nil {
			p.bury("reading an entry: "+err.Error(), raw)
			continue
		}
		if entry.Time.After(p.sent) {
			p.sent = entry.Time.Time
		}
		at := entry.Time.Time
		if at.IsZero() {
			at = received
		}
		for _, change := range entry.Changes {
			p.change(envelope.Object, string(entry.ID), at, change)
		}
		if len(entry.Changes) == 0 && len(entry.Messaging) == 0 {
			p.bury("an entry without changes", raw)
		}
	}
	if len(envelope.Entry) == 0 {
		p.bury("a delivery without entries", body)
	}
	return p, nil
}

func (p *parcel) bury(reason string, raw []byte) {
	p.dead = append(p.dead, earshot.DeadLetter{Reason: reason, Body: raw})
}
