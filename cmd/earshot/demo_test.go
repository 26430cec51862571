package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/cmd/earshot/story"
)

// patientPace tells the tale as fast as a demo can, or as slow as a busy machine
// must, and then stays up.
func patientPace(tale *story.Story) pace {
	p := paceOf(tale, shortestDemo)
	p.total, p.patience = 0, patience
	return p
}

func readTale(t *testing.T) *story.Story {
	t.Helper()
	tale, err := story.Read(story.Files())
	if err != nil {
		t.Fatal(err)
	}
	return tale
}

// The daemon raises exactly the alerts of the story, and nothing is left behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	tale := readTale(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &stopper{when: saying("The daemon stays up"), stop: stop}
	err := runDemo(ctx, demoOptions{pace: patientPace(tale), story: tale, out: out, err: &bytes.Buffer{}})
	if err != nil {
		t.Errorf("demo: %v\n%s", err, out.String())
	}
	for _, want := range []string{"nats sub 'earshot.alerts.cs.>'", "nats sub 'earshot.alerts.pr.>'", "Exactly the story's alerts"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not say %q:\n%s", want, out.String())
		}
	}
	_, rest, _ := strings.Cut(out.String(), "$(cat ")
	credential, _, found := strings.Cut(rest, ")")
	if _, err := os.Stat(filepath.Dir(filepath.Dir(credential))); !found || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state directory of %q is left behind: %v", credential, err)
	}
}

// A story that expects one alert too many and another one too few fails, and
// both are named.
func TestDemoNoticesWhatIsWrong(t *testing.T) {
	t.Parallel()
	tale := readTale(t)
	due := 0
	for _, step := range tale.Steps {
		for _, e := range step.Expect {
			if e.Why != story.Held {
				due++
			}
		}
	}
	missing, unexpected := sabotage(t, tale)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &stopper{when: saidAlerts(due), stop: stop} // what is missing never comes
	err := runDemo(ctx, demoOptions{pace: patientPace(tale), story: tale, state: t.TempDir(), out: out, err: &bytes.Buffer{}})
	if err == nil || !strings.Contains(err.Error(), "1 missing, 1 unexpected") {
		t.Errorf("demo: %v, want one missing and one unexpected alert\n%s", err, out.String())
	}
	for _, want := range []string{missing, unexpected} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not name %q:\n%s", want, out.String())
		}
	}
}

// A story that cannot be told in its time fails.
func TestDemoOutOfTime(t *testing.T) {
	t.Parallel()
	tale := readTale(t)
	p := paceOf(tale, 0)
	p.total = time.Second
	var out bytes.Buffer
	err := runDemo(t.Context(), demoOptions{pace: p, story: tale, out: &out, err: &bytes.Buffer{}})
	if err == nil || !strings.Contains(err.Error(), "the story was not finished within 1s") {
		t.Errorf("demo: %v\n%s", err, out.String())
	}
}

// sabotage lets the first post without alerts expect one, and takes an alert from
// the post of a matter of its own, which it moves to the end; it returns how the
// demo names both.
func sabotage(t *testing.T, tale *story.Story) (missing, unexpected string) {
	t.Helper()
	quiet := slices.IndexFunc(tale.Steps, func(s story.Step) bool { return s.Matches && len(s.Expect) == 0 })
	alone := slices.IndexFunc(tale.Steps, func(s story.Step) bool { return s.ID == "outlet" })
	if quiet < 0 || alone < 0 || len(tale.Steps[alone].Expect) != 1 {
		t.Fatal("the story is not the one this test knows")
	}
	e := tale.Steps[alone].Expect[0]
	unexpected = fmt.Sprintf("unexpected: %s %s/%s %s %s, for %s", e.Team, e.Kind, e.Topic, e.Urgency, e.Why, tale.Steps[alone].Mention())
	last := tale.Steps[alone]
	last.Expect, last.At = nil, tale.Length
	tale.Steps[quiet].Case = "sabotage"
	tale.Steps[quiet].Expect = []story.Expectation{{Team: "cs", Kind: earshot.KindCustomer, Urgency: earshot.Low, Why: earshot.BecauseNew}}
	missing = "missing:    cs customer low new, for new of " + tale.Steps[quiet].ID
	tale.Steps = append(slices.Delete(tale.Steps, alone, alone+1), last)
	return missing, unexpected
}

// Whoever stops the demo early has not failed, and learns how far it came.
func TestDemoStoppedEarly(t *testing.T) {
	t.Parallel()
	tale := readTale(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &stopper{when: saying("earshot.alerts.pr"), stop: stop}
	if err := runDemo(ctx, demoOptions{pace: paceOf(tale, 0), story: tale, out: out, err: &bytes.Buffer{}}); err != nil {
		t.Errorf("demo: %v\n%s", err, out.String())
	}
	if !strings.Contains(out.String(), "The story was stopped at step") {
		t.Errorf("the demo does not say that it was stopped:\n%s", out.String())
	}
}

// stopper keeps what the demo says, and ends it when that is enough.
type stopper struct {
	bytes.Buffer

	when func(said []byte) bool
	stop func()
}

func (s *stopper) Write(said []byte) (int, error) {
	if s.when(said) {
		s.stop()
	}
	return s.Buffer.Write(said)
}

// saying is when something is said.
func saying(what string) func([]byte) bool {
	return func(said []byte) bool { return bytes.Contains(said, []byte(what)) }
}

// saidAlerts is when so many of them have been printed.
func saidAlerts(count int) func([]byte) bool {
	return func(said []byte) bool {
		if bytes.HasPrefix(said, []byte("cs ")) || bytes.HasPrefix(said, []byte("pr ")) {
			count--
		}
		return count == 0
	}
}

// A call that cannot work is refused before anything starts.
func TestDemoUsage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/something", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"demo", "--for", "1s"}, {"demo", "--for", "0s"}, {"demo", "--state", dir}, {"demo", "more"}} {
		var out, errs bytes.Buffer
		if code := exitCode(args, strings.NewReader(""), &out, &errs); code != exitUsage {
			t.Errorf("earshot %v: exit status %d, want %d\n%s", args, code, exitUsage, errs.String())
		}
	}
}

// The story fits into every time the demo accepts, with time left for the last alerts.
func TestDemoPace(t *testing.T) {
	tale := readTale(t)
	for _, length := range []time.Duration{shortestDemo, 20 * time.Second, time.Minute, time.Hour} {
		p := paceOf(tale, length)
		last := p.at(tale.Steps[len(tale.Steps)-1])
		if left := length - last; left < 1500*time.Millisecond {
			t.Errorf("--for %s leaves %s after the last step", length, left)
		}
	}
	if p := paceOf(tale, 0); p.at(story.Step{At: tale.Length}) != tale.Length {
		t.Errorf("without --for the story takes %s, want %s", p.at(story.Step{At: tale.Length}), tale.Length)
	}
}
