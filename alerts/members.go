package alerts

import (
	"cmp"
	"slices"

	"earshot"
)

// maxMembers is how many mentions a case remembers one by one. It counts the
// others: what they add is in their own memberships.
const maxMembers = 200

// without returns the members but the one of the mention.
func without(members []earshot.Member, mention string) []earshot.Member {
	return slices.DeleteFunc(slices.Clone(members), func(m earshot.Member) bool { return m.Mention == mention })
}

// with returns the members and one more. When there are too many, the least
// urgent goes, among equals the least severe and then the oldest, but never the
// one that gives the case its kind.
func with(members []earshot.Member, one earshot.Member) []earshot.Member {
	members = append(members, one)
	if len(members) <= maxMembers {
		return members
	}
	kept, victim := leader(members), -1
	for i := range members {
		if i != kept && (victim < 0 || lesser(members[i], members[victim])) {
			victim = i
		}
	}
	return slices.Delete(members, victim, victim+1)
}

func lesser(a, b earshot.Member) bool {
	return cmp.Or(cmp.Compare(a.Urgency, b.Urgency), cmp.Compare(kindRank[a.Kind], kindRank[b.Kind])) < 0
}

// leader is the member that gives a case its kind and topic: the most severe,
// among equals one with a topic, then the most urgent and then the oldest.
func leader(members []earshot.Member) int {
	lead := 0
	for i, m := range members {
		best := members[lead]
		if cmp.Or(cmp.Compare(kindRank[m.Kind], kindRank[best.Kind]), cmp.Compare(named(m), named(best)), cmp.Compare(m.Urgency, best.Urgency)) > 0 {
			lead = i
		}
	}
	return lead
}

// named is 1 for a member with a topic.
func named(m earshot.Member) int {
	if m.Topic == "" {
		return 0
	}
	return 1
}

func mostUrgent(members []earshot.Member) earshot.Score {
	urgency := members[0].Urgency
	for _, m := range members[1:] {
		urgency = max(urgency, m.Urgency)
	}
	return urgency
}
