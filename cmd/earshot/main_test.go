package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets this binary be earshot: for the scripts by its name, for the
// tests that kill a daemon by a variable.
func TestMain(m *testing.M) {
	if os.Getenv(daemonVariable) != "" {
		if clock := os.Getenv(clockVariable); clock != "" {
			os.Exit(runByClock(clock))
		}
		main()
	}
	testscript.Main(m, map[string]func(){"earshot": main})
}

// The command line does what its help says.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			root, err := filepath.Abs(filepath.Join("..", ".."))
			env.Setenv("ROOT", root)
			return err
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
