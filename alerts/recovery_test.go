package alerts_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts/alertstest"
)

// No case repeats what people wrote, who they are or what the book made of it:
// what an author takes back later is not there.
func TestCasesHoldNoWords(t *testing.T) {
	list := story()
	for i := range list {
		list[i].Mention.ID = fmt.Sprint("mastodon:", earshot.Key(list[i].Mention.ID))
		if v := list[i].Verdict; v != nil {
			v.Topics = []string{"Theme"}
			v.Reasons = []earshot.Reason{{Of: earshot.OfUrgency, Rule: "Grudge", Field: "text", Weight: v.Urgency}}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		l := life{&alertstest.Log{}, &alertstest.Mentions{}, config}
		l.mentions.Add(list...)
		l.run(t, nil)
		events := l.log.All()
		if len(events) < 12 {
			t.Errorf("the story makes %d events only", len(events))
		}
		for _, e := range events {
			body, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"Lost", "astronaut", "Found", "fire", "luka", "news.example", "Theme", "Grudge"} {
				if strings.Contains(string(body), word) {
					t.Errorf("%q is in %s", word, body)
				}
			}
		}
		for _, a := range l.log.Alerts() {
			if a.Why != earshot.BecauseWithdrawn && a.Summary == "" || a.Mention != nil && a.Verdict == nil {
				t.Errorf("an alert lacks words: %+v", a)
			}
		}
	})
}

// What a crash kept from being told is told in the words as they are stored then:
// those of the alert, or, when the mention has been changed since, none.
func TestChangedBetween(t *testing.T) {
	const blank = "high · acme · a post that was edited or deleted since"
	cases := []struct {
		name  string
		first []earshot.Stored
		then  []earshot.Stored // the log after the restart
		want  []string
	}{
		{
			"nothing",
			[]earshot.Stored{post(1, "a", angry)},
			[]earshot.Stored{post(1, "a", angry)},
			[]string{"new high · acme · “Lost my astronaut a” — @a on mastodon"},
		},
		{
			"deleted",
			[]earshot.Stored{post(1, "a", angry)},
			[]earshot.Stored{post(2, "a", gone)},
			[]string{"new " + blank, "withdrawn high · acme · withdrawn, nothing is left of it"},
		},
		{
			"edited",
			[]earshot.Stored{post(1, "a", angry)},
			[]earshot.Stored{post(2, "a", angry, edited, says("Found it"))},
			[]string{"new " + blank, "changed high · acme · “Found it” — @a on mastodon"},
		},
		{
			"liked",
			[]earshot.Stored{post(1, "a", angry)},
			[]earshot.Stored{post(2, "a", angry, edited, likes)},
			[]string{"new high · acme · “Lost my astronaut a” — @a on mastodon"},
		},
		{
			"edited before and liked since",
			[]earshot.Stored{post(1, "a", angry), post(2, "a", angry, edited, says("Help"))},
			[]earshot.Stored{post(3, "a", angry, edited, says("Help"), likes)},
			[]string{"new " + blank, "changed high · acme · “Help” — @a on mastodon"},
		},
		{"no longer kept", []earshot.Stored{post(1, "a", angry)}, nil, []string{"new " + blank}},
		{
			"old news",
			[]earshot.Stored{post(1, "a", angry, old)},
			[]earshot.Stored{post(1, "a", angry, old)},
			[]string{"new low · acme · 1 older post (oldest 3 days) heard by fedi — stored, nobody was paged"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &alertstest.Log{}
				l := life{log, &alertstest.Mentions{}, config}
				l.mentions.Add(c.first...)
				dieBetween(t, l)
				l.mentions = &alertstest.Mentions{}
				l.mentions.Add(c.then...)
				l.run(t, nil)
				var told []string
				for _, a := range log.Alerts() {
					told = append(told, fmt.Sprint(a.Why, " ", a.Summary))
				}
				if diff := cmp.Diff(c.want, told); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Old news that is deleted between its case and its alert is counted and not shown.
func TestOldNewsChangedBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &alertstest.Log{}
		l := life{log, &alertstest.Mentions{}, config}
		l.mentions.Add(post(1, "a", angry, old), post(2, "b", angry, old, calm))
		dieBetween(t, l)
		l.mentions.Add(post(3, "a", gone))
		l.run(t, nil)
		var told []string
		for _, a := range log.Alerts() {
			told = append(told, fmt.Sprintf("%s %d %t", a.Why, a.Count, a.Verdict != nil))
		}
		if diff := cmp.Diff([]string{"new 2 false", "changed 1 false"}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// dieBetween lets the engine die after it has stored its first cases and before
// it has told of them.
func dieBetween(t *testing.T, l life) {
	t.Helper()
	died := make(chan struct{})
	appended := false
	l.log.Break = func(_ int, method string) alertstest.Fault {
		if appended = appended || method == "append"; appended && method == "publish" {
			close(died)
			return alertstest.Refused
		}
		return alertstest.Fine
	}
	l.run(t, died)
	l.log.Break = nil
}
