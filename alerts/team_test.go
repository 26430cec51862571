package alerts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/duty"
)

// Friday 18:05: what is critical is due at once, and an ordinary complaint waits
// until Monday, in the case as in the alert.
func TestFridayEvening(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	team := config.Teams[0]
	team.Hours = duty.Hours{Zone: "Europe/Copenhagen", Open: []duty.Span{{Days: []string{"mon-fri"}, From: "09:00", To: "17:00"}}}
	friday := time.Date(2026, 11, 27, 18, 5, 0, 0, zone)
	for urgency, want := range map[earshot.Score]string{90: "Fri 18:20", 65: "Mon 10:00", 40: "Mon 17:00"} {
		urgency *= earshot.ScoreOf(1)
		event, told := alerts.From(alerts.Step{
			Team: team, Brand: "acme", Case: "c", Cause: 1,
			Mention: &earshot.Mention{ID: "rss:a", Heard: friday.UTC()}, Verdict: &earshot.Verdict{Urgency: urgency},
			Is: &earshot.Member{Mention: "m", Urgency: urgency, Kind: earshot.KindCustomer},
		}, earshot.DefaultBands(), friday)
		if !told {
			t.Fatal("nobody is told")
		}
		for _, got := range []time.Time{event.Case.RespondBy, event.Alert.RespondBy} {
			if diff := cmp.Diff(want, got.In(zone).Format("Mon 15:04")); diff != "" {
				t.Errorf("urgency %v (-want +got):\n%s", urgency, diff)
			}
		}
	}
}

// What is wrong with hours, people and rotas is said with its place in the file;
// a fallback is a team that there is.
func TestTeamProblems(t *testing.T) {
	rota := func(team string) duty.Rota { return duty.Rota{Fallback: duty.Fallback{Team: team}} }
	broken := alerts.Config{Teams: []alerts.Team{
		{Name: "cs", WarnAt: 2, Hours: duty.Hours{Zone: "Nowhere"}, Rota: rota("legal")},
		{Name: "pr", Rota: rota("pr"), People: []duty.Person{{}}},
		{Name: "hr", Rota: rota("cs")},
		{Name: "it", Rota: rota(earshot.Ops)},
	}}
	want := `teams[0].warn_at: not a share of the time (more than 0 and less than 1, such as 0.8)
teams[0].hours.zone: not a time zone (an IANA name, such as Europe/Copenhagen)
teams[0].hours: when does the team work? The hours are missing (add open: [{days: [mon-fri], from: 09:00, to: 17:00}])
teams[1].people[0]: the person has no name (add name: ann)
teams[0].rota.fallback.team: there is no team "legal" (one of teams, or ops)
teams[1].rota.fallback.team: the team cannot stand in for itself (another team, or a person)`
	_, problems := alerts.New(alerts.Options{}, broken)
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
