package mail_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners/mail"
)

// What is wrong is said with the key it is at, all at once.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	good := func(c *mail.Config) {
		c.Server, c.User, c.PasswordFile, c.Every = "imap.acme.example", "care@acme.example", "config_test.go", time.Minute
	}
	for name, c := range map[string]struct {
		change func(*mail.Config)
		paths  []string
		fatal  bool
	}{
		"empty":          {func(c *mail.Config) { *c = mail.Config{Every: time.Minute, MaxSize: 1 << 20} }, []string{"server", "user", "password_file", "folders"}, true},
		"address":        {func(c *mail.Config) { c.Server = "imaps://imap.acme.example" }, []string{"server"}, true},
		"tls":            {func(c *mail.Config) { c.TLS = "ssl" }, []string{"tls"}, true},
		"in the clear":   {func(c *mail.Config) { c.TLS = "none" }, []string{"tls"}, true},
		"two proofs":     {func(c *mail.Config) { c.TokenFile = "config_test.go" }, []string{"token_file"}, true},
		"folders":        {func(c *mail.Config) { c.Folders = []string{"INBOX", " ", "INBOX"} }, []string{"folders[1]", "folders[2]"}, true},
		"after":          {func(c *mail.Config) { c.After = "delete" }, []string{"after"}, true},
		"moves in ring":  {func(c *mail.Config) { c.After = "move:INBOX" }, []string{"after"}, true},
		"kind":           {func(c *mail.Config) { c.Skip = []string{"bounce", "spam"} }, []string{"skip[1]"}, true},
		"times and size": {func(c *mail.Config) { c.Since, c.Every, c.MaxSize = -1, 0, 1 }, []string{"since", "every", "max_size"}, true},
		"very often":     {func(c *mail.Config) { c.Every = time.Second }, []string{"every"}, false},
	} {
		parts, err := openWith(zap.NewNop(), func(into *mail.Config) {
			good(into)
			c.change(into)
		})
		var problems earshot.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var paths []string
		for _, p := range problems {
			paths = append(paths, p.Path)
		}
		if !slices.Equal(paths, c.paths) || problems.Fatal() != c.fatal || c.fatal == (len(parts) > 0) {
			t.Errorf("%s: %d parts and %v", name, len(parts), problems)
		}
	}
}

// Every folder is a part named like it.
func TestParts(t *testing.T) {
	t.Parallel()
	parts, err := openWith(zap.NewNop(), func(c *mail.Config) {
		c.Server, c.User, c.PasswordFile, c.Every = "127.0.0.1", "ida", "config_test.go", time.Minute
		c.TLS, c.Folders = "none", []string{"INBOX", "Complaints/2026"}
	})
	if err != nil || len(parts) != 2 || parts[0].Name != "INBOX" || parts[1].Name != "Complaints/2026" {
		t.Errorf("%v, %v", parts, err)
	}
}

// A certificate file that holds none is an error that names it.
func TestCAFile(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"config_test.go", "nowhere.pem"} {
		parts, err := openWith(zap.NewNop(), func(c *mail.Config) {
			c.Server, c.User, c.PasswordFile, c.CAFile, c.Every = "127.0.0.1:1", "ida", "config_test.go", file, time.Minute
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := parts[0].Source.Listen(t.Context(), nil, ignore); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%v", err)
		}
	}
}
