package poll

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mapping"
)

// Config is the section of a poll listener.
type Config struct {
	Network string                 `yaml:"network" jsonschema:"required,description=Public name of the network that the posts are from: the first half of their IDs,example=hackernews"`
	URL     string                 `yaml:"url" jsonschema:"required,description=Address to ask; {since} {until} {after} {page} {offset} {token} and {term} stand for values"`
	Body    string                 `yaml:"body" jsonschema:"description=JSON to POST with the same values in it; without it the address is asked by GET"`
	Headers map[string]string      `yaml:"headers" jsonschema:"description=Headers of each request; secrets belong in secrets"`
	Secrets []Secret               `yaml:"secrets" jsonschema:"description=Credentials read from files"`
	Renew   string                 `yaml:"renew" jsonschema:"description=How a person gets a new credential when one is refused"`
	Search  Search                 `yaml:"search" jsonschema:"description=What {term} stands for; a part of the listener for each term"`
	Every   time.Duration          `yaml:"every" jsonschema:"description=Time between two polls"`
	First   time.Duration          `yaml:"first" jsonschema:"description=How old a post may be that is heard on first contact"`
	Overlap time.Duration          `yaml:"overlap" jsonschema:"description=How far before the newest post {since} is; for networks that list posts late"`
	Order   string                 `yaml:"order" jsonschema:"description=How the network lists posts,enum=newest,enum=oldest"`
	Paging  Paging                 `yaml:"paging" jsonschema:"description=How to get the rest of a long list"`
	Answer  Answer                 `yaml:"answer" jsonschema:"description=What an answer says besides its posts"`
	Budget  listeners.BudgetLimits `yaml:"budget" jsonschema:"description=The most requests of this listener"`
	Mapping mapping.Config         `yaml:"mapping" jsonschema:"required,description=How an item of an answer becomes a mention; see docs/sources/mapping.md"`
}

// Secret is one credential and where a request carries it.
type Secret struct {
	Header    string `yaml:"header" jsonschema:"description=Header that carries it"`
	Param     string `yaml:"param" jsonschema:"description=Parameter of the address that carries it if no header does"`
	Prefix    string `yaml:"prefix" jsonschema:"description=What stands before it,example=Bearer "`
	ValueFile string `yaml:"value_file" jsonschema:"description=File that holds it"`
	Optional  bool   `yaml:"optional" jsonschema:"description=Do without it when no file is named"`
}

// Search says what is searched for.
type Search struct {
	Terms   []string `yaml:"terms" jsonschema:"description=What to search for; if left out what the queries of the brands need"`
	Phrases string   `yaml:"phrases" jsonschema:"description=How several words in a row are written,enum=quoted,enum=plain"`
}

// Paging says how to get from one page to the next.
type Paging struct {
	Link  bool   `yaml:"link" jsonschema:"description=The next page is in the Link header (RFC 8288)"`
	Next  string `yaml:"next" jsonschema:"description=Expression for the address of the next page"`
	Token string `yaml:"token" jsonschema:"description=Expression for what {token} is on the next page"`
	More  string `yaml:"more" jsonschema:"description=Expression that is true if there is another page; if left out a page with items is followed by another"`
	Start int    `yaml:"start" jsonschema:"description=What {page} is on the first page"`
	Most  int    `yaml:"most" jsonschema:"description=The most pages in one go"`
}

// Answer names what an answer says besides its posts, by expressions.
type Answer struct {
	Failure string `yaml:"failure" jsonschema:"description=What went wrong in words; empty if nothing did"`
	Backoff string `yaml:"backoff" jsonschema:"description=Seconds in which nothing may be asked"`
	Left    string `yaml:"left" jsonschema:"description=Requests that are left; the usual headers are read without it"`
	Of      string `yaml:"of" jsonschema:"description=Requests that are allowed in all"`
}

// Orders in which networks list posts.
const (
	newest = "newest"
	oldest = "oldest"
)

// Forms of several words in a row.
const (
	quoted = "quoted"
	plain  = "plain"
)

func defaults() Config {
	return Config{
		Every: 5 * time.Minute, First: 24 * time.Hour, Overlap: 10 * time.Minute, Order: newest,
		Paging: Paging{Start: 1, Most: 20}, Search: Search{Phrases: quoted},
	}
}

var networkName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// check returns what is wrong with everything that is not an expression.
func (c *Config) check() earshot.Problems {
	var problems earshot.Problems
	refuse := func(wrong bool, path, what, hint string) {
		if wrong {
			problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
		}
	}
	refuse(!networkName.MatchString(c.Network), "network", "network is not the name of a network", "a to z, 0 to 9 and -, such as hackernews")
	refuse(c.Every <= 0, "every", "every is not positive", "give a time, 5m for example")
	refuse(c.First <= 0, "first", "first is not positive", "give a time, 24h for example")
	refuse(c.Overlap < 0, "overlap", "overlap is negative", "give a time, 10m for example")
	refuse(c.Order != newest && c.Order != oldest, "order", "order is neither newest nor oldest", "say what the network lists first")
	refuse(c.Search.Phrases != quoted && c.Search.Phrases != plain, "search.phrases", "phrases is neither quoted nor plain", "leave it out")
	refuse(c.Paging.Most < 1, "paging.most", "most is less than 1", "give a number, 20 for example")
	refuse(c.Paging.Start < 0, "paging.start", "start is negative", "networks count from 0 or 1")
	if c.Every > 0 && c.Every < time.Second {
		problems = append(problems, earshot.Problem{Path: "every", What: fmt.Sprintf("every %s asks more often than once a second", c.Every), Hint: "fit for tests against a server of your own only", Warning: true})
	}
	for name := range c.Headers {
		refuse(slices.Contains([]string{"Authorization", "Cookie"}, http.CanonicalHeaderKey(name)), "headers", name+" may hold a secret, which belongs in a file", "write secrets: [{header: "+name+", value_file: …}]")
	}
	for _, p := range c.Budget.Check() {
		p.Path = "budget." + p.Path
		problems = append(problems, p)
	}
	return append(problems, c.checkSecrets()...)
}

func (c *Config) checkSecrets() earshot.Problems {
	var problems earshot.Problems
	for i, s := range c.Secrets {
		path := fmt.Sprintf("secrets[%d]", i)
		switch {
		case (s.Header == "") == (s.Param == ""):
			problems = append(problems, earshot.Problem{Path: path, What: "a secret goes into a header or a parameter", Hint: "write header: Authorization, or param: key"})
		case s.ValueFile == "" && !s.Optional:
			problems = append(problems, earshot.Problem{Path: path, What: "the secret has no value_file", Hint: "name the file that holds it"})
		}
	}
	return problems
}

// checkURL says what is wrong with an address up to its path. It never repeats it:
// it may hold a secret.
func checkURL(address string) string {
	if strings.Contains(address, "{") {
		return "the host may not depend on what is asked for"
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "not an address"
	case u.Scheme != "http" && u.Scheme != "https":
		return "the address does not begin with http:// or https://"
	case u.Hostname() == "":
		return "the address has no host"
	case u.User != nil:
		return "the address holds a user or password, which would show in logs"
	}
	return ""
}
