package x

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"earshot"
	"earshot/listeners"
)

const (
	rulesPath  = "/2/tweets/search/stream/rules"
	mostRules  = 1000 // of an app
	rulePages  = 20
	tagPrefix  = "earshot/"
	rulesAtOne = 100 // that one request adds or takes away
)

// rule is one rule of the stream. An app has one set of them, which others may
// use as well: ours are known by their tags.
type rule struct {
	ID    string `json:"id,omitempty"`
	Value string `json:"value"`
	Tag   string `json:"tag,omitempty"`
}

// tagOf is the tag of this listener's rule for a query.
func (s *stream) tagOf(query string) string {
	return tagPrefix + s.setup.Name + "/" + earshot.Key(query)[:8]
}

// syncRules makes this listener's rules those that the brands ask for, and
// touches no others.
func (s *stream) syncRules(ctx context.Context, a *api) error {
	now, err := a.rules(ctx)
	if err != nil {
		return fmt.Errorf("reading the rules of the stream: %w", err)
	}
	wanted := map[string]string{} // by tag
	for _, q := range s.rules {
		wanted[s.tagOf(q)] = q
	}
	var obsolete []string
	others := 0
	for _, r := range now {
		switch {
		case !strings.HasPrefix(r.Tag, tagPrefix+s.setup.Name+"/"):
			others++
		case wanted[r.Tag] == r.Value:
			delete(wanted, r.Tag)
		default:
			obsolete = append(obsolete, r.ID)
		}
	}
	if others+len(s.rules) > mostRules {
		return fmt.Errorf("the brands need %d rules of X's stream and %d others are in use, more than the %d that it has; use search instead",
			len(s.rules), others, mostRules)
	}
	for len(obsolete) > 0 {
		some := obsolete[:min(len(obsolete), rulesAtOne)]
		obsolete = obsolete[len(some):]
		if err := a.changeRules(ctx, map[string]any{"delete": map[string]any{"ids": some}}); err != nil {
			return fmt.Errorf("removing rules of the stream: %w", err)
		}
	}
	return s.addRules(ctx, a, wanted)
}

// addRules adds rules in the order of the queries.
func (s *stream) addRules(ctx context.Context, a *api, wanted map[string]string) error {
	var add []rule
	for _, q := range s.rules {
		if _, missing := wanted[s.tagOf(q)]; missing {
			add = append(add, rule{Value: q, Tag: s.tagOf(q)})
		}
	}
	for len(add) > 0 {
		some := add[:min(len(add), rulesAtOne)]
		add = add[len(some):]
		if err := a.changeRules(ctx, map[string]any{"add": some}); err != nil {
			return fmt.Errorf("adding rules to the stream: %w", err)
		}
	}
	return nil
}

// rules returns all rules of the app.
func (a *api) rules(ctx context.Context) ([]rule, error) {
	var all []rule
	token := ""
	for range rulePages {
		query := url.Values{}
		if token != "" {
			query.Set("pagination_token", token)
		}
		body, err := a.get(ctx, endpointRules, rulesPath, query)
		if err != nil {
			return nil, err
		}
		var answer struct {
			Data []rule `json:"data"`
			Meta struct {
				NextToken string `json:"next_token"`
			} `json:"meta"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, malformed(err)
		}
		all = append(all, answer.Data...)
		if token = answer.Meta.NextToken; token == "" {
			return all, nil
		}
	}
	return nil, fmt.Errorf("%w: the rules have no end", listeners.ErrMalformed)
}

// changeRules adds or removes rules. X answers 200 or 201 and lists what it
// refused; a rule that somebody else has already serves as well.
func (a *api) changeRules(ctx context.Context, change map[string]any) error {
	request, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("writing the request: %w", err)
	}
	body, err := a.post(ctx, endpointRules, rulesPath, request)
	if err != nil {
		return err
	}
	for _, p := range problemsOf(body) {
		if !p.is("duplicate-rules") && p.Title != "DuplicateRule" {
			return fmt.Errorf("a rule is refused: %s", p.text())
		}
	}
	return nil
}
