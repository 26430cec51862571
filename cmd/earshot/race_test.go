//go:build race

package main

// raceEnabled says that the race detector is in the binary, and its memory too.
const raceEnabled = true
