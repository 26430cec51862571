package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/rules/learn"
	"earshot/rules/metrics"
)

// relevanceHead is the head that needs a book: what is relevant is a brand's matter.
const relevanceHead = "relevance"

// open reads the book if the head needs one.
func (e *evaluation) open(cmd *cobra.Command) error {
	if e.head != relevanceHead {
		if e.brand != "" {
			return usageError{"--brand goes with --head relevance"}
		}
		return nil
	}
	book, warnings, err := LoadBook(configPath(cmd))
	if err != nil {
		return err
	}
	showWarnings(cmd, warnings)
	e.book = book
	if _, known := book.Queries()[e.brand]; e.brand != "" && !known {
		return fmt.Errorf("there is no brand %q in %s", e.brand, configPath(cmd))
	}
	return nil
}

// relevance measures a text for the brand that it is said to be about or not. It is
// false for a text that the brand's query does not find.
func (e *evaluation) relevance(row learn.Row) bool {
	brand := e.brand
	if brand == "" && len(row.More) > 0 {
		brand = row.More[0]
	}
	s, ok := e.book.Measure(&earshot.Mention{ID: "eval:1", Lang: e.lang, Text: row.Text}, brand)
	if !ok {
		return false
	}
	c := metrics.Case{Score: s.Relevance.Float()}
	if row.Label == e.yes {
		c.Want = 1
	}
	if s.Relevance >= s.Threshold {
		c.Got = 1
	}
	e.cases = append(e.cases, c)
	return true
}
