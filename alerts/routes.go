package alerts

import (
	"slices"
	"time"

	"earshot"
	"earshot/alerts/routing"
)

// Ranks order what a team hears of by severity and urgency.
var (
	kindRank = ranks(earshot.Kinds())
	bandRank = ranks(earshot.BandNames())
)

func ranks[T comparable](ordered []T) map[T]int {
	of := make(map[T]int, len(ordered))
	for i, one := range ordered {
		of[one] = i + 1
	}
	return of
}

// reach returns what of a verdict reaches the teams, by the routes of its rules and
// the table of further ones: one route a team, the most severe of those its filter
// lets through; among equals one with a topic, a dangerous one before others, and
// then the first. A kind that does not exist is a customer's. Teams that do not
// exist are returned apart.
func (s *settings) reach(m *earshot.Mention, v *earshot.Verdict, now time.Time) (routes []routing.Routed, strangers []string) {
	if v == nil || v.OwnedAuthor {
		return nil, nil
	}
	routed, _ := s.table.Apply(m, v, v.Routes, now)
	for _, route := range routed {
		if kindRank[route.Kind] == 0 {
			route.Kind = earshot.KindCustomer
		}
		team, known := s.teams[route.Team]
		if !known {
			strangers = append(strangers, route.Team)
			continue
		}
		if len(team.Kinds) > 0 && !slices.Contains(team.Kinds, route.Kind) {
			continue
		}
		i := slices.IndexFunc(routes, func(r routing.Routed) bool { return r.Team == route.Team })
		switch {
		case i < 0:
			routes = append(routes, route)
		case s.severity(v.Brand, route.Route) > s.severity(v.Brand, routes[i].Route):
			routes[i] = route
		}
	}
	return routes, strangers
}

// severity orders routes by kind, and those of one kind by what is known of their
// topic.
func (s *settings) severity(brand string, r earshot.Route) int {
	topic := 0
	switch {
	case s.danger[topicKey{brand, r.Topic}]:
		topic = 2
	case r.Topic != "":
		topic = 1
	}
	return 3*kindRank[r.Kind] + topic
}
