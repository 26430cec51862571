// Package x hears X: mentions of accounts, keyword search and the filtered stream,
// by API v2 below the go-twitter package, which speaks the closed v1.1. It asks
// in X's own search syntax for at least what the brands ask for, bridges every gap
// of the stream by search, looks stored posts up again for deletions, and never
// spends more than it may. Matching is in rules, retries and politeness are in
// listeners.
package x

import (
	"cmp"
	"slices"
	"strings"

	"earshot"
	"earshot/listeners"
)

// Driver is the x kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: open, Searches: true}
}

// open makes the parts. Problems that are warnings only come with them.
func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	problems := config.check()
	acc := newAccount(setup, config)
	parts, more := acc.parts()
	problems = append(problems, more...)
	slices.SortStableFunc(problems, func(a, b earshot.Problem) int { return cmp.Compare(a.Path, b.Path) })
	if problems.Fatal() {
		return nil, problems
	}
	if len(problems) > 0 {
		return parts, problems
	}
	return parts, nil
}

// parts are what the configuration turns on.
func (acc *account) parts() ([]listeners.Part, earshot.Problems) {
	var parts []listeners.Part
	var problems earshot.Problems
	handles := acc.handles()
	if acc.config.Mentions {
		for _, h := range handles {
			parts = append(parts, listeners.Part{Name: "mentions @" + strings.ToLower(h), Source: &timeline{account: acc, part: "mentions @" + h, handle: h}})
		}
		if len(handles) == 0 && !acc.config.Search && !acc.config.Stream {
			problems = append(problems, earshot.Problem{Path: "handles", What: "there is no account whose mentions could be heard", Hint: "name handles here or under owned of a brand"})
		}
	}
	if acc.config.Search || acc.config.Stream {
		some, more := acc.asking()
		parts, problems = append(parts, some...), append(problems, more...)
	}
	if len(acc.config.Recheck) > 0 {
		parts = append(parts, listeners.Part{Name: recheckPart, Source: &recheck{account: acc, every: recheckEvery}})
	}
	return parts, problems
}

// asking are the parts that ask for what the brands do.
func (acc *account) asking() ([]listeners.Part, earshot.Problems) {
	key := "search"
	if !acc.config.Search {
		key = "stream"
	}
	searched := compile(acc.setup.Queries, searchSyntax)
	var problems earshot.Problems
	for _, note := range searched.notes {
		problems = append(problems, earshot.Problem{Path: key, What: note.what, Hint: note.hint, Warning: true})
	}
	if len(searched.queries) == 0 {
		return nil, append(problems, earshot.Problem{
			Path: key, What: "no brand asks for anything that X can search for", Hint: "give a brand a query with words, or turn this off",
			Warning: len(acc.setup.Queries) == 0, // queries that cannot be read have been complained of
		})
	}
	var parts []listeners.Part
	if acc.config.Search {
		parts = append(parts, listeners.Part{Name: "search", Source: &timeline{account: acc, part: "search", queries: searched.queries}})
	}
	if acc.config.Stream {
		rules := compile(acc.setup.Queries, streamSyntax)
		parts = append(parts, listeners.Part{Name: streamPart, Source: &stream{account: acc, rules: rules.queries, queries: searched.queries}})
	}
	return parts, problems
}

// handles are the accounts whose mentions are heard, without @.
func (acc *account) handles() []string {
	from := acc.config.Handles
	if len(from) == 0 {
		from = acc.setup.Handles
	}
	var all []string
	for _, account := range from {
		on, h := earshot.SplitHandle(account)
		if on != "" && on != network {
			continue
		}
		h = strings.TrimPrefix(h, "@")
		if isHandle(h) && !slices.ContainsFunc(all, func(known string) bool { return strings.EqualFold(known, h) }) {
			all = append(all, h) // those that the brands own may be of other networks
		}
	}
	return all
}
