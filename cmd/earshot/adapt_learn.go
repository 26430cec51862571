package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/bus"
	"earshot/rules"
	"earshot/rules/adapt"
)

// mostCorrections bounds what is read at once.
const mostCorrections = 200_000

// adapter gathers corrections and learns from them.
type adapter struct {
	config rules.Config
	book   *rules.Book // without any layer
	now    time.Time

	mu      sync.Mutex
	given   []adapt.Correction
	missing int // mentions that are not stored
	strange int // mentions that the brand's query does not find
}

func newAdapter(cmd *cobra.Command) (*adapter, error) {
	config, err := rulesOf(cmd)
	if err != nil {
		return nil, err
	}
	config.Layers = nil
	book, problems := rules.New(config)
	if problems.Fatal() {
		return nil, problems
	}
	return &adapter{config: config, book: book, now: time.Now()}, nil
}

// read reads the corrections. A line with a mistake fails the whole: who corrects
// wants all of it to count.
func (a *adapter) read(cmd *cobra.Command) error {
	return runLines(cmd, "correction", func(_ int, line []byte, _ *bytes.Buffer) error {
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		c, err := adapt.Parse(line)
		if err != nil {
			return err
		}
		if _, err := findAdapted(a.config.Brands, c.Brand); err != nil {
			return err
		}
		if c.At.After(a.now.Add(24 * time.Hour)) {
			return fmt.Errorf("it was corrected in the future: %s", c.At.Format(time.RFC3339))
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if len(a.given) == mostCorrections {
			return fmt.Errorf("more than %d corrections at once", mostCorrections)
		}
		a.given = append(a.given, c)
		return nil
	})
}

// lookUp finds the mentions of which only the IDs were given in the log of a
// running daemon.
func (a *adapter) lookUp(cmd *cobra.Command, at *connection) error {
	wanted := map[string]*earshot.Mention{}
	for i := range a.given {
		if c := &a.given[i]; !c.Whole {
			wanted[earshot.Key(c.Mention.ID)] = nil
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	client, err := at.dial(cmd)
	if err != nil {
		return fmt.Errorf("looking for mentions by their IDs: %w", err)
	}
	defer client.Close()
	err = client.Walk(cmd.Context(), bus.InMentions, func(c bus.Copy) error {
		key := c.Key()
		if _, ok := wanted[key]; !ok {
			return nil
		}
		wanted[key] = nil
		var m earshot.Mention
		if !c.Withdrawn && json.Unmarshal(c.Body, &m) == nil && m.Change != earshot.Deleted {
			wanted[key] = &m
		}
		return nil
	})
	if err != nil {
		return err
	}
	found := a.given[:0]
	for _, c := range a.given {
		if m := wanted[earshot.Key(c.Mention.ID)]; !c.Whole && m != nil {
			c.Mention, c.Whole = *m, true
		}
		if c.Whole {
			found = append(found, c)
		} else {
			a.missing++
		}
	}
	a.given = found
	return nil
}

// lessons are the corrections with what the book says without a layer, by brand.
func (a *adapter) lessons() map[string][]adapt.Lesson {
	all := map[string][]adapt.Lesson{}
	for _, c := range a.given {
		scores, ok := a.book.Measure(&c.Mention, c.Brand)
		if !ok {
			a.strange++
			continue
		}
		base, line := scores.Of(c.Field)
		all[c.Brand] = append(all[c.Brand], adapt.Lesson{Correction: c, Base: base, Line: line})
	}
	return all
}

// learn makes a layer for each brand, shows it and writes it unless it is a trial.
func (a *adapter) learn(out io.Writer, dry bool) error {
	lessons := a.lessons()
	if a.missing > 0 {
		fmt.Fprintf(out, "%s not stored any more, left out\n", plural(a.missing, "mention"))
	}
	if a.strange > 0 {
		fmt.Fprintf(out, "%s of mentions that the brand's query does not find, left out\n", plural(a.strange, "correction"))
	}
	if len(lessons) == 0 {
		return errors.New("there is no correction to learn from")
	}
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(lessons)) {
		if err := a.learnBrand(out, name, lessons[name], dry); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

func (a *adapter) learnBrand(out io.Writer, name string, lessons []adapt.Lesson, dry bool) error {
	brand, err := findAdapted(a.config.Brands, name)
	if err != nil {
		return err
	}
	unlined := slices.ContainsFunc(lessons, func(l adapt.Lesson) bool { return l.Field == adapt.Relevance && l.Line == 0 })
	if unlined {
		fmt.Fprintf(out, "%s: relevance is not learnt, for the brand takes all that its query finds (give it a context or a threshold)\n", name)
		lessons = slices.DeleteFunc(lessons, func(l adapt.Lesson) bool { return l.Field == adapt.Relevance })
	}
	layer, refused, err := adapt.Learn(name, a.now, lessons)
	if err != nil {
		return err
	}
	for _, r := range refused {
		fmt.Fprintf(out, "%s: %s is not learnt: %s\n", name, r.Field, r.Why)
	}
	if err := showLayer(out, layer, dry); err != nil || dry {
		return err
	}
	if err := writeLayer(brand.Adapt, layer, a.now.UTC().Format(layerStamp)); err != nil {
		return fmt.Errorf("writing what was learnt: %w", err)
	}
	_, err = fmt.Fprintf(out, "  written to %s; a running daemon takes it over when it reloads\n", brand.Adapt)
	return err
}
