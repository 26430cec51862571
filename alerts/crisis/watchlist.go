package crisis

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"earshot"
)

// Watchlist says whose single negative mention is a story at once: press,
// regulators, journalists, and whoever reaches many.
type Watchlist struct {
	Authors  []string `yaml:"authors" jsonschema:"description=Handles of people and offices on any network; network:handle for one network"`
	Networks []string `yaml:"networks" jsonschema:"description=Networks of which each negative mention counts: a letter of a regulator or the press"`
	Domains  []string `yaml:"domains" jsonschema:"description=Websites that a mention is on such as of newspapers; their subdomains too"`
	Labels   []string `yaml:"labels" jsonschema:"description=Labels that rules give"`
	Reach    int64    `yaml:"reach" jsonschema:"description=Followers from which anybody counts; 0 for nobody"`
}

func (l Watchlist) check() earshot.Problems {
	var problems earshot.Problems
	for _, list := range []struct {
		path  string
		names []string
	}{{"authors", l.Authors}, {"networks", l.Networks}, {"domains", l.Domains}, {"labels", l.Labels}} {
		for i, name := range list.names {
			path := fmt.Sprintf("watchlist.%s[%d]", list.path, i)
			if strings.TrimSpace(name) == "" {
				problems = append(problems, earshot.Problem{Path: path, What: "it is empty", Hint: "remove the line"})
			} else if list.path == "domains" && strings.ContainsAny(name, "/:@ ") {
				problems = append(problems, earshot.Problem{
					Path: path, What: fmt.Sprintf("%q is no domain", name), Hint: "such as news.example, without https:// and path",
				})
			}
		}
	}
	return problems
}

// Match says why a mention is on the list, for a person; it is empty for one that
// is not. Whether the mention is negative is not its business. Handles and names
// are not repeated in the answer.
func (l *Watchlist) Match(m *earshot.Mention, v *earshot.Verdict) string {
	switch {
	case l.author(m):
		return "its author is on the watch list"
	case slices.Contains(l.Networks, m.Network):
		return "its network is on the watch list"
	case l.domain(m.URL):
		return "its website is on the watch list"
	case v != nil && slices.ContainsFunc(v.Labels, func(label string) bool { return slices.Contains(l.Labels, label) }):
		return "its label is on the watch list"
	case l.Reach > 0 && m.Author.Followers >= l.Reach:
		return fmt.Sprintf("its author has %d followers, %d are enough", m.Author.Followers, l.Reach)
	default:
		return ""
	}
}

func (l *Watchlist) author(m *earshot.Mention) bool {
	handle := bare(m.Author.Handle)
	return handle != "" && slices.ContainsFunc(l.Authors, func(entry string) bool {
		if network, name, one := strings.Cut(entry, ":"); one {
			return network == m.Network && bare(name) == handle
		}
		return bare(entry) == handle
	})
}

func bare(handle string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(handle), "@"))
}

func (l *Watchlist) domain(link string) bool {
	if len(l.Domains) == 0 || link == "" {
		return false
	}
	u, err := url.Parse(link)
	if err != nil {
		return false
	}
	host := "." + strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	return slices.ContainsFunc(l.Domains, func(domain string) bool {
		return strings.HasSuffix(host, "."+strings.TrimPrefix(strings.ToLower(domain), "."))
	})
}
