package noise_test

import (
	"fmt"
	"time"

	"earshot"
	"earshot/alerts/noise"
)

// The engine decides with a clone, writes what the clone says of the teams in the
// batch of the alerts, and keeps the clone once that is stored. After a restart it
// loads what was stored last.
func Example() {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	gate := noise.New(noise.Config{Limits: map[string]noise.Limit{"cs": {Alerts: 1, Per: time.Hour}}})

	attempt := gate.Clone()
	for n, danger := range []bool{false, false, true} {
		alert := &earshot.Alert{Case: fmt.Sprint("case ", n), Team: "cs", Brand: "acme", Kind: earshot.KindCustomer, Urgency: earshot.Normal}
		if held := attempt.Pass(alert, danger, now); held != "" {
			fmt.Println(alert.Case, "is held back by", held)
		} else {
			fmt.Println(alert.Case, "is told")
		}
	}
	saved, err := attempt.Save("cs") // a record in the same batch
	if err != nil {
		fmt.Println(err)
	}
	gate = attempt // the batch is stored

	restarted := noise.New(noise.Config{})
	if err := restarted.Load("cs", saved); err != nil {
		fmt.Println(err)
	}
	fmt.Println("digest due at", restarted.Due().Format("15:04"))
	for _, digest := range restarted.Digests(gate.Due()) {
		fmt.Println(digest.Team, digest.Why, digest.Summary)
	}
	// Output:
	// case 0 is told
	// case 1 is held back by limit
	// case 2 is told
	// digest due at 13:00
	// cs digest 1 held back since Sun 12:00 UTC: 1 by limit
}
