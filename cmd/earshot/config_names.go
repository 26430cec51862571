package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"earshot"
	"earshot/alerts/routing"
	"earshot/cmd/earshot/strict"
)

// names looks for what routing, crisis and noise refer to in other sections: a typing
// error there would be silence. What a listener or a rule may bring some day is a
// warning, what there can never be an error.
func (l *loader) names() {
	if l.document.Complete("brands", "query", "owned", "danger") {
		for i, line := range l.file.Routing {
			at := fmt.Sprintf("routing[%d].match", i)
			l.brandNames(at+".brands", line.Match.Brands)
			l.topicNames(at+".topics", line.Match.Topics, line.Match.Brands)
		}
		l.plannedNames()
	}
	for i, line := range l.file.Routing {
		l.lineNames(fmt.Sprintf("routing[%d]", i), &line)
	}
	for i, team := range l.file.Teams {
		for j, person := range team.People {
			l.languages(fmt.Sprintf("teams[%d].people[%d].languages", i, j), person.Languages)
		}
	}
	watch := &l.file.Crisis.Watchlist
	l.networks("crisis.watchlist.networks", watch.Networks)
	l.labels("crisis.watchlist.labels", watch.Labels)
	l.zeros()
}

func (l *loader) lineNames(at string, line *routing.Line) {
	l.languages(at+".match.languages", line.Match.Languages)
	l.networks(at+".match.networks", line.Match.Networks)
}

func (l *loader) plannedNames() {
	for i, event := range l.file.Crisis.Planned {
		at := fmt.Sprintf("crisis.planned[%d]", i)
		var of []string
		if event.Brand != "" {
			of = []string{event.Brand}
			l.brandName(at+".brand", event.Brand)
		}
		l.topicNames(at+".topics", event.Topics, of)
	}
}

func (l *loader) brandNames(path string, named []string) {
	for i, name := range named {
		l.brandName(fmt.Sprintf("%s[%d]", path, i), name)
	}
}

func (l *loader) brandName(path, name string) {
	if known := brandNames(&l.config); !slices.Contains(known, name) {
		l.problem(path, fmt.Sprintf("there is no brand %q", name), strict.Suggest(name, known))
	}
}

// topicNames looks for topics of some brands, or of any if none is named. Where one of
// the brands is unknown, that has been said.
func (l *loader) topicNames(path string, named, brands []string) {
	all := l.config.Rules.Brands
	var known []string
	for _, brand := range all {
		if len(brands) == 0 || slices.Contains(brands, brand.Name) {
			for _, topic := range brand.Topics {
				known = append(known, topic.Name)
			}
		}
	}
	if there := brandNames(&l.config); slices.ContainsFunc(brands, func(name string) bool { return !slices.Contains(there, name) }) {
		return
	}
	for i, name := range named {
		if !slices.Contains(known, name) {
			hint := cmp.Or(strict.Suggest(name, unique(known)), "add it to the topics of the brand")
			l.problem(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("there is no topic %q", name), hint)
		}
	}
}

func unique(words []string) []string { return slices.Compact(slices.Sorted(slices.Values(words))) }

func (l *loader) languages(path string, named []string) {
	for i, name := range named {
		base, _, _ := strings.Cut(name, "-")
		if _, err := language.ParseBase(base); name != "" && err != nil {
			l.problem(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("there is no language %q", name), "the code of one, such as en, da or pt-BR")
		}
	}
}

// labels looks for rules that give them.
func (l *loader) labels(path string, named []string) {
	if !l.document.Complete("rules") {
		return
	}
	var known []string
	for _, rule := range l.file.Rules {
		known = append(known, rule.Labels...)
	}
	for i, name := range named {
		if name != "" && !slices.Contains(known, name) {
			l.doubt(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("no rule gives the label %q", name), cmp.Or(strict.Suggest(name, unique(known)), "add labels: to a rule"))
		}
	}
}

// networks doubts those that no listener there is can be for. Most drivers hear one
// network, of their own name; what is given to the others names its own.
func (l *loader) networks(path string, named []string) {
	known := []string{"earshot"}
	for _, c := range l.config.Listeners {
		switch c.Type {
		case "facebook":
			known = append(known, c.Type, "instagram")
		case "bluesky", "mail", "mastodon", "reddit", "rss", "telegram", "x", "youtube":
			known = append(known, c.Type)
		default:
			return
		}
	}
	if len(l.config.Listeners) == 0 || len(l.config.Listeners) < len(l.file.Listeners) {
		return
	}
	for i, name := range named {
		if name != "" && !slices.Contains(known, name) {
			l.doubt(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("no listener hears the network %q", name), strict.Suggest(name, unique(known)))
		}
	}
}

// zeros says what a written 0 means where it is taken for the default.
func (l *loader) zeros() {
	for section, keys := range map[string][]string{
		"crisis": {"mentions", "authors", "crowd", "negative", "networks", "reach", "times", "update", "refrain", "budget", "cold_start"},
		"noise":  {"max_mute", "digest", "group_interval"},
	} {
		written := l.document.Root().Get(section)
		if written.Empty() {
			continue
		}
		for _, key := range keys {
			if value := written.Get(key); !value.Empty() && nothing(value.Text()) {
				l.doubt(section+"."+key, "0 stands for the default", "leave it out, or say how much")
			}
		}
	}
	for team, limit := range l.file.Noise.Limits {
		if limit.Per == 0 && limit.Alerts > 0 {
			l.doubt("noise.limits."+team, fmt.Sprintf("per is missing: at most %d alerts within 1h", limit.Alerts), "add per: 1h")
		}
	}
}

// nothing reports whether a number or a length of time is written as zero.
func nothing(text string) bool {
	return strings.ContainsRune(text, '0') && strings.Trim(text, "0.+-smhdwnµu") == ""
}

func (l *loader) doubt(path, what, hint string) {
	l.document.ReportProblem(earshot.Problem{Path: path, What: what, Hint: hint, Warning: true}, "")
}
