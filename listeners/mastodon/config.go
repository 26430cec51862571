package mastodon

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"earshot"
	"earshot/listeners"
)

// Config is the section of a mastodon listener.
type Config struct {
	Server        string        `yaml:"server" jsonschema:"required,description=Address of the server: https://social.example"`
	TokenFile     string        `yaml:"token_file" jsonschema:"description=File with an access token of an account there; without one only what the server shows to everybody"`
	Brands        bool          `yaml:"brands" jsonschema:"description=Hear the hashtags that the brands ask for and those that their words make"`
	Tags          []string      `yaml:"tags" jsonschema:"description=More hashtags to hear with or without #"`
	Public        string        `yaml:"public" jsonschema:"enum=all,enum=local,enum=remote,description=Hear everything public that the server knows; or only of its own people; or only of others"`
	Notifications bool          `yaml:"notifications" jsonschema:"description=Hear what mentions the account of the token, private messages too"`
	Stream        bool          `yaml:"stream" jsonschema:"description=Hear at once by a stream where the server has one, besides asking"`
	Every         time.Duration `yaml:"every" jsonschema:"description=The time between two rounds of asking"`
	Since         time.Duration `yaml:"since" jsonschema:"description=How far back the first contact reaches"`
}

// What servers allow is 300 requests in five minutes; a round takes two, and
// something besides.
const (
	requestsARound = 3
	mostAMinute    = 60
)

func defaults() Config {
	return Config{Brands: true, Stream: true, Every: time.Minute, Since: 24 * time.Hour}
}

// check returns what is wrong with the section, and worth a warning.
func (c Config) check(queries []earshot.Query) earshot.Problems {
	problems := c.checkServer()
	switch n := len(timelines(c, queries)); {
	case n == 0:
		problems = append(problems, earshot.Problem{
			Path: "tags", What: "there is nothing to hear", Hint: "add tags: [acme], public: local or notifications: true",
		})
	case c.Every > 0 && float64(n)*requestsARound/c.Every.Minutes() > mostAMinute:
		problems = append(problems, earshot.Problem{
			Path: "every", What: fmt.Sprintf("%d timelines every %s are more requests than most servers allow", n, c.Every),
			Hint: "raise every, or leave timelines out", Warning: true,
		})
	}
	problems = append(problems, c.checkTags()...)
	if c.Public != "" && !slices.Contains([]string{"all", "local", "remote"}, c.Public) {
		problems = append(problems, earshot.Problem{
			Path: "public", What: fmt.Sprintf("public is %.40q", c.Public), Hint: "write all, local or remote",
		})
	}
	switch {
	case c.TokenFile != "":
		problems = append(problems, listeners.CheckCredential("token_file", c.TokenFile)...)
	case c.Notifications:
		problems = append(problems, earshot.Problem{
			Path: "token_file", What: "notifications are of an account, and token_file is missing", Hint: "name the file with its access token",
		})
	}
	return append(problems, c.checkTimes()...)
}

func (c Config) checkServer() earshot.Problems {
	const hint = "write https://social.example"
	u, err := url.Parse(c.Server)
	var what string
	switch {
	case c.Server == "":
		what = "server is missing"
	case err != nil, u.Hostname() == "":
		what = "server is not an address"
	case u.Scheme != "http" && u.Scheme != "https":
		what = "the address does not begin with https:// or http://"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		what = "the address holds more than a host and a path"
	default:
		return nil
	}
	return earshot.Problems{{Path: "server", What: what, Hint: hint}}
}

func (c Config) checkTags() earshot.Problems {
	var problems earshot.Problems
	seen := map[string]bool{}
	for i, tag := range c.Tags {
		p := earshot.Problem{Path: fmt.Sprintf("tags[%d]", i), Hint: "letters, digits and _ make a hashtag"}
		switch tag = plainTag(tag); {
		case tag == "":
			p.What = "the hashtag is empty"
		case strings.ContainsFunc(tag, noTag):
			p.What = fmt.Sprintf("%.40q is no hashtag", tag)
		case seen[tag]:
			p.What, p.Hint = fmt.Sprintf("%q is there twice", tag), "remove one of them"
		}
		if seen[tag] = true; p.What != "" {
			problems = append(problems, p)
		}
	}
	return problems
}

func noTag(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && c != '_' && c != '·'
}

// plainTag is a hashtag as servers compare it.
func plainTag(tag string) string { return strings.ToLower(strings.TrimPrefix(tag, "#")) }

func (c Config) checkTimes() earshot.Problems {
	var problems earshot.Problems
	if c.Every <= 0 {
		problems = append(problems, earshot.Problem{Path: "every", What: "every is not positive", Hint: "give a time, 1m for example"})
	}
	if c.Since < 0 {
		problems = append(problems, earshot.Problem{Path: "since", What: "since is negative", Hint: "give a time, 1d for example"})
	}
	return problems
}
