package bluesky

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"earshot"
)

// Config is the section of a bluesky listener.
type Config struct {
	Servers  []string      `yaml:"servers" jsonschema:"minItems=1,description=Jetstream instances in the order in which they are tried; another one takes over when one fails"`
	Since    time.Duration `yaml:"since" jsonschema:"description=How far back the first contact reaches"`
	Profiles bool          `yaml:"profiles" jsonschema:"description=Ask who wrote the posts that may concern a brand: handle, name, followers, age of the account"`
	API      string        `yaml:"api" jsonschema:"description=Where profiles are asked for"`
}

func defaults() Config {
	return Config{
		Servers: []string{
			"wss://jetstream1.us-east.bsky.network", "wss://jetstream2.us-west.bsky.network",
			"wss://jetstream2.us-east.bsky.network", "wss://jetstream1.us-west.bsky.network",
		},
		Since: 10 * time.Minute,
		API:   "https://public.api.bsky.app",
	}
}

// check returns what is wrong with the section.
func (c Config) check() earshot.Problems {
	var problems earshot.Problems
	if len(c.Servers) == 0 {
		problems = append(problems, earshot.Problem{
			Path: "servers", What: "there is no server", Hint: "leave servers out for those of Bluesky, or add wss://…",
		})
	}
	for i, server := range c.Servers {
		path := fmt.Sprintf("servers[%d]", i)
		if what := wrongWith(server); what != "" {
			problems = append(problems, earshot.Problem{Path: path, What: what, Hint: "write wss://host"})
		} else if first := slices.Index(c.Servers, server); first < i {
			problems = append(problems, earshot.Problem{
				Path: path, What: fmt.Sprintf("the same server as servers[%d]", first), Hint: "remove one of them",
			})
		}
	}
	if c.Since < 0 {
		problems = append(problems, earshot.Problem{Path: "since", What: "since is negative", Hint: "give a time, 10m for example"})
	}
	if u, err := url.Parse(c.API); c.Profiles && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil) {
		problems = append(problems, earshot.Problem{Path: "api", What: "api is not an address", Hint: "leave it out, or write https://host"})
	}
	return problems
}

// wrongWith never repeats the address: it may hold a secret.
func wrongWith(server string) string {
	u, err := url.Parse(server)
	switch {
	case err != nil:
		return "not an address"
	case u.Scheme != "wss" && u.Scheme != "ws":
		return "the address does not begin with wss:// or ws://"
	case u.Hostname() == "":
		return "the address has no host"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "the address holds more than a host and a path"
	}
	return ""
}

// subscribe is the address of a server's stream from a cursor on, of posts and of
// what becomes of accounts.
func subscribe(server, cursor string) string {
	q := url.Values{"wantedCollections": {collection}, "compress": {"true"}, "maxMessageSizeBytes": {fmt.Sprint(maxMessage)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return strings.TrimRight(server, "/") + "/subscribe?" + q.Encode()
}
