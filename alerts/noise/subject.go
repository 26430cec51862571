package noise

import (
	"slices"
	"strings"

	"earshot"
)

// Subject is what matchers look at: an alert, or a mention on its way to a team.
// What is not known of it is empty.
type Subject struct {
	Brand    string        `json:"brand,omitempty"`
	Team     string        `json:"team,omitempty"`
	Kind     earshot.Kind  `json:"kind,omitempty"`
	Topics   []string      `json:"topics,omitempty"`
	Urgency  earshot.Band  `json:"urgency,omitempty"`
	Network  string        `json:"network,omitempty"`
	Author   string        `json:"author,omitempty"` // handle
	Listener string        `json:"listener,omitempty"`
	Language string        `json:"language,omitempty"`
	State    earshot.Alarm `json:"state,omitempty"` // of a crisis
}

// Names are what matchers can ask for.
func Names() []string {
	return []string{"brand", "team", "kind", "topic", "urgency", "network", "author", "listener", "language", "state"}
}

// Of is the subject of an alert.
func Of(a *earshot.Alert) Subject {
	s := Subject{Brand: a.Brand, Team: a.Team, Kind: a.Kind, Urgency: a.Urgency}
	if a.Topic != "" {
		s.Topics = []string{a.Topic}
	}
	if a.Verdict != nil {
		for _, topic := range a.Verdict.Topics {
			if topic != a.Topic {
				s.Topics = append(s.Topics, topic)
			}
		}
	}
	if m := a.Mention; m != nil {
		s.Network, s.Author, s.Listener, s.Language = m.Network, m.Author.Handle, m.Listener, m.Lang
	}
	if a.Evidence != nil {
		s.State = a.Evidence.To
	}
	return s
}

// values are what the subject has under a name: one, or as many as it has topics.
func (s *Subject) values(name string) []string {
	switch name {
	case "brand":
		return []string{s.Brand}
	case "team":
		return []string{s.Team}
	case "kind":
		return []string{string(s.Kind)}
	case "topic":
		if len(s.Topics) > 0 {
			return s.Topics
		}
	case "urgency":
		return []string{string(s.Urgency)}
	case "network":
		return []string{s.Network}
	case "author":
		return []string{handle(s.Author)}
	case "listener":
		return []string{s.Listener}
	case "language":
		return []string{strings.ToLower(s.Language)}
	case "state":
		return []string{string(s.State)}
	}
	return []string{""}
}

// handle is a handle as it is compared.
func handle(h string) string { return strings.ToLower(strings.TrimPrefix(h, "@")) }

// compared is a value of a matcher as the subject has it.
func compared(name, value string) string {
	switch name {
	case "author":
		return handle(value)
	case "language":
		return strings.ToLower(value)
	}
	return value
}

// possible lists what a name can be, nil for anything.
func possible(name string) []string {
	words := func(n int, at func(int) string) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = at(i)
		}
		return list
	}
	switch name {
	case "kind":
		return words(len(earshot.Kinds()), func(i int) string { return string(earshot.Kinds()[i]) })
	case "urgency":
		return words(len(earshot.BandNames()), func(i int) string { return string(earshot.BandNames()[i]) })
	case "state":
		return []string{string(earshot.Calm), string(earshot.Watch), string(earshot.Elevated), string(earshot.InCrisis), string(earshot.Recovering)}
	}
	return nil
}

func isPossible(name, value string) bool {
	list := possible(name)
	return list == nil || value == "" || slices.Contains(list, value)
}
