// Package matter says what mentions are about, so that those of one thread or of
// one page find each other: it names threads and takes from web addresses what
// differs between two addresses of one page. It decides about no case; alerts does.
package matter

import (
	"iter"
	"net/url"
	"path"
	"slices"
	"strings"

	"earshot"
)

// Of says what a mention is about: mentions of one matter are one case. It is
// the root of its thread; else, for something with a headline, its own address;
// else the first link worth grouping by; else the mention itself. Domains are
// the brand's own websites: half of what is said of a brand links to them. A
// review is a matter of its own, as many reviews share the page of one product.
func Of(m *earshot.Mention, domains []string) string {
	if roots := Thread(m); len(roots) > 0 {
		return roots[0]
	}
	if m.Rating != 0 {
		return m.ID
	}
	if m.Title != "" {
		if own, ok := canonical(m.URL); ok {
			return own.String()
		}
	}
	if page, linked := first(pages(m, domains)); linked {
		return page.String()
	}
	return m.ID
}

// Pages lists the pages that a mention shares with others: its own, if it has a
// headline, and those that it links to and that are worth grouping by, in the
// order of the text. A review shares none.
func Pages(m *earshot.Mention, domains []string) []string {
	if m.Rating != 0 {
		return nil
	}
	var shared []string
	if own, ok := canonical(m.URL); ok && m.Title != "" {
		shared = append(shared, own.String())
	}
	for page := range pages(m, domains) {
		if s := page.String(); !slices.Contains(shared, s) {
			shared = append(shared, s)
		}
	}
	return shared
}

// pages yields the links of a mention that are worth grouping by.
func pages(m *earshot.Mention, domains []string) iter.Seq[link] {
	return func(yield func(link) bool) {
		self, _ := canonical(m.URL)
		for _, raw := range m.Links {
			page, ok := canonical(raw)
			if ok && page != self && !page.on(domains) && !page.picture(m.Media, raw) && !page.wayfinding() && !yield(page) {
				return
			}
		}
	}
}

func first(list iter.Seq[link]) (link, bool) {
	for l := range list {
		return l, true
	}
	return link{}, false
}

// Thread lists the mentions that this one may belong to, the root first. A
// mention that names itself as its root is one.
func Thread(m *earshot.Mention) []string {
	var roots []string
	for _, id := range []string{m.Conversation, m.RepostOf, m.ReplyTo} {
		if id != "" && !slices.Contains(roots, id) {
			roots = append(roots, id)
		}
	}
	return roots
}

// link is a web address without what differs between two addresses of one page.
type link struct{ host, path, query string }

func (l link) String() string {
	if l.query == "" {
		return l.host + l.path
	}
	return l.host + l.path + "?" + l.query
}

// canonical takes from an address the scheme, the fragment, www and the mobile
// and AMP variants, tracking parameters, the order of parameters and a slash at
// the end. It returns false for what is no page: other schemes and bare homepages.
func canonical(raw string) (link, bool) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return link{}, false
	}
	u = unwrapAMP(u)
	l := link{host: strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")}
	for _, variant := range []string{"www.", "m.", "mobile.", "amp."} {
		if rest, found := strings.CutPrefix(l.host, variant); found && strings.Contains(rest, ".") {
			l.host = rest
		}
	}
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		l.host += ":" + port
	}
	l.path = (&url.URL{Path: strings.TrimRight(u.Path, "/")}).EscapedPath()
	l.path = strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(l.path, "/amp"), ".amp"), "/")
	query := u.Query()
	for name := range query {
		if tracking(name) {
			query.Del(name)
		}
	}
	l.query = query.Encode()
	if id := strings.TrimPrefix(l.path, "/"); l.host == "youtu.be" && id != "" {
		l = link{host: "youtube.com", path: "/watch", query: "v=" + url.QueryEscape(id)}
	}
	return l, l.path != "" || l.query != ""
}

// unwrapAMP returns the page that a cached AMP copy is of.
func unwrapAMP(u *url.URL) *url.URL {
	var inner string
	switch host := strings.ToLower(u.Hostname()); {
	case strings.HasPrefix(host, "www.google.") && strings.HasPrefix(u.Path, "/amp/"):
		inner = strings.TrimPrefix(u.Path, "/amp/")
	case strings.HasSuffix(host, ".cdn.ampproject.org"):
		_, inner, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	default:
		return u
	}
	page, err := url.Parse("https://" + strings.TrimPrefix(inner, "s/"))
	if err != nil || page.Hostname() == "" {
		return u
	}
	page.RawQuery = u.RawQuery
	return page
}

// tracking reports whether a parameter says how somebody came to a page, not
// which page it is. Doubtful ones, such as ref, are not among them.
func tracking(name string) bool {
	name = strings.ToLower(name)
	for _, prefix := range []string{"utm_", "at_", "pk_", "mtm_", "hsa_", "oly_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid", "li_fat_id",
		"igsh", "igshid", "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "vero_id", "wickedid", "_ga", "_gl",
		"ref_src", "ref_url", "ncid", "cmpid", "smid", "spm", "xtor", "amp", "outputtype":
		return true
	}
	return false
}

// on reports whether the page is on one of the domains or below it.
func (l link) on(domains []string) bool {
	host, _, _ := strings.Cut(l.host, ":")
	for _, domain := range domains {
		domain = strings.TrimPrefix(domain, "www.")
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// picture reports whether the link is to a picture or film: the post's own, or by its name.
func (l link) picture(media []earshot.Media, raw string) bool {
	if slices.ContainsFunc(media, func(m earshot.Media) bool { return m.URL == raw }) || l.host == "pic.twitter.com" {
		return true
	}
	switch strings.ToLower(path.Ext(l.path)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".heic", ".svg", ".mp4", ".webm", ".mov", ".m3u8":
		return true
	}
	return false
}

// wayfinding reports whether the link leads to a hashtag or a person. Networks
// put such links into posts by themselves; grouping by them would make one case
// of all customers who use a hashtag.
func (l link) wayfinding() bool {
	steps := strings.Split(strings.Trim(l.path, "/"), "/")
	switch {
	case len(steps) == 1 && strings.HasPrefix(steps[0], "@"):
		return true
	case len(steps) == 2 && slices.Contains([]string{"tag", "tags", "hashtag", "users", "profile", "u", "user"}, steps[0]):
		return true
	case len(steps) == 3 && steps[0] == "explore" && steps[1] == "tags":
		return true
	}
	social := []string{"x.com", "twitter.com", "instagram.com", "facebook.com", "threads.net", "tiktok.com"}
	return len(steps) == 1 && l.query == "" && slices.Contains(social, l.host)
}
