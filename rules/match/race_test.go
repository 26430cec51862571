//go:build race

package match_test

const race = true
