package alerts

import (
	"slices"

	"earshot"
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

// reach returns what of a verdict reaches the teams: one route a team, the most
// severe of those its filter lets through, the first among equals. A kind that
// does not exist is a customer's. Teams that do not exist are returned apart.
func (s *settings) reach(v *earshot.Verdict) (routes []earshot.Route, strangers []string) {
	if v == nil || v.OwnedAuthor {
		return nil, nil
	}
	for _, route := range v.Routes {
		if kindRank[route.Kind] == 0 {
			route.Kind = earshot.Customer
		}
		team, known := s.teams[route.Team]
		if !known {
			strangers = append(strangers, route.Team)
			continue
		}
		if len(team.Kinds) > 0 && !slices.Contains(team.Kinds, route.Kind) {
			continue
		}
		i := slices.IndexFunc(routes, func(r earshot.Route) bool { return r.Team == route.Team })
		switch {
		case i < 0:
			routes = append(routes, route)
		case kindRank[route.Kind] > kindRank[routes[i].Kind]:
			routes[i] = route
		}
	}
	return routes, strangers
}
