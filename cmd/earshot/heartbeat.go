package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// HeartbeatConfig is the section of the watchman outside: an address that is called
// only after a synthetic post has become an alert, so that somebody notices when
// nothing can be told any more.
type HeartbeatConfig struct {
	URL     string        `yaml:"url" jsonschema:"description=Address to call; who watches it tells people when the calls stop,example=https://hc.example/ping/earshot"`
	URLFile string        `yaml:"url_file" jsonschema:"description=File with the address if that is a secret"`
	Every   time.Duration `yaml:"every" jsonschema:"description=How often a synthetic post is sent through everything"`
}

func (c HeartbeatConfig) on() bool { return c.URL != "" || c.URLFile != "" }

// address reads where to call.
func (c HeartbeatConfig) address() (string, error) {
	if c.URLFile == "" {
		return c.URL, nil
	}
	data, err := os.ReadFile(c.URLFile)
	if err != nil {
		return "", fmt.Errorf("reading the heartbeat's address: %w", err)
	}
	address := strings.TrimSpace(string(data))
	if u, err := url.Parse(address); err != nil || u.Host == "" {
		return "", fmt.Errorf("reading the heartbeat's address: %s holds no address", c.URLFile)
	}
	return address, nil
}

// beats calls the address whenever a heartbeat has become an alert, until ctx ends.
// What goes wrong is logged and nothing else: whoever watches the address notices.
func (d *daemon) beats(ctx context.Context) error {
	for ctx.Err() == nil {
		sub, err := d.bus.Subscribe("earshot.alerts." + heartbeatTeam + ".>")
		if err != nil {
			d.log.Warn("heartbeat not heard", zap.Error(err))
			pauseFor(ctx, 10*time.Second)
			continue
		}
		for ctx.Err() == nil {
			_, alert, err := sub.Next(ctx)
			if err != nil {
				break
			}
			d.beat(ctx, &alert)
		}
		sub.Close()
	}
	return nil
}

func pauseFor(ctx context.Context, wait time.Duration) {
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}

// beat calls for an alert that is fresh. After an outage old ones may come first.
func (d *daemon) beat(ctx context.Context, alert *earshot.Alert) {
	c := d.config.Load().Heartbeat
	m := alert.Mention
	if !c.on() || m == nil || m.ID != listeners.HeartbeatID || time.Since(m.Posted) > 2*c.Every {
		return
	}
	address, err := c.address()
	if err == nil {
		err = d.call(ctx, address)
	}
	if err != nil && ctx.Err() == nil {
		d.log.Warn("heartbeat not delivered", zap.Error(err))
	}
}

// call never shows the address: it may be a secret.
func (d *daemon) call(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return errors.New("calling the heartbeat's address: not an address")
	}
	resp, err := d.network.Load().Client.Do(req)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the address
		}
		return fmt.Errorf("calling the heartbeat's address: %w", err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("calling the heartbeat's address: it answered %d", resp.StatusCode)
	}
	return nil
}
