package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"earshot/cmd/earshot/proof"
	"earshot/cmd/earshot/strict"
	"earshot/listeners/file"
)

// testLabels is what a line of NDJSON has beside its mention.
type testLabels struct {
	Test   string          `json:"test"` // lines that follow each other under one name are one test
	At     string          `json:"at"`
	Age    string          `json:"age"`
	Expect json.RawMessage `json:"expect"`
	Alerts json.RawMessage `json:"alerts"` // of the test
}

// readTestLines reads labelled mentions, one a line. Lines without the name of a
// test are a test each.
func readTestLines(path string, data []byte) ([]*proof.Case, error) {
	r := lineTests{path: path, invalid: &ConfigError{File: path}}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := r.add(number, bytes.TrimRight(line, "\r\n")); err != nil {
			r.report(number, err)
		}
	}
	for _, c := range r.cases {
		qualify(c)
	}
	if len(r.cases) == 0 && len(r.invalid.Findings) == 0 {
		r.report(1, errors.New("there are no mentions"))
	}
	if len(r.invalid.Findings) > 0 {
		return nil, r.invalid
	}
	return r.cases, nil
}

// lineTests makes cases of lines.
type lineTests struct {
	path    string
	cases   []*proof.Case
	name    string // that the line before gave its test; empty for none
	clock   testClock
	invalid *ConfigError
}

// maxFindings is how many mistakes of a file are told.
const maxFindings = 100

func (r *lineTests) report(line int, err error) {
	f := strict.Finding{File: r.path, Line: line, Col: 1, What: err.Error()}
	if syntax, ok := errors.AsType[*file.SyntaxError](err); ok {
		f.Col, f.What = syntax.Column, syntax.What
	}
	if len(r.invalid.Findings) < maxFindings {
		r.invalid.Findings = append(r.invalid.Findings, f)
	}
}

func (r *lineTests) add(number int, line []byte) error {
	m, err := file.Parse(line)
	if err != nil {
		return err
	}
	var labels testLabels
	if err := file.Decode(line, &labels); err != nil {
		return err
	}
	at := proof.At{File: r.path, Line: number}
	if labels.Test == "" || labels.Test != r.name {
		r.cases = append(r.cases, &proof.Case{Name: cmp.Or(labels.Test, m.ID, fmt.Sprintf("line %d", number)), At: at})
		r.clock = testClock{start: testStart(), next: testStart()}
		if !m.Heard.IsZero() {
			r.clock = testClock{start: m.Heard, next: m.Heard}
		}
	}
	r.name = labels.Test
	c := r.cases[len(r.cases)-1]
	p := testPost{Mention: m, At: labels.At}
	if labels.Age != "" {
		if p.Age, err = strict.ParseDuration(labels.Age); err != nil {
			return fmt.Errorf("age: %q is no duration (write 90s, 5m, 36h or 3d)", labels.Age)
		}
	}
	if err := p.timed(&r.clock); err != nil {
		return fmt.Errorf("%w (write 5m after the start, or a time such as %s)", err, time.DateOnly)
	}
	named(&p.Mention, len(c.Posts)+1)
	if err := addWants(&p.Expect, at, labels.Expect); err != nil {
		return fmt.Errorf("reading expect: %w", err)
	}
	if err := addWants(&c.Alerts, at, labels.Alerts); err != nil {
		return fmt.Errorf("reading alerts: %w", err)
	}
	c.Posts = append(c.Posts, proof.Post{At: at, Mention: p.Mention, Expect: p.Expect})
	return nil
}

// addWants adds what a line expects, if it expects anything.
func addWants[T any](list *proof.List[T], at proof.At, text json.RawMessage) error {
	if text == nil {
		return nil
	}
	var wants []T
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&wants); err != nil {
		return err
	}
	if !list.Given {
		list.At, list.Given = at, true
	}
	for _, w := range wants {
		list.Items = append(list.Items, proof.Placed[T]{At: at, Is: w})
	}
	return nil
}
