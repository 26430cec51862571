package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"earshot"
	"earshot/rules/query"
	"earshot/rules/text"
)

// owned is what belongs to a brand, folded.
type owned struct {
	handles map[string]bool            // with @, and with the server if it was listed with one
	on      map[string]map[string]bool // by handle, the networks on which it is the brand's; all of them if there are none
	domains []string
}

func (c *compiler) owned(path string, config Owned) owned {
	o := owned{handles: map[string]bool{}, on: map[string]map[string]bool{}}
	everywhere := map[string]bool{}
	for i, account := range config.Handles {
		network, handle := earshot.SplitHandle(account)
		key := handleKey(handle)
		if elements := text.Pattern(key); len(elements) != 1 || elements[0].Key != key || strings.HasPrefix(account, ":") {
			c.fail(fmt.Sprintf("%s.handles[%d]", path, i), strconv.Quote(account)+" is no handle", "it looks like @name or @name@server.example, on one network only like x:@name")
			continue
		}
		o.handles[key] = true
		if network == "" {
			everywhere[key] = true
			continue
		}
		if o.on[key] == nil {
			o.on[key] = map[string]bool{}
		}
		o.on[key][network] = true
	}
	for key := range everywhere {
		delete(o.on, key)
	}
	for i, domain := range config.Domains {
		host, ok := query.SiteHost(domain)
		if !ok {
			c.fail(fmt.Sprintf("%s.domains[%d]", path, i), strconv.Quote(domain)+" is no domain", "write it without https:// and without a path: acme.example")
			continue
		}
		o.domains = append(o.domains, host)
	}
	return o
}

func handleKey(handle string) string {
	if handle == "" {
		return ""
	}
	return "@" + text.Fold(strings.TrimPrefix(handle, "@"))
}

// wrote reports whether the brand itself is the author.
func (o *owned) wrote(m *earshot.Mention) bool {
	if len(o.handles) > 0 && m.Author.Handle != "" {
		key := handleKey(m.Author.Handle)
		if on := o.on[key]; o.handles[key] && (on == nil || on[m.Network]) {
			return true
		}
	}
	if len(o.domains) == 0 {
		return false
	}
	return o.has(text.Host(m.URL))
}

// has reports whether a host is one of the brand's.
func (o *owned) has(name string) bool {
	host, ok := query.SiteHost(name)
	return ok && slices.ContainsFunc(o.domains, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// named reports whether one of the brand's handles is in the text.
func (o *owned) named(tokens *text.Tokens) bool {
	for i := range tokens.List {
		if tokens.List[i].Kind == text.Handle && o.handles[string(tokens.Key(i))] {
			return true
		}
	}
	return false
}
