//go:build race

package rules_test

// poolsLeak says that the race detector has sync.Pool drop things at random, so that
// allocations cannot be counted.
const poolsLeak = true
