package listeners_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"earshot/listeners"
)

// A credential is what its file holds; whatever is wrong with the file is said
// with its name and the way to a new one.
func TestCredential(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, want string }{
		"token":   {" s3cret\r\n", "s3cret"},
		"empty":   {" \n", ""},
		"endless": {strings.Repeat("x", 70_000), ""},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := listeners.Credential(file, "make a new one")
		var refused *listeners.Refused
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !errors.As(err, &refused) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	missing := filepath.Join(dir, "missing")
	_, err := listeners.Credential(missing, "make a new one")
	if err == nil || !strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), "make a new one") {
		t.Errorf("%v", err)
	}
}

// A check wants the key; whether the file is there yet is not its business.
func TestCheckCredential(t *testing.T) {
	t.Parallel()
	if problems := listeners.CheckCredential("token_file", ""); !problems.Fatal() {
		t.Errorf("no file: %v", problems)
	}
	if problems := listeners.CheckCredential("token_file", filepath.Join(t.TempDir(), "x")); len(problems) != 0 {
		t.Errorf("a file that comes later: %v", problems)
	}
}
