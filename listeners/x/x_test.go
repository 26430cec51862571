package x

import (
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/x/xtest"
)

// openWith opens a listener with a section that change has been applied to.
func openWith(t *testing.T, queries []earshot.Query, handles []string, change func(*Config)) ([]listeners.Part, error) {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	writeFile(t, token, xtest.Token)
	return Driver().Open(listeners.Setup{
		Name: "x", Client: http.DefaultClient, Stream: http.DefaultClient, Log: zap.NewNop(), Queries: queries, Handles: handles, Tally: newTally(),
		Decode: func(into any) error {
			config, is := into.(*Config)
			if !is {
				return errors.New("not a Config")
			}
			config.BearerTokenFile = token
			if change != nil {
				change(config)
			}
			return nil
		},
	})
}

// Each account, the search, the stream and the checks are parts of their own,
// with names that hold no secret.
func TestParts(t *testing.T) {
	t.Parallel()
	handles := []string{"@AcmeCare", "@acmecare", "@acme@social.example", "@bolt"}
	for want, change := range map[string]func(*Config){
		"mentions @acmecare, mentions @bolt, search, recheck":         nil,
		"mentions @acmecare, mentions @bolt, search, stream, recheck": func(c *Config) { c.Stream = true },
		"mentions @other": func(c *Config) { c.Search, c.Recheck, c.Handles = false, nil, []string{"other"} },
		"stream":          func(c *Config) { c.Mentions, c.Search, c.Stream, c.Recheck = false, false, true, nil },
	} {
		parts, err := openWith(t, anything("acme"), handles, change)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range parts {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("the parts are %s, want %s", got, want)
		}
	}
}

// What is wrong is said at its key, all at once; what is only worth a warning
// comes with the parts.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	acme := anything("acme")
	for name, c := range map[string]struct {
		queries []earshot.Query
		change  func(*Config)
		paths   []string
		fatal   bool
	}{
		"no key":        {acme, func(c *Config) { c.BearerTokenFile = "" }, []string{"bearer_token_file"}, true},
		"stream as app": {acme, func(c *Config) { c.BearerTokenFile, c.Stream = "", true }, []string{"bearer_token_file"}, true},
		"one key of four": {
			acme, func(c *Config) { c.ConsumerKeyFile = c.BearerTokenFile },
			[]string{"access_secret_file", "access_token_file", "consumer_secret_file"},
			true,
		},
		"nothing":         {acme, func(c *Config) { c.Mentions, c.Search = false, false }, []string{"search"}, true},
		"no handle":       {acme, func(c *Config) { c.Search = false }, []string{"handles"}, true},
		"no such handle":  {acme, func(c *Config) { c.Handles = []string{"@acme", "@acme care"} }, []string{"handles[1]"}, true},
		"times":           {acme, func(c *Config) { c.Every, c.Lookback, c.Recheck = 0, 8*24*time.Hour, []time.Duration{time.Hour, 0} }, []string{"every", "lookback", "recheck[1]"}, true},
		"often":           {acme, func(c *Config) { c.Every = time.Second }, []string{"every"}, false},
		"money":           {acme, func(c *Config) { c.Budget.Day, c.Price.Post = -1, -0.1 }, []string{"budget.day", "price.post"}, true},
		"no limit":        {acme, func(c *Config) { c.Budget = listeners.BudgetLimits{} }, []string{"budget"}, false},
		"server":          {acme, func(c *Config) { c.Server = "api.x.com" }, []string{"server"}, true},
		"no queries":      {nil, nil, []string{"search"}, false},
		"what X lacks":    {[]earshot.Query{queryOf(n("or", n("word:acme"), n("word:acm*")))}, nil, []string{"search"}, false},
		"what is on none": {[]earshot.Query{queryOf(n("regex:a+"))}, func(c *Config) { c.Search, c.Stream = false, true }, []string{"stream", "stream"}, true},
	} {
		parts, err := openWith(t, c.queries, nil, c.change)
		problems, is := errors.AsType[earshot.Problems](err)
		if !is {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var paths []string
		for _, p := range problems {
			paths = append(paths, p.Path)
		}
		if !slices.Equal(paths, c.paths) || problems.Fatal() != c.fatal || c.fatal == (len(parts) > 0) {
			t.Errorf("%s: %d parts and %v (fatal: %v), want %v", name, len(parts), problems, problems.Fatal(), c.paths)
		}
	}
}

// What the stand-in gives to the crash test is a section that opens and hears.
func TestStandInConfig(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	section, err := server.Config(t.TempDir())
	if err != nil || !strings.Contains(section, "type: x\n") || !strings.Contains(section, server.URL) {
		t.Errorf("%s, %v", section, err)
	}
}
