package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

const settingSubject = "$KV." + bucketSettings + "."

// Settings tells of the settings below a name, such as forgotten, and of what
// becomes of them, until ctx ends: value is nil for one that was deleted. It calls
// reached when it has told of all there are, and now and then after that.
func (b *Bus) Settings(ctx context.Context, below string, setting func(name string, value []byte), reached func()) {
	f := follower{
		bus: b, stream: streamSettings, current: reached,
		of: jetstream.ConsumerConfig{Description: "settings: " + below, FilterSubject: settingSubject + below + ".>"},
	}
	f.hear = func(_ context.Context, m jetstream.Msg, _ uint64) error {
		value := m.Data()
		if m.Headers().Get(headerKVOperation) != "" {
			value = nil
		}
		setting(strings.TrimPrefix(m.Subject(), settingSubject), value)
		return nil
	}
	f.run(ctx)
}

// Setting returns a setting, or earshot.ErrNotFound.
func (c *Client) Setting(ctx context.Context, name string) ([]byte, error) {
	r, err := c.link.last(ctx, streamSettings, settingSubject+name)
	if err == nil && r.header.Get(headerKVOperation) != "" {
		err = earshot.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("reading setting %s: %w", name, err)
	}
	return r.data, nil
}

// Settle makes a setting that is not there yet, and returns it as it is then:
// another value than the given one when somebody else was faster.
func (c *Client) Settle(ctx context.Context, name string, value []byte) ([]byte, error) {
	err := c.link.retry(ctx, func() error {
		m := expect(&nats.Msg{Subject: settingSubject + name, Header: make(nats.Header), Data: value}, 0)
		_, err := c.link.publish(ctx, "setting", 0, []*nats.Msg{m})
		if errors.Is(err, earshot.ErrConflict) {
			return nil // there is one, perhaps ours after a lost answer
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("writing setting %s: %w", name, err)
	}
	return c.Setting(ctx, name)
}

// EachSetting calls each for every setting below a name as it is now.
func (c *Client) EachSetting(ctx context.Context, below string, each func(name string, value []byte) error) error {
	upTo, err := c.end(ctx, streamSettings)
	if err != nil {
		return err
	}
	now := make(map[string][]byte)
	err = c.link.walk(ctx, streamSettings, settingSubject+below+".>", upTo, func(r record) error {
		now[strings.TrimPrefix(r.subject, settingSubject)] = r.data
		if r.header.Get(headerKVOperation) != "" {
			delete(now, strings.TrimPrefix(r.subject, settingSubject))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading settings: %w", err)
	}
	for name, value := range now {
		if err := each(name, value); err != nil {
			return err
		}
	}
	return nil
}
