package alerts_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"earshot/alerts"
	"earshot/alerts/alertstest"
)

// While alerts cannot be stored their lag grows; once they are it is 0 again.
func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mended atomic.Bool
		log, mentions := &alertstest.Log{}, &alertstest.Mentions{}
		log.Break = func(_ int, method string) alertstest.Fault {
			if method == "publish" && !mended.Load() {
				return alertstest.Refused
			}
			return alertstest.Fine
		}
		registry := prometheus.NewPedanticRegistry()
		waiting := post(1, "a", angry)
		waiting.Mention.Heard = time.Now()
		engine, _ := alerts.New(alerts.Options{Log: log, Metrics: registry}, config)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- engine.Run(ctx, mentions) }()

		mentions.Add(waiting)
		for _, step := range []struct {
			mend bool
			lag  int
		}{{false, 60}, {false, 120}, {true, 0}} {
			mended.Store(step.mend)
			<-time.After(time.Minute) // of the bubble's time
			synctest.Wait()
			want := fmt.Sprintf(`
# HELP earshot_alerts_lag_seconds How long ago the oldest mention was heard that is being dealt with, 0 when none waits.
# TYPE earshot_alerts_lag_seconds gauge
earshot_alerts_lag_seconds %d
`, step.lag)
			if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "earshot_alerts_lag_seconds"); err != nil {
				t.Error(err)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
