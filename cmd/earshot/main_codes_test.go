package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs the command line in this process.
func call(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = exitCode(args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// The exit codes are a contract: systemd and scripts act on them.
func TestExitCodes(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.yaml")
	if err := os.WriteFile(good, []byte("brands: [{name: acme, query: acme}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		in   string
		want int
	}{
		{[]string{"version"}, "", exitOK},
		{[]string{"check", "-c", good}, "", exitOK},
		{[]string{"judge", "-c", good}, `{"text":"acme"}`, exitOK},
		{[]string{"judge", "-c", good}, `nonsense`, exitFailed},
		{[]string{"man", "/dev/null/x"}, "", exitFailed},
		{[]string{}, "", exitUsage},
		{[]string{"chek"}, "", exitUsage},
		{[]string{"check", "--no"}, "", exitUsage},
		{[]string{"check", "surplus"}, "", exitUsage},
		{[]string{"man"}, "", exitUsage},
		{[]string{"check", "-c", good + ".not"}, "", exitConfig},
		{[]string{"judge", "-c", good + ".not"}, "", exitConfig},
		{[]string{"check", "-c", "testdata/config/unknown-key.yaml"}, "", exitConfig},
		{[]string{"run", "-c", "testdata/config/addresses.yaml"}, "", exitConfig},
		{[]string{"backup"}, "", exitUsage},
		{[]string{"restore", "a", "b"}, "", exitUsage},
	} {
		code, _, stderr := call(t, c.in, c.args...)
		if code != c.want {
			t.Errorf("earshot %s: exit %d, want %d\n%s", strings.Join(c.args, " "), code, c.want, stderr)
		}
		if code != exitOK && strings.Count(stderr, "earshot: ") != 1 {
			t.Errorf("earshot %s says what is wrong not once: %q", strings.Join(c.args, " "), stderr)
		}
	}
}
