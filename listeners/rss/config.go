package rss

import (
	"fmt"
	"net/url"
	"time"

	"earshot"
)

// Config is the section of an rss listener.
type Config struct {
	URLs     []string      `yaml:"urls" jsonschema:"required,minItems=1,description=Addresses of feeds or of web pages that name their feed"`
	Every    time.Duration `yaml:"every" jsonschema:"description=The shortest time between two fetches of a feed"`
	AtMost   time.Duration `yaml:"at_most" jsonschema:"description=The longest time between two fetches however rarely the feed says it changes; twelve times every but at most 6h if left out"`
	Comments int           `yaml:"comments" jsonschema:"description=Of how many of the newest posts of a feed the comments are heard where it says where they are; 0 for none"`
}

const (
	defaultEvery = 5 * time.Minute
	mostByItself = 6 * time.Hour
)

// bounds returns the interval's limits, with what was left out filled in.
func (c Config) bounds() bounds {
	most := c.AtMost
	if most == 0 {
		most = max(c.Every, min(12*c.Every, mostByItself))
	}
	return bounds{least: c.Every, most: most}
}

// check returns what is wrong with the section, and worth a warning.
func (c Config) check() earshot.Problems {
	var problems earshot.Problems
	if len(c.URLs) == 0 {
		problems = append(problems, earshot.Problem{
			Path: "urls", What: "urls is missing", Hint: "add urls: [https://…]",
		})
	}
	seen := map[string]int{}
	for i, address := range c.URLs {
		path := fmt.Sprintf("urls[%d]", i)
		if p, bad := checkURL(address); bad {
			p.Path = path
			problems = append(problems, p)
		} else if first, twice := seen[address]; twice {
			problems = append(problems, earshot.Problem{
				Path: path, What: fmt.Sprintf("the same address as urls[%d]", first), Hint: "remove one of them",
			})
		} else {
			seen[address] = i
		}
	}
	if c.Comments < 0 || c.Comments > mostComments {
		problems = append(problems, earshot.Problem{
			Path: "comments", What: fmt.Sprintf("comments is not a number from 0 to %d", mostComments), Hint: "leave it out, or write 0 to hear none",
		})
	}
	return append(problems, c.checkTimes()...)
}

func (c Config) checkTimes() earshot.Problems {
	var problems earshot.Problems
	switch {
	case c.Every <= 0:
		problems = append(problems, earshot.Problem{
			Path: "every", What: "every is not positive", Hint: "give a time, 5m for example",
		})
	case c.Every < time.Second:
		problems = append(problems, earshot.Problem{
			Path: "every", What: fmt.Sprintf("every %s asks more often than once a second", c.Every),
			Hint: "fit for tests against a server of your own only", Warning: true,
		})
	}
	if c.AtMost != 0 && c.AtMost < c.Every {
		problems = append(problems, earshot.Problem{
			Path: "at_most", What: fmt.Sprintf("at_most %s is shorter than every %s", c.AtMost, c.Every),
			Hint: "raise at_most or leave it out",
		})
	}
	return problems
}

// checkURL never repeats the address: it may hold a secret.
func checkURL(address string) (earshot.Problem, bool) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return earshot.Problem{What: "not an address", Hint: "write https://host/path"}, true
	case u.Scheme != "http" && u.Scheme != "https":
		return earshot.Problem{What: "the address does not begin with http:// or https://", Hint: "write https://host/path"}, true
	case u.Hostname() == "":
		return earshot.Problem{What: "the address has no host", Hint: "write https://host/path"}, true
	case u.User != nil:
		return earshot.Problem{What: "the address holds a user or password, which would show in logs", Hint: "leave it out"}, true
	}
	return earshot.Problem{}, false
}
