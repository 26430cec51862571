package main

import (
	"testing"

	"earshot/listeners"
)

// What is spent reads as people write it, quotas and fractions of a cent alike.
func TestSpentIsReadable(t *testing.T) {
	spent := listeners.Status{Outlook: listeners.Outlook{Spent: []listeners.Spent{
		{Used: 12345, Limit: 1e6, Unit: "units", Per: "day"},
		{Used: 0.1 + 0.2, Limit: 10000, Unit: "USD", Per: "day"},
		{Used: 0.005, Unit: "USD", Per: "month"},
	}}}
	const want = "12345/1000000 units a day, 0.3/10000 USD a day, 0.005 USD a month"
	if got := spentOf(spent); got != want {
		t.Errorf("spent %q, want %q", got, want)
	}
}
