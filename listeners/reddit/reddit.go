// Package reddit hears Reddit: new posts and comments of subreddits, and
// searches, by the Data API with an application's credentials, or slowly by the
// public feeds without any. Stored posts are looked up again, since Reddit tells of
// deletions only when asked. It writes and votes on nothing.
package reddit

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
)

// network is what mentions of this driver are from.
const network = "reddit"

// Config is the section of a reddit listener.
type Config struct {
	Subreddits   []string      `yaml:"subreddits" jsonschema:"description=Subreddits whose new posts are heard"`
	Comments     bool          `yaml:"comments" jsonschema:"description=Hear the comments of the subreddits too"`
	Search       []string      `yaml:"search" jsonschema:"description=Searches in all of Reddit in its own syntax"`
	Brands       bool          `yaml:"brands" jsonschema:"description=Search all of Reddit for what the brands ask for"`
	Every        time.Duration `yaml:"every" jsonschema:"description=The time between two looks at a subreddit or search"`
	Recheck      time.Duration `yaml:"recheck" jsonschema:"description=How often stored posts are looked up for edits and deletions; 0 for never"`
	ClientID     string        `yaml:"client_id" jsonschema:"description=Of an application registered at Reddit; without one the public feeds are read once a minute"`
	SecretFile   string        `yaml:"secret_file" jsonschema:"description=File with the secret of the application"`
	Username     string        `yaml:"username" jsonschema:"description=Account of a script application; left out the application reads as itself"`
	PasswordFile string        `yaml:"password_file" jsonschema:"description=File with the password of the account"`
	UserAgent    string        `yaml:"user_agent" jsonschema:"description=Who Reddit is told we are: platform:app:version (by /u/name)"`
	Server       string        `yaml:"server" jsonschema:"description=Another server that speaks the API; for tests"`
}

func defaults() Config {
	return Config{Comments: true, Brands: true, Every: time.Minute, Recheck: 24 * time.Hour}
}

// Driver is the reddit kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: open, Searches: true}
}

// open makes a part of each subreddit, of its comments and of each search.
// Problems that are warnings only come with the parts.
func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	timelines := config.timelines(setup.Queries)
	problems := config.check(len(timelines))
	if problems.Fatal() {
		return nil, problems
	}
	account := newAccount(config, setup.Client)
	var parts []listeners.Part
	for _, t := range timelines {
		parts = append(parts, listeners.Part{Name: t.part, Source: &source{
			timeline: t, account: account, every: config.Every, log: setup.Log,
		}})
	}
	if account.authorised() && config.Recheck > 0 {
		parts = append(parts, listeners.Part{Name: "recheck", Source: &listeners.Recheck{
			Network: network, Listener: setup.Name, Every: config.Recheck, Most: pageSize, Stored: setup.Stored, Ask: account.lookUp,
		}})
	}
	if len(problems) > 0 {
		return parts, problems
	}
	return parts, nil
}

// timeline is one listing of Reddit, newest first.
type timeline struct {
	part   string
	path   string
	params url.Values
}

func (c Config) timelines(queries []earshot.Query) []timeline {
	var all []timeline
	for _, name := range c.Subreddits {
		name = bare(name)
		all = append(all, timeline{part: "r/" + name, path: "/r/" + name + "/new"})
		if c.Comments {
			all = append(all, timeline{part: "r/" + name + " comments", path: "/r/" + name + "/comments"})
		}
	}
	searches := slices.Clone(c.Search)
	if c.Brands {
		for _, q := range queries {
			searches = append(searches, compile(q)...)
		}
	}
	for i, text := range searches {
		if slices.Contains(searches[:i], text) {
			continue // two brands that ask for the same
		}
		all = append(all, timeline{part: "search " + text, path: "/search", params: url.Values{
			"q": {text}, "sort": {"new"}, "type": {"link"}, "include_over_18": {"on"},
		}})
	}
	return all
}

// bare is a subreddit's name without r/ before it.
func bare(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "/"), "r/")
}

var subredditName = regexp.MustCompile(`^[A-Za-z0-9_]{2,24}$`)

// check returns what is wrong with the section, and worth a warning.
func (c Config) check(timelines int) earshot.Problems {
	var problems earshot.Problems
	refuse := func(wrong bool, path, what, hint string) {
		if wrong {
			problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
		}
	}
	refuse(timelines == 0 && !c.Brands, "subreddits", "there is nothing to hear", "add subreddits: [name] or search: [text], or leave brands on")
	for i, name := range c.Subreddits {
		path := fmt.Sprintf("subreddits[%d]", i)
		refuse(!subredditName.MatchString(bare(name)), path, "not the name of a subreddit", "letters, digits and _, as in toys or r/toys")
		twice := slices.ContainsFunc(c.Subreddits[:i], func(other string) bool { return bare(other) == bare(name) })
		refuse(twice, path, "the same subreddit twice", "remove one of them")
	}
	for i, text := range c.Search {
		refuse(strings.TrimSpace(text) == "", fmt.Sprintf("search[%d]", i), "an empty search", "say what to look for")
		refuse(len(text) > longestSearch, fmt.Sprintf("search[%d]", i), fmt.Sprintf("longer than the %d characters that Reddit takes", longestSearch), "make two searches of it")
	}
	refuse(c.Every <= 0, "every", "every is not positive", "give a time, 1m for example")
	refuse(c.Recheck < 0, "recheck", "recheck is negative", "give a time, 24h for example, or 0 for never")
	if u, err := url.Parse(c.Server); c.Server != "" {
		refuse(err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"), "server", "not an address", "leave it out, or write https://host")
	}
	return append(problems, c.checkCredentials()...)
}

func (c Config) checkCredentials() earshot.Problems {
	if c.ClientID == "" && c.SecretFile == "" {
		problems := earshot.Problems{{
			Path: "client_id", Warning: true, What: "without an application only the public feeds are read, one request a minute for all",
			Hint: "register one at https://www.reddit.com/prefs/apps",
		}}
		if c.Username != "" || c.PasswordFile != "" {
			problems = append(problems, earshot.Problem{Path: "username", What: "an account needs an application", Hint: "add client_id and secret_file"})
		}
		return problems
	}
	var problems earshot.Problems
	if c.ClientID == "" {
		problems = append(problems, earshot.Problem{Path: "client_id", What: "client_id is missing", Hint: "it stands below the name of the application"})
	}
	problems = append(problems, listeners.CheckCredential("secret_file", c.SecretFile)...)
	switch {
	case c.Username == "" && c.PasswordFile != "":
		problems = append(problems, earshot.Problem{Path: "username", What: "username is missing", Hint: "say whose password it is"})
	case c.Username != "":
		problems = append(problems, listeners.CheckCredential("password_file", c.PasswordFile)...)
	}
	return problems
}
