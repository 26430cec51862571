package x

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
)

// Config is the section of an x listener.
type Config struct {
	BearerTokenFile    string `yaml:"bearer_token_file" jsonschema:"description=File with the bearer token of an app: for search and stream"`
	ConsumerKeyFile    string `yaml:"consumer_key_file" jsonschema:"description=File with the app's API key: with the other three it speaks for the brand's own account by OAuth 1.0a"`
	ConsumerSecretFile string `yaml:"consumer_secret_file" jsonschema:"description=File with the app's API key secret"`
	AccessTokenFile    string `yaml:"access_token_file" jsonschema:"description=File with the access token of the account"`
	AccessSecretFile   string `yaml:"access_secret_file" jsonschema:"description=File with the access token secret of the account"`

	Mentions bool     `yaml:"mentions" jsonschema:"description=Hear what mentions the handles"`
	Search   bool     `yaml:"search" jsonschema:"description=Ask the recent search for what the brands ask for"`
	Stream   bool     `yaml:"stream" jsonschema:"description=Hear the filtered stream; its gaps are bridged by search"`
	Handles  []string `yaml:"handles" jsonschema:"description=Accounts whose mentions are heard; those that the brands own if left out"`

	Every    time.Duration   `yaml:"every" jsonschema:"description=Time between two searches"`
	Lookback time.Duration   `yaml:"lookback" jsonschema:"description=How far back the first search looks; at most 7d"`
	Recheck  []time.Duration `yaml:"recheck" jsonschema:"description=Ages at which stored posts are looked up again to learn of deletions and edits; [] for never"`

	Budget listeners.BudgetLimits `yaml:"budget" jsonschema:"description=The most that may be spent in USD"`
	Price  Price                  `yaml:"price" jsonschema:"description=What X charges in USD: see the developer console"`
	Server string                 `yaml:"server" jsonschema:"description=Where the API is"`
}

// Price is what X charges, in USD.
type Price struct {
	Post    float64 `yaml:"post" jsonschema:"description=A post that is read"`
	Mention float64 `yaml:"mention" jsonschema:"description=A post that mentions the account whose keys ask"`
	User    float64 `yaml:"user" jsonschema:"description=An account that is looked up"`
	Author  float64 `yaml:"author" jsonschema:"description=An account that comes with a post"`
}

const (
	defaultEvery    = 5 * time.Minute
	leastEvery      = 10 * time.Second // more often is said to be costly
	defaultLookback = 24 * time.Hour
	mostLookback    = 7 * 24 * time.Hour
)

// defaults are what a section without keys means.
func defaults() Config {
	return Config{
		Mentions: true, Search: true, Every: defaultEvery, Lookback: defaultLookback,
		Recheck: []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour},
		Budget:  listeners.BudgetLimits{Day: 5, Month: 100},
		Price:   Price{Post: 0.005, Mention: 0.001, User: 0.010},
		Server:  "https://api.x.com",
	}
}

func (c *Config) files() keyFiles {
	return keyFiles{
		Bearer: c.BearerTokenFile, ConsumerKey: c.ConsumerKeyFile, ConsumerSecret: c.ConsumerSecretFile,
		AccessToken: c.AccessTokenFile, AccessSecret: c.AccessSecretFile,
	}
}

// check returns what is wrong with the section, and worth a warning.
func (c *Config) check() earshot.Problems {
	problems := c.checkKeys()
	if !c.Mentions && !c.Search && !c.Stream {
		problems = append(problems, earshot.Problem{Path: "search", What: "nothing is heard", Hint: "turn on mentions, search or stream"})
	}
	for i, handle := range c.Handles {
		if !isHandle(strings.TrimPrefix(handle, "@")) {
			problems = append(problems, earshot.Problem{
				Path: fmt.Sprintf("handles[%d]", i), What: "no account of X can have this name", Hint: "up to 15 letters, digits and _, as in @acmecare",
			})
		}
	}
	problems = append(problems, c.checkTimes()...)
	problems = append(problems, c.checkMoney()...)
	if u, err := url.Parse(c.Server); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" {
		problems = append(problems, earshot.Problem{Path: "server", What: "not the address of an API", Hint: "leave it out for https://api.x.com"})
	}
	return problems
}

func (c *Config) checkKeys() earshot.Problems {
	var problems earshot.Problems
	f := c.files()
	named := 0
	paths := []string{"consumer_key_file", "consumer_secret_file", "access_token_file", "access_secret_file"}
	for _, file := range f.user() {
		if file != "" {
			named++
		}
	}
	if named > 0 && named < len(paths) {
		for i, file := range f.user() {
			if file == "" {
				problems = append(problems, earshot.Problem{Path: paths[i], What: "is missing beside the other keys of the account", Hint: "name all four files or none"})
			}
		}
	}
	switch {
	case f.Bearer != "":
	case c.Stream:
		problems = append(problems, earshot.Problem{Path: "bearer_token_file", What: "is missing, and X streams to apps only", Hint: "name the file with the app's bearer token"})
	case named == 0:
		problems = append(problems, earshot.Problem{Path: "bearer_token_file", What: "is missing", Hint: "name the file with the app's bearer token; docs/sources/x.md says how to get one"})
	}
	return problems
}

func (c *Config) checkTimes() earshot.Problems {
	var problems earshot.Problems
	switch {
	case c.Every <= 0:
		problems = append(problems, earshot.Problem{Path: "every", What: "every is not positive", Hint: "give a time, 5m for example"})
	case c.Every < leastEvery:
		problems = append(problems, earshot.Problem{Path: "every", What: fmt.Sprintf("every %s uses up X's limit of requests", c.Every), Hint: "10s or more; use stream for what must be heard at once", Warning: true})
	}
	if c.Lookback <= 0 || c.Lookback > mostLookback {
		problems = append(problems, earshot.Problem{Path: "lookback", What: "X searches between now and seven days ago", Hint: "give a time up to 7d"})
	}
	for i, age := range c.Recheck {
		if age <= 0 {
			problems = append(problems, earshot.Problem{Path: fmt.Sprintf("recheck[%d]", i), What: "not an age", Hint: "give times, [1h, 1d, 7d] for example"})
		}
	}
	return problems
}

func (c *Config) checkMoney() earshot.Problems {
	var problems earshot.Problems
	for _, p := range c.Budget.Check() {
		p.Path = "budget." + p.Path
		problems = append(problems, p)
	}
	if c.Budget.Day == 0 && c.Budget.Month == 0 {
		problems = append(problems, earshot.Problem{Path: "budget", What: "nothing limits what is spent", Hint: "a broad query can cost thousands: give day or month", Warning: true})
	}
	for path, price := range map[string]float64{"post": c.Price.Post, "mention": c.Price.Mention, "user": c.Price.User, "author": c.Price.Author} {
		if !(price >= 0 && price <= 1000) {
			problems = append(problems, earshot.Problem{Path: "price." + path, What: "not a price", Hint: "give USD, 0.005 for example"})
		}
	}
	return problems
}
