package alerts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
)

// Old news is told of two seconds after it stopped coming.
func TestBacklogQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := watch(t, time.Second, 8, func(i int) []earshot.Stored {
			if i > 3 {
				return nil
			}
			return []earshot.Stored{post(uint64(i), fmt.Sprint(i), angry, old)}
		})
		// The third comes as the third second begins.
		want := []string{"", "", "", "low · acme · 3 older posts (oldest 3 days) heard by fedi — stored, nobody was paged", "", "", "", ""}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("told at each second (-want +got):\n%s", diff)
		}
	})
}

// Old news that does not stop coming is told of every thirty seconds, and none of
// it twice.
func TestBacklogLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := watch(t, time.Second, 70, func(i int) []earshot.Stored {
			if i > 60 {
				return nil
			}
			return []earshot.Stored{post(uint64(i), fmt.Sprint(i), angry, old)}
		})
		var times, total int
		for _, summary := range told {
			if summary != "" {
				var n int
				if _, err := fmt.Sscanf(summary, "low · acme · %d older posts", &n); err != nil {
					t.Errorf("%q: %v", summary, err)
				}
				times, total = times+1, total+n
			}
		}
		if times < 2 || times > 3 || total != 60 {
			t.Errorf("%d mentions told of in %d alerts, want 60 in 2 or 3", total, times)
		}
	})
}

// watch adds mentions at intervals and returns what was told in each of them.
func watch(t *testing.T, every time.Duration, times int, heard func(i int) []earshot.Stored) []string {
	log, mentions := &alertstest.Log{}, &alertstest.Mentions{}
	engine, problems := alerts.New(alerts.Options{Log: log}, config)
	if problems != nil {
		t.Fatal(problems)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx, mentions) }()
	var told []string
	seen := 0
	for i := 1; i <= times; i++ {
		mentions.Add(heard(i)...)
		<-time.After(every)
		synctest.Wait()
		var now []string
		for _, a := range log.Alerts()[seen:] {
			now = append(now, a.Summary)
			seen++
		}
		told = append(told, strings.Join(now, "; "))
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return told
}

// A summary cut short between its case and its alert is told of as it was stored,
// and what came since is told of in another.
func TestBacklogResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &alertstest.Log{}
		l := life{log, &alertstest.Mentions{}, config}
		l.mentions.Add(post(1, "a", angry, old), post(2, "b", angry, old))
		dieBetween(t, l)
		l.mentions.Rewind()
		l.mentions.Add(post(3, "c", angry, old))
		l.run(t, nil)
		var counts []int
		for _, a := range log.Alerts() {
			counts = append(counts, a.Count)
		}
		if diff := cmp.Diff([]int{2, 1}, counts); diff != "" {
			t.Errorf("mentions told of (-want +got):\n%s", diff)
		}
	})
}

// The summary shows the most urgent of the mentions to each team, what is edited
// or deleted before or after it is told of included, and no other team's.
func TestBacklogShows(t *testing.T) {
	crisis := routes(earshot.Route{Team: "pr", Kind: earshot.KindCrisis, Topic: "safety"})
	all := tell(t, config, []earshot.Stored{
		post(1, "a", angry, calm, old), post(2, "b", angry, old), post(3, "c", crisis, old),
		post(4, "b", angry, old, edited, says("Found it")),
	})
	if len(all) != 2 {
		t.Fatalf("alerts: %+v", all)
	}
	cs, pr := all[0], all[1]
	if cs.Mention.Text != "Found it" || cs.Count != 2 || cs.Urgency != earshot.Low || cs.Kind != earshot.KindCustomer {
		t.Errorf("cs was told %+v", cs)
	}
	if pr.Mention.ID != "mastodon:c" || pr.Count != 1 || pr.Urgency != earshot.Low || pr.Topic != "safety" {
		t.Errorf("pr was told %+v", pr)
	}
	synctest.Test(t, func(t *testing.T) {
		l := life{&alertstest.Log{}, &alertstest.Mentions{}, config}
		l.mentions.Add(post(1, "a", angry, calm, old), post(2, "b", angry, old))
		l.run(t, nil)
		l.mentions.Add(post(3, "b", angry, old, edited, says("Found it")), post(4, "b", gone))
		l.run(t, nil)
		var got []string
		for _, a := range l.log.Alerts() {
			got = append(got, fmt.Sprint(a.Why, " ", a.Urgency, " ", a.Count, " ", a.Mention != nil))
		}
		if diff := cmp.Diff([]string{"new low 2 true", "changed low 2 true", "changed low 1 false"}, got); diff != "" {
			t.Errorf("alerts (-want +got):\n%s", diff)
		}
	})
}

// Old news that was told of is forgotten, so that no later life tells of it again.
func TestBacklogIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := life{&alertstest.Log{}, &alertstest.Mentions{}, config}
		l.mentions.Add(post(1, "a", angry, old))
		l.run(t, nil)
		progress, err := l.log.Progress(t.Context(), "acme")
		if err != nil || progress.Sequence != 1 || strings.Contains(string(progress.State), "backlog") {
			t.Errorf("progress: %d, state %s, %v", progress.Sequence, progress.State, err)
		}
		l.run(t, nil)
		if all := l.log.Alerts(); len(all) != 1 {
			t.Errorf("alerts: %+v", all)
		}
	})
}
