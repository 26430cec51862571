package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// The pages of a running daemon are what a user and a monitor expect: the names
// of the metrics follow Prometheus' conventions, each has a help text, and the
// docs name none that is not there.
func TestPagesOfADaemon(t *testing.T) {
	t.Parallel()
	feed := newNumberedFeed(t, 100, 50)
	here := newSite(t, feed)
	d := here.start(t)
	here.check(t, feed)

	if status, body := d.get(t, "/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz: %d %q", status, body)
	}
	var parts []string
	for _, p := range d.report(t).Parts {
		parts = append(parts, fmt.Sprintf("%s %t%s", p.Part, p.Ready, p.Why))
	}
	if want := []string{"start true", "bus true", "listeners true", "pipeline true"}; !slices.Equal(parts, want) {
		t.Errorf("/readyz: %v, want %v", parts, want)
	}
	status, body := d.get(t, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics: %d %s", status, body)
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	checkDocumented(t, body)
	checkFigures(t, d, feed)
	for page, want := range map[string]int{"/": http.StatusNotFound, "/debug/pprof/": http.StatusNotFound} {
		if status, _ := d.get(t, page); status != want {
			t.Errorf("%s: %d, want %d", page, status, want)
		}
	}
	d.stop(t)
}

// checkFigures compares what is counted with what the feed has told.
func checkFigures(t *testing.T, d *process, feed *numberedFeed) {
	t.Helper()
	for series, want := range map[string]int{
		"earshot_mentions_heard_total":                                  feed.total,
		"earshot_mentions_matched_total":                                len(feed.wantMentions()),
		"earshot_mentions_stored_total":                                 len(feed.wantMentions()),
		"earshot_rule_errors_total":                                     0,
		`earshot_listener_mentions_total{listener="numbered"}`:          feed.total,
		`earshot_listener_up{listener="numbered"}`:                      1,
		`earshot_listener_restarts_total{listener="numbered"}`:          0,
		`earshot_listener_parts{listener="numbered",state="listening"}`: 1,
	} {
		// What is stored can be read a moment before it is counted.
		eventually(t, "what is counted is what was told", func() error {
			if got := d.metric(t, series); got != float64(want) {
				return fmt.Errorf("%s is %g, want %d", series, got, want)
			}
			return nil
		})
	}
}

// metricName is a metric of earshot's own, as the docs write it.
var metricName = regexp.MustCompile(`\bearshot_[a-z_]+[a-z]`)

// checkDocumented compares the metrics that the docs name with those served. A
// vector without a value yet is not served; it is known by another test.
func checkDocumented(t *testing.T, served string) {
	t.Helper()
	unborn := []string{
		"earshot_listener_damaged_mentions_total", // no damage in the feed
		"earshot_leases", "earshot_settings", // buckets
		"earshot_model_mentions_total", // no model is asked
		"earshot_alerts_held_total",    // nothing is held back
	}
	err := fs.WalkDir(os.DirFS(filepath.Join("..", "..", "docs")), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".md" {
			return err
		}
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		for _, metric := range metricName.FindAllString(string(text), -1) {
			if strings.HasPrefix(metric, "earshot_sink_") {
				continue // no sinks here: TestCrashSinks knows them
			}
			if !strings.Contains(served, "# TYPE "+metric+" ") && !slices.Contains(unborn, metric) {
				t.Errorf("docs/%s names %s, which is not served", name, metric)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
