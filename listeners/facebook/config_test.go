package facebook

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

func openWith(change func(*Config)) ([]listeners.Part, error) {
	return Driver().Open(listeners.Setup{
		Name: "meta", Client: http.DefaultClient, Log: zap.NewNop(), Inbox: listeners.NewInbox("", nil),
		Decode: func(into any) error {
			c, ok := into.(*Config)
			if !ok {
				return errors.New("not a Config")
			}
			c.Accounts = []Account{{Page: "1", TokenFile: "config_test.go"}, {Instagram: "1", TokenFile: "config_test.go"}}
			change(c)
			return nil
		},
	})
}

// What is wrong is said with the key it is at, all at once.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Config)
		paths  []string
		fatal  bool
	}{
		"no account":  {func(c *Config) { c.Accounts = nil }, []string{"accounts"}, true},
		"accounts":    {func(c *Config) { c.Accounts = []Account{{}, {Page: "acme", TokenFile: "config_test.go"}} }, []string{"accounts[0]", "accounts[0].token_file", "accounts[1]"}, true},
		"both, twice": {func(c *Config) { c.Accounts[0].Instagram = "1"; c.Accounts = append(c.Accounts, c.Accounts[1]) }, []string{"accounts[0]", "accounts[1]", "accounts[2]"}, true},
		"times":       {func(c *Config) { c.Every, c.Since = 0, -1 }, []string{"every", "since"}, true},
		"very often":  {func(c *Config) { c.Every = time.Second }, []string{"every"}, false},
		"api":         {func(c *Config) { c.API, c.Version = "ftp://x", "24" }, []string{"version", "api"}, true},
		"nothing":     {func(c *Config) { c.Poll = false }, []string{"poll"}, true},
		"no secret":   {func(c *Config) { c.VerifyTokenFile = "config_test.go" }, []string{"app_secret_file"}, true},
	} {
		parts, err := openWith(c.change)
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

// Every account that is asked is a part, and what is delivered one more.
func TestParts(t *testing.T) {
	t.Parallel()
	names := func(parts []listeners.Part) string {
		var all []string
		for _, p := range parts {
			all = append(all, p.Name)
		}
		return strings.Join(all, ", ")
	}
	both := func(c *Config) { c.AppSecretFile, c.VerifyTokenFile = "config_test.go", "config_test.go" }
	if parts, err := openWith(both); err != nil || names(parts) != "deliveries, facebook 1, instagram 1" {
		t.Errorf("%q, %v", names(parts), err)
	}
	if parts, err := openWith(func(c *Config) { both(c); c.Poll = false }); err != nil || names(parts) != "deliveries" {
		t.Errorf("%q, %v", names(parts), err)
	}
}
