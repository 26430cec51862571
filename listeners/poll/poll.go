// Package poll hears any JSON API that can be asked again and again: an address
// with values in it, pages, limits and a mapping, all from the configuration. It
// resumes by time or ID, hears the oldest first and asks politely. It knows no
// network by name; what the configuration of one looks like is in
// listeners/recipes, how JSON becomes mentions in listeners/mapping.
package poll

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mapping"
)

// Driver is the poll kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: open, Searches: true}
}

// maxTerms is how many terms are searched for: each is a part that asks by itself.
const maxTerms = 200

// open makes a part, or one for each term where terms are searched for.
func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	p, problems := newPlan(config)
	if p == nil {
		return nil, problems
	}
	base := source{listener: setup.Name, plan: p, client: setup.Client, log: setup.Log, now: time.Now}
	if config.Budget != (listeners.BudgetLimits{}) {
		base.budget = listeners.NewBudget(listeners.BudgetOptions{
			Name: setup.Name, Unit: "requests", Limits: config.Budget, Tally: setup.Tally, Log: setup.Log,
		})
	}
	if !p.uses("term") {
		base.part = "all"
		return []listeners.Part{{Name: base.part, Source: &base}}, warnings(problems)
	}
	terms, problems := p.terms(setup.Queries, problems)
	var parts []listeners.Part
	for _, term := range terms {
		one := base
		one.part, one.term = strings.ToLower(term), term
		parts = append(parts, listeners.Part{Name: one.part, Source: &one})
	}
	if problems.Fatal() {
		return nil, problems
	}
	return parts, warnings(problems)
}

// warnings keeps an empty list from being an error.
func warnings(problems earshot.Problems) error {
	if len(problems) == 0 {
		return nil
	}
	return problems
}

// plan is a configuration, compiled. It never changes.
type plan struct {
	Config
	address                     address
	body                        template
	mapping                     *mapping.Mapping
	next, token, more           *mapping.Expression
	failure, backoff, left, all *mapping.Expression
}

func newPlan(c Config) (*plan, earshot.Problems) {
	p := &plan{Config: c}
	problems := c.check()
	add := func(path string, bad earshot.Problems) {
		for _, problem := range bad {
			problem.Path = strings.TrimSuffix(path+"."+problem.Path, ".")
			problems = append(problems, problem)
		}
	}
	compile := func(path, source string, kind mapping.Kind) *mapping.Expression {
		if source == "" {
			return nil
		}
		e, bad := mapping.Compile(source, kind)
		add(path, bad)
		return e
	}
	var bad earshot.Problems
	p.address, bad = parseAddress(c.URL)
	add("url", bad)
	p.body, bad = parseTemplate(c.Body, true)
	add("body", bad)
	p.next = compile("paging.next", c.Paging.Next, mapping.Text)
	p.token = compile("paging.token", c.Paging.Token, mapping.Text)
	p.more = compile("paging.more", c.Paging.More, mapping.Flag)
	p.failure = compile("answer.failure", c.Answer.Failure, mapping.Text)
	p.backoff = compile("answer.backoff", c.Answer.Backoff, mapping.Number)
	p.left = compile("answer.left", c.Answer.Left, mapping.Number)
	p.all = compile("answer.of", c.Answer.Of, mapping.Number)
	p.mapping, bad = mapping.New(c.Mapping, c.Network)
	add("mapping", bad)
	if p.token != nil && !p.uses("token") {
		add("paging.token", earshot.Problems{{What: "nothing asks for {token}", Hint: "put it into url or body"}})
	}
	if problems.Fatal() {
		return nil, problems
	}
	return p, problems
}

func (p *plan) uses(value string) bool { return p.address.uses(value) || p.body.uses(value) }

// terms are what is searched for.
func (p *plan) terms(queries []earshot.Query, problems earshot.Problems) ([]string, earshot.Problems) {
	terms, path := p.Search.Terms, "search.terms"
	if len(terms) == 0 {
		var incomplete bool
		path = "url"
		terms, incomplete = termsOf(queries, p.Search.Phrases)
		if incomplete && len(terms) > 0 {
			problems = append(problems, earshot.Problem{Path: path, What: "some of what the brands' queries ask for cannot be searched for word by word and is not heard here", Hint: "list what to search for in search: {terms: […]}", Warning: true})
		}
	}
	switch {
	case len(terms) == 0:
		problems = append(problems, earshot.Problem{Path: path, What: "there is nothing to search for", Hint: "add brands with queries, or search: {terms: […]}", Warning: true})
	case len(terms) > maxTerms:
		problems = append(problems, earshot.Problem{Path: path, What: fmt.Sprintf("%d terms are too many to search for one by one, more than %d", len(terms), maxTerms), Hint: "list the most telling ones in search: {terms: […]}"})
	}
	seen := map[string]bool{}
	for i, term := range p.Search.Terms {
		if key := strings.ToLower(term); seen[key] || strings.TrimSpace(term) == "" {
			problems = append(problems, earshot.Problem{Path: fmt.Sprintf("search.terms[%d]", i), What: "empty, or there already", Hint: "remove it"})
		} else {
			seen[key] = true
		}
	}
	return terms, problems
}

// source hears one list of posts.
type source struct {
	listener, part string
	term           string
	plan           *plan
	client         *http.Client
	budget         *listeners.Budget // nil for none
	log            *zap.Logger
	now            func() time.Time
}

var errForeign = errors.New("the next page is at another host")
