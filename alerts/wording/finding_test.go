package wording_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/wording"
)

// Conditions of a crisis are in words and figures that a person can repeat.
func TestFinding(t *testing.T) {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, c := range []struct {
		of   earshot.Finding
		want string
	}{
		{earshot.Finding{What: "followers of all authors", Seen: 533400, Needed: 1e6}, "followers of all authors: 533400 of 1000000"},
		{earshot.Finding{What: "share of negative authors", Seen: .82, Needed: .5}, "share of negative authors: 82 % of 50 %"},
		{earshot.Finding{What: "authors against habit, powers of ten", Seen: 2.4, Needed: 7}, "chance of so many authors by habit: 1:300 of 1:10000000"},
		{earshot.Finding{What: "negative authors against habit, powers of ten", Seen: 0, Needed: 300}, "chance of so many negative authors by habit: – of < 1:1000000000"},
		{earshot.Finding{What: "times the usual number of negative authors", Seen: 2.55, Needed: 3}, "times the usual number of negative authors: 2.6 of 3"},
	} {
		if what, seen, needed := wording.Finding(c.of, number); what+": "+seen+" of "+needed != c.want {
			t.Errorf("%s: %s of %s, want %s", what, seen, needed, c.want)
		}
	}
}

// The mail of a crisis has no figures that only a computer would write, and names the
// posts that have no address.
func TestEvidenceInWords(t *testing.T) {
	w := words(t, wording.Options{})
	v := w.View(&earshot.Alert{Kind: earshot.KindCrisis, Evidence: &earshot.Evidence{
		Seen: 12345, Expected: 4, Authors: 2000, Reach: 533400,
		First:   earshot.Source{Mention: "x:17", Network: "x", Posted: time.Unix(1, 0), Reach: 1200},
		Top:     []earshot.Source{{Mention: "x:17", Network: "x", Reach: 1200}, {Mention: "x:18", Network: "x", URL: "https://x.example/18"}},
		Because: []earshot.Finding{{What: "followers of all authors", Seen: 533400, Needed: 1e6}, {What: "authors against habit, powers of ten", Needed: 7}},
	}}, false)
	body := strings.ReplaceAll(w.Text(v), "\u202f", ",")
	for _, said := range []string{"12,345", "533,400 / 1,000,000", "1:10,000,000", "→ x · 1,200: x:17\n", "https://x.example/18"} {
		if !strings.Contains(body, said) {
			t.Errorf("it does not say %q:\n%s", said, body)
		}
	}
	if strings.Contains(body, "e+0") || strings.Contains(body, "powers of ten") || strings.Count(body, "x:17") != 1 {
		t.Errorf("for computers:\n%s", body)
	}
}
