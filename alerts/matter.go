package alerts

import (
	"earshot"
	"earshot/alerts/matter"
)

// CaseID names the case of a matter of a brand. It is the same for every team.
func CaseID(brand, matter string) string { return earshot.Key(brand + "\x00" + matter) }

// Matter says what a mention is about: mentions of one matter are one case.
func Matter(m *earshot.Mention, domains []string) string { return matter.Of(m, domains) }

// thread lists the mentions that this one may belong to, the root first.
func thread(m *earshot.Mention) []string { return matter.Thread(m) }
