package proof_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/cmd/earshot/proof"
	"earshot/rules"
)

var heard = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func book(t *testing.T) proof.Book {
	t.Helper()
	b, problems := rules.New(rules.Config{
		Brands: []rules.Brand{{Name: "acme", Query: "acme"}},
		Rules:  []rules.Rule{{Name: "all", When: "true", Urgency: 50, Routes: []rules.Route{{Team: "cs"}, {Team: "pr", Kind: "crisis"}}}},
	})
	if problems.Fatal() {
		t.Fatal(problems)
	}
	return proof.Book{Rules: b, Alerts: alerts.Config{Teams: []alerts.Team{{Name: "cs"}, {Name: "pr"}}}, Bands: earshot.DefaultBands()}
}

// ran runs one post and returns what failed.
func ran(t *testing.T, c proof.Case) []proof.Failure {
	t.Helper()
	c.Posts = []proof.Post{{Mention: earshot.Mention{ID: "x:1", Network: "x", Text: "acme", Heard: heard}, Expect: c.Posts[0].Expect}}
	result, err := proof.Run(t.Context(), book(t), &c)
	if err != nil {
		t.Fatal(err)
	}
	return result.Failures
}

func expecting(t *testing.T, text string) proof.Case {
	t.Helper()
	var v proof.Verdict
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return proof.Case{Posts: []proof.Post{{Expect: proof.List[proof.Verdict]{Given: true, Items: []proof.Placed[proof.Verdict]{{Is: v}}}}}}
}

// A score is as expected, or is told with what was expected instead.
func TestVerdicts(t *testing.T) {
	for text, wrong := range map[string]string{
		`{"brand":"acme"}`:                                               "",
		`{"brand":"acme","urgency":50}`:                                  "",
		`{"brand":"acme","urgency":"normal"}`:                            "",
		`{"brand":"acme","urgency":"40..60","relevance":"<= 1"}`:         "",
		`{"brand":"acme","urgency":"> 50"}`:                              "urgency of x:1 for acme is 50 (normal), want > 50",
		`{"brand":"acme","delight":"> 0.6"}`:                             "delight of x:1 for acme is 0, want > 0.6",
		`{"brand":"acme","urgency":"< 50"}`:                              "urgency of x:1 for acme is 50 (normal), want < 50",
		`{"brand":"acme","urgency":"high"}`:                              "urgency of x:1 for acme is 50 (normal), want high",
		`{"brand":"acme","sentiment":"neg"}`:                             "want neg",
		`{"brand":"acme","sentiment":"neu","rules":["all"],"labels":[]}`: "",
		`{"brand":"acme","routes":["pr","cs/customer"]}`:                 "",
		`{"brand":"acme","routes":["cs"]}`:                               "routes of x:1 for acme is cs/customer, pr/crisis, want cs",
		`{"brand":"acme","routes":["cs","pr/customer"]}`:                 "want cs, pr/customer",
		`{"brand":"acme","topics":["safety"]}`:                           "topics of x:1 for acme is none, want safety",
		`{"brand":"zenith"}`:                                             "x:1 does not concern zenith",
	} {
		failures := ran(t, expecting(t, text))
		switch {
		case wrong == "" && len(failures) > 0:
			t.Errorf("%s: %v", text, failures)
		case wrong != "" && (len(failures) == 0 || !strings.Contains(failures[0].What, wrong)):
			t.Errorf("%s: got %v, want %q", text, failures, wrong)
		}
	}
}

// An expectation that fits several alerts leaves the others what fits only them.
func TestAlertsArePaired(t *testing.T) {
	alert := func(a proof.Alert) proof.Placed[proof.Alert] { return proof.Placed[proof.Alert]{Is: a} }
	for name, tt := range map[string]struct {
		want     []proof.Placed[proof.Alert]
		failures int
	}{
		"any first":    {[]proof.Placed[proof.Alert]{alert(proof.Alert{}), alert(proof.Alert{Team: "cs"})}, 0},
		"specific":     {[]proof.Placed[proof.Alert]{alert(proof.Alert{Team: "pr", Kind: earshot.KindCrisis, Count: 1}), alert(proof.Alert{Mention: "x:1"})}, 0},
		"too few":      {[]proof.Placed[proof.Alert]{alert(proof.Alert{})}, 1},
		"none":         {nil, 2},
		"too many":     {[]proof.Placed[proof.Alert]{alert(proof.Alert{}), alert(proof.Alert{}), alert(proof.Alert{})}, 1},
		"another team": {[]proof.Placed[proof.Alert]{alert(proof.Alert{Team: "cs"}), alert(proof.Alert{Team: "cs"})}, 2},
	} {
		c := proof.Case{Posts: make([]proof.Post, 1), Alerts: proof.List[proof.Alert]{Given: true, Items: tt.want}}
		if failures := ran(t, c); len(failures) != tt.failures {
			t.Errorf("%s: %v", name, failures)
		}
	}
}

// What XML cannot hold does not break the report, and a writer's error is told.
func TestJUnit(t *testing.T) {
	c := proof.Case{Name: "a\x1b<b>\xff"}
	suites := []proof.Suite{{Name: "s", Cases: []proof.Ran{{Case: &c, Result: proof.Result{Failures: []proof.Failure{{What: "]]>\x00", Why: []string{"&"}}}}}}}}
	var out bytes.Buffer
	if err := proof.WriteJUnit(&out, suites); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(&out)
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever is written as a range is refused or understood, and kept as written.
func FuzzParseRange(f *testing.F) {
	for _, seed := range []string{"", "0.5", "30..60", ">= 40", "<-0.3", "neg", "high", "1..", "nan", "1e99", "5..1", "..", "> >"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := proof.ParseRange(text)
		if err == nil && r.String() != strings.TrimSpace(text) {
			t.Errorf("%q became %q", text, r.String())
		}
	})
}
