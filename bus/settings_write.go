package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"earshot"
)

// SettingAt returns a setting and its revision, to be given to PutSetting and
// DropSetting. A setting that is not there has no value, and the revision is that
// of its deletion, or 0.
func (c *Client) SettingAt(ctx context.Context, name string) (value []byte, revision uint64, err error) {
	if err := settingName(name); err != nil {
		return nil, 0, err
	}
	r, err := c.link.last(ctx, streamSettings, settingSubject+name)
	switch {
	case errors.Is(err, earshot.ErrNotFound):
		return nil, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("reading setting %s: %w", name, err)
	case r.header.Get(headerKVOperation) != "":
		return nil, r.sequence, nil
	}
	return r.data, r.sequence, nil
}

// PutSetting replaces a setting that was last written at revision, 0 for never,
// and returns the new revision. It returns earshot.ErrConflict when somebody else
// has written it since.
func (c *Client) PutSetting(ctx context.Context, name string, value []byte, revision uint64) (uint64, error) {
	return c.writeSetting(ctx, name, value, "", revision)
}

// DropSetting deletes a setting that was last written at revision. It returns
// earshot.ErrConflict when somebody else has written it since.
func (c *Client) DropSetting(ctx context.Context, name string, revision uint64) error {
	_, err := c.writeSetting(ctx, name, nil, "DEL", revision)
	return err
}

func (c *Client) writeSetting(ctx context.Context, name string, value []byte, operation string, revision uint64) (uint64, error) {
	if err := settingName(name); err != nil {
		return 0, err
	}
	m := expect(&nats.Msg{Subject: settingSubject + name, Header: make(nats.Header), Data: value}, revision)
	if operation != "" {
		m.Header[headerKVOperation] = []string{operation}
	}
	written, err := c.store(ctx, streamSettings, rand.Text(), m)
	if err != nil {
		return 0, fmt.Errorf("writing setting %s: %w", name, err)
	}
	return written, nil
}

// settingName refuses what is no name, such as one that stands for many.
func settingName(name string) error {
	return tokens(strings.Split(name, ".")...)
}
