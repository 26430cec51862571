package rss

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

const (
	wantedLease = 10 * 24 * time.Hour
	askAgain    = time.Hour // after a hub did not verify; twice as long each time, up to …
	askSeldom   = 24 * time.Hour
)

// subscription is what a hub and the feed's part agreed on, in the part's cursor.
type subscription struct {
	Hub    string        `json:"hub"`
	Topic  string        `json:"topic"`
	Secret string        `json:"secret"` // that pushes are signed with, of this subscription alone
	Asked  time.Time     `json:"asked,omitzero"`
	Tries  int           `json:"tries,omitempty"` // since it was verified
	Until  time.Time     `json:"until,omitzero"`  // when the lease ends
	Lease  time.Duration `json:"lease,omitempty"`
	// Works is set when a push brought something new, and taken back when a fetch
	// did that nobody had announced.
	Works bool `json:"works,omitempty"`
}

// path is where the hub delivers: nobody who does not know the secret can guess it.
func (sub *subscription) path() string { return earshot.Key("websub path " + sub.Secret) }

func (sub *subscription) verified(now time.Time) bool { return sub != nil && now.Before(sub.Until) }

// due is when the hub is to be asked: at once, when the last fifth of the lease
// has begun, or later again when it did not verify.
func (sub *subscription) due() time.Time {
	switch {
	case sub.Asked.IsZero():
		return sub.Asked
	case sub.Tries == 0 && !sub.Until.IsZero(): // it was verified
		return later(sub.Until.Add(-sub.Lease/5), sub.Asked.Add(time.Minute))
	}
	again := sub.Asked.Add(min(askAgain<<min(max(sub.Tries, 1)-1, 10), askSeldom))
	return later(again, sub.Until.Add(-sub.Lease/5))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// announce notes which hub the feed names. What the feed no longer names ends with
// its lease.
func (st *state) announce(hub, topic string) {
	switch {
	case hub == "":
		return
	case st.Push == nil, st.Push.Hub != hub, st.Push.Topic != topic:
		st.Push = &subscription{Hub: hub, Topic: topic, Secret: rand.Text() + rand.Text()}
	}
}

// subscribe asks the hub when that is due. The cursor knows the secret before the
// hub does.
func (s *source) subscribe(ctx context.Context, st *state, emit listeners.Emit) error {
	now, sub := time.Now(), st.Push
	if sub == nil || s.pushes.callback("") == "" || now.Before(sub.due()) {
		return nil
	}
	sub.Asked = now.UTC()
	sub.Tries++
	if err := s.emit(ctx, st, emit, listeners.Batch{}); err != nil {
		return err
	}
	s.pushes.enter(sub.path(), sub.Topic, sub.Secret, true)
	if err := s.ask(ctx, sub); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Not a failure of the feed, which is fetched as before.
		s.log.Info("hub was asked for pushes in vain", zap.String("part", plainAddress(s.address)), zap.String("err", err.Error()))
	}
	return nil
}

// ask sends the hub a request for a subscription; it verifies later (section 5.1).
func (s *source) ask(ctx context.Context, sub *subscription) error {
	form := url.Values{
		"hub.mode": {"subscribe"}, "hub.topic": {sub.Topic}, "hub.callback": {s.pushes.callback(sub.path())},
		"hub.secret": {sub.Secret}, "hub.lease_seconds": {strconv.FormatInt(int64(wantedLease/time.Second), 10)},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sub.Hub, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("making the request: %w", withoutAddress(err))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking the hub %s: %w", plainAddress(req.URL), withoutAddress(err))
	}
	defer resp.Body.Close() //nolint:errcheck // only its status matters
	return listeners.CheckStatus(resp, time.Now())
}

// enroll makes the subscription's path known while a Listen lasts, and returns
// what tells of it; nil channels never do.
func (s *source) enroll(st *state) *pushed {
	if st.Push == nil || s.pushes.callback("") == "" {
		return &pushed{}
	}
	return s.pushes.enter(st.Push.path(), st.Push.Topic, st.Push.Secret, false)
}

// heed does what the hub has said: it has agreed, has refused, or has something new.
func (s *source) heed(ctx context.Context, st *state, one *pushed, emit listeners.Emit) (arrived bool, err error) {
	lease, denied, arrived := s.pushes.take(one)
	sub := st.Push
	switch {
	case sub == nil:
	case lease > 0:
		sub.Until, sub.Lease, sub.Tries = time.Now().Add(lease).UTC(), lease, 0
		err = s.emit(ctx, st, emit, listeners.Batch{})
	case denied:
		sub.Until, sub.Works = time.Time{}, false
		s.log.Info("hub does not push this feed", zap.String("part", plainAddress(s.address)))
	}
	return arrived, err
}

// judge notes whether pushes can be relied on, by a fetch that was announced or not.
func (sub *subscription) judge(announced, news bool) {
	if sub != nil && news {
		sub.Works = announced
	}
}
