package systemd

import (
	"context"
	"fmt"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"
)

// Watchdog feeds systemd's watchdog, twice in each of its periods, until ctx
// ends. It feeds only while alive returns nil: what alive cannot answer in time,
// systemd ends and restarts. A change of alive's answer is logged. It returns at
// once when no watchdog is set for this process.
func Watchdog(ctx context.Context, log *zap.Logger, alive func() error) error {
	period, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("reading the watchdog's period: %w", err)
	}
	if period == 0 {
		return nil
	}
	tick := time.NewTicker(period / 2)
	defer tick.Stop()
	healthy := true
	for {
		err := feed(alive)
		switch {
		case err != nil && healthy:
			log.Error("watchdog is not fed", zap.Duration("period", period), zap.Error(err))
		case err == nil && !healthy:
			log.Info("watchdog is fed again")
		}
		healthy = err == nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func feed(alive func() error) error {
	if err := alive(); err != nil {
		return err
	}
	return notify(daemon.SdNotifyWatchdog)
}
