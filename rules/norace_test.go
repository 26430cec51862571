//go:build !race

package rules_test

const poolsLeak = false
