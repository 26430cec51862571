package listeners_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"earshot/listeners"
)

// A credential is the one line of its file; an error names the file and nothing in it.
func TestReadCredential(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	for content, want := range map[string]string{
		"hunter2": "hunter2", " hunter2\r\n": "hunter2", "\n\n": "", "hunter2\nsecond": "",
		strings.Repeat("hunter2", 20_000): "",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := listeners.ReadCredential(file, "make a new one")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.20q: %q, %v", content, got, err)
		}
		checkRefused(t, err, file)
	}
	_, err := listeners.ReadCredential(file+".missing", "make a new one")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	checkRefused(t, err, file+".missing")
}

func checkRefused(t *testing.T, err error, file string) {
	t.Helper()
	if err == nil {
		return
	}
	var refused *listeners.Refused
	if !errors.As(err, &refused) || refused.File != file || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}
