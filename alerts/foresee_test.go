package alerts_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"earshot"
	"earshot/alerts/alertstest"
)

// However many customers write for the first time, or again after a restart, the
// log is asked about all of a batch together.
func TestLogIsAskedTogether(t *testing.T) {
	const customers = 300
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		log := &alertstest.Log{Break: func(_ int, method string) alertstest.Fault {
			if method == "read" {
				reads++
			}
			return alertstest.Fine
		}}
		var list []earshot.Stored
		for lives := range 2 {
			for i := range customers {
				sequence := uint64(len(list) + 1)
				list = append(list, post(sequence, fmt.Sprintf("%d.%d", i, lives), angry, by(fmt.Sprintf("@%d", i))))
			}
			reads = 0
			mentions := &alertstest.Mentions{}
			mentions.Add(list...)
			life{log, mentions, config}.run(t, nil)
			// 16 rounds of looking for what people did, and some at the start.
			if reads > 60 {
				t.Errorf("life %d: the log was asked %d times about %d customers", lives, reads, customers)
			}
		}
		told := log.Alerts()
		if len(told) < customers {
			t.Fatalf("%d alerts, want at least one for each of %d customers", len(told), customers)
		}
		cases := map[string]int{}
		for i := range told {
			cases[told[i].Case] = max(cases[told[i].Case], told[i].Count)
		}
		if len(cases) != customers {
			t.Errorf("%d cases, want %d", len(cases), customers)
		}
		for _, event := range log.All() {
			cases[event.Case.ID] = event.Case.Count
		}
		for id, count := range cases {
			if count != 2 {
				t.Errorf("case %s counts %d mentions, want 2", id, count)
			}
		}
	})
}
