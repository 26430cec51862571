package facebook

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// pending is a mention that was delivered without its words.
type pending struct {
	Network string    `json:"network"`
	Account string    `json:"account"`
	Comment string    `json:"comment,omitempty"`
	Post    string    `json:"post,omitempty"`
	At      time.Time `json:"at"` // when Meta noticed it
}

const (
	mostPending  = 5_000
	mostReplays  = 5_000 // deliveries that are remembered
	longestQueue = 1 << 20
)

// queue is what the part that receives remembers: its cursor. It never changes.
type queue struct {
	Version int       `json:"v"`
	Keys    keys      `json:"known,omitempty"` // of deliveries, the oldest first
	Pending []pending `json:"pending,omitempty"`
}

// keys are written eight bytes each.
type keys []uint64

// MarshalJSON writes them as base64.
func (k keys) MarshalJSON() ([]byte, error) {
	packed := make([]byte, 0, 8*len(k))
	for _, key := range k {
		packed = binary.BigEndian.AppendUint64(packed, key)
	}
	return json.Marshal(base64.RawStdEncoding.EncodeToString(packed))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (k *keys) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	packed, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(packed)%8 != 0 {
		return errors.New("not whole keys in base64")
	}
	*k = nil
	for ; len(packed) > 0; packed = packed[8:] {
		*k = append(*k, binary.BigEndian.Uint64(packed))
	}
	return nil
}

func readQueue(from earshot.Cursor) (queue, error) {
	fresh := queue{Version: cursorVersion}
	if len(from) == 0 {
		return fresh, nil
	}
	var q queue
	if len(from) > longestQueue {
		return fresh, errors.New("reading cursor: it is too long")
	}
	if err := json.Unmarshal(from, &q); err != nil {
		return fresh, fmt.Errorf("reading cursor: %w", err)
	}
	if q.Version != cursorVersion {
		return fresh, fmt.Errorf("reading cursor: its version is %d, not %d", q.Version, cursorVersion)
	}
	return q, nil
}

func (q queue) heard(key uint64) bool { return slices.Contains(q.Keys, key) }

// with returns a queue with more deliveries and more to look up.
func (q queue) with(more keys, todo []pending) queue {
	all := slices.Concat(q.Keys, more)
	all = all[max(0, len(all)-mostReplays):]
	return queue{Version: cursorVersion, Keys: all, Pending: slices.Concat(q.Pending, todo)}
}

// without returns a queue in which something is done.
func (q queue) without(p pending) queue {
	left := slices.Clone(q.Pending)
	if i := slices.Index(left, p); i >= 0 {
		left = slices.Delete(left, i, i+1)
	}
	return queue{Version: cursorVersion, Keys: q.Keys, Pending: left}
}

// lookUp looks up what is pending, until ctx ends or something cannot be stored. It
// must not stop what is delivered, so it waits by itself when the API refuses.
func (r *receiver) lookUp(ctx context.Context) error {
	wait, told := time.Duration(0), false // there may be something left from before
	for {
		if err := r.rest(ctx, wait, told); err != nil {
			return err
		}
		r.mu.Lock()
		todo := slices.Clone(r.queue.Pending)
		r.mu.Unlock()
		wait = r.Every
		for _, p := range todo {
			batch, err := r.resolve(ctx, p)
			if err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if retry, ok := errors.AsType[*listeners.RetryAfter](err); ok {
					wait = max(wait, retry.Wait)
				}
				if !told {
					r.log.Warn("mentions that were delivered cannot be looked up yet and are kept", zap.Int("mentions", len(todo)), zap.NamedError("err", err), zap.Duration("wait", wait))
				}
				told = true
				break
			}
			told = false
			r.mu.Lock()
			err = r.emitWith(ctx, batch, r.queue.without(p))
			r.mu.Unlock()
			if err != nil {
				return err
			}
		}
	}
}

// rest waits until there is something to look up, or, after a failed attempt, so
// long that it may be repeated.
func (r *receiver) rest(ctx context.Context, wait time.Duration, failed bool) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	wake := r.wake
	if failed {
		wake = nil
	}
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
	}
	return ctx.Err()
}

// resolve asks for the words of a mention. What is not there for us is a dead
// letter.
func (r *receiver) resolve(ctx context.Context, p pending) (listeners.Batch, error) {
	bury := func(reason string) (listeners.Batch, error) {
		body, err := json.Marshal(p)
		return listeners.Batch{Dead: []earshot.DeadLetter{{Reason: reason, Body: body}}}, err
	}
	i := slices.IndexFunc(r.Accounts, func(a Account) bool {
		network, id := a.id()
		return network == p.Network && id == p.Account
	})
	if i < 0 {
		return bury(fmt.Sprintf("a mention of the %s account %s, which is not among accounts", p.Network, p.Account))
	}
	g, err := r.graph(r.client, r.Accounts[i])
	if err != nil {
		return listeners.Batch{}, err
	}
	o, root, err := g.lookUp(ctx, p)
	switch {
	case isAbsent(err):
		return bury("looking up a mention: " + err.Error())
	case err != nil:
		return listeners.Batch{}, err
	case o == nil || o.ID == "":
		return bury("looking up a mention: nothing is there")
	}
	m := o.mention(p.Network, root, "")
	if m.Posted.IsZero() {
		m.Posted = p.At
	}
	return listeners.Batch{Mentions: []earshot.Mention{m}}, nil
}

// lookUp asks for a comment, or for a post, and the post that a comment is below.
func (g *graph) lookUp(ctx context.Context, p pending) (o *object, root string, err error) {
	if p.Network == facebook {
		o = &object{}
		if p.Comment != "" {
			root = facebook + ":" + p.Post
			if p.Post == "" {
				root = ""
			}
			return o, root, g.get(ctx, url.PathEscape(p.Comment), url.Values{"fields": {commentFields}}, o)
		}
		return o, "", g.get(ctx, url.PathEscape(p.Post), url.Values{"fields": {postFields}}, o)
	}
	// Others' comments and photos are read through the account that they mention.
	var answer struct {
		Comment *object `json:"mentioned_comment"`
		Media   *object `json:"mentioned_media"`
	}
	fields := "mentioned_media.media_id(" + p.Post + "){" + igMediaFields + "}"
	if p.Comment != "" {
		fields = "mentioned_comment.comment_id(" + p.Comment + "){id,text,timestamp,like_count,username,media{id}}"
	}
	if err := g.get(ctx, p.Account, url.Values{"fields": {fields}}, &answer); err != nil {
		return nil, "", err
	}
	if p.Comment == "" {
		return answer.Media, "", nil
	}
	if answer.Comment != nil {
		if media := first(string(answer.Comment.Media.ID), p.Post); media != "" {
			root = instagram + ":" + media
		}
	}
	return answer.Comment, root, nil
}
