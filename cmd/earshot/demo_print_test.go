package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/cmd/earshot/story"
)

// An alert is two lines: what it is about, and what made it urgent with the
// words that did, the strongest first.
func TestDemoPrintsAlerts(t *testing.T) {
	text := "It broke. I am furious, and it broke again."
	span := func(words string) *earshot.Span {
		from := strings.Index(text, words)
		return &earshot.Span{from, from + len(words)}
	}
	a := earshot.Alert{
		Team: "cs", Why: earshot.BecauseNew, Urgency: earshot.High, Summary: "high · acme · “It broke.”",
		Mention: &earshot.Mention{Text: text},
		Verdict: &earshot.Verdict{Urgency: 61 * earshot.Unit, Reasons: []earshot.Reason{
			{Of: earshot.OfSentiment, Rule: "sentiment", Weight: -earshot.Unit},
			{Of: earshot.OfUrgency, Rule: "complaint", Field: "text", Span: span("broke"), Weight: 8 * earshot.Unit},
			{Of: earshot.OfUrgency, Rule: "complaint", Field: "text", Span: span("broke again"), Weight: 8 * earshot.Unit},
			{Of: earshot.OfUrgency, Rule: "unhappy customer", Weight: 45 * earshot.Unit},
			{Of: earshot.OfUrgency, Rule: earshot.Limit, Field: "text", Span: &earshot.Span{0, 1000}},
		}},
	}
	var out bytes.Buffer
	p := newDemoPrinter(&out, &bytes.Buffer{}, 1)
	p.alert(a)
	a.Mention, a.Verdict, a.Why = nil, nil, earshot.BecauseWithdrawn
	p.alert(a)
	want := `cs new       high · acme · “It broke.”
             urgency 61: +45 unhappy customer, +16 complaint (“broke”, “broke again”), +0 limit
cs withdrawn high · acme · “It broke.”
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

// The summary takes its figures from the daemon, and does without them when the
// daemon does not answer.
func TestDemoSummary(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("# HELP earshot_mentions_heard_total Posts.\nearshot_mentions_heard_total 229\nearshot_mentions_matched_total 157\nother 1\n"))
	}))
	address := strings.TrimPrefix(server.URL, "http://")
	if got := askHeard(t.Context(), address); got != (heard{known: true, total: 229, matched: 157}) {
		t.Errorf("askHeard = %+v", got)
	}
	server.Close()
	if got := askHeard(t.Context(), address); got.known {
		t.Errorf("askHeard of nobody = %+v", got)
	}
	tale := readTale(t)
	var out bytes.Buffer
	newDemoPrinter(&out, &bytes.Buffer{}, 1).summary(tale, 1, heard{}, story.Report{Raised: []earshot.Alert{{Team: "pr"}, {Team: "cs"}, {Team: "pr"}}})
	for _, want := range []string{"stopped at step 1 of", "raised       3 alerts (cs 1, pr 2)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the summary does not say %q:\n%s", want, out.String())
		}
	}
}

// The guide names every chapter of the story.
func TestDemoGuideIsTrueToTheStory(t *testing.T) {
	guide, err := os.ReadFile("../../docs/demo.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range readTale(t).Steps {
		if !strings.Contains(string(guide), "| "+step.Chapter+" |") {
			t.Fatalf("docs/demo.md does not name the chapter %q", step.Chapter)
		}
	}
}
