package poll

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"earshot/listeners"
	"earshot/listeners/mapping"
)

// walk goes from page to page.
type walk struct {
	values
	url   string // of the next page if the network named it; empty to expand the template
	pages int    // fetched so far
}

func (s *session) begin(v values) *walk {
	v.page, v.term = s.plan.Paging.Start, s.term
	return &walk{values: v}
}

// step fetches the page that the walk has come to.
func (s *session) step(ctx context.Context, w *walk, st *state) (*page, error) {
	address := w.url
	if address == "" {
		address = s.plan.address.expand(&w.values)
	}
	if w.pages > 0 {
		st = nil // validators are of the first page
	}
	w.pages++
	return s.fetch(ctx, address, &w.values, st)
}

// forward moves the walk to the page after p and reports whether there is one.
func (s *session) forward(w *walk, p *page) (bool, error) {
	plan := s.plan
	if plan.more != nil {
		if more, err := plan.more.Flag(p.doc); err != nil || !more {
			return false, paging(err)
		}
	} else if p.total == 0 {
		return false, nil
	}
	switch {
	case plan.Paging.Link:
		return s.follow(w, p, linkNext(p.header))
	case plan.next != nil:
		next, err := plan.next.Text(p.doc)
		if err != nil {
			return false, paging(err)
		}
		return s.follow(w, p, next)
	case plan.token != nil:
		token, err := plan.token.Text(p.doc)
		if err != nil || token == "" || token == w.token {
			return false, paging(err)
		}
		w.token = token
	case plan.uses("page"), plan.uses("offset"):
	default:
		return false, nil
	}
	w.page++
	w.offset += p.total
	return true, nil
}

func paging(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: finding the next page: %w", listeners.ErrMalformed, err)
}

// follow moves the walk to an address that the network named. It must be at the
// same host, or our credentials would go elsewhere.
func (s *session) follow(w *walk, p *page, ref string) (bool, error) {
	if ref == "" {
		return false, nil
	}
	u, err := p.url.Parse(ref)
	if err != nil {
		return false, paging(fmt.Errorf("it is not an address"))
	}
	if u.Host != p.url.Host || u.Scheme != p.url.Scheme {
		return false, paging(errForeign)
	}
	query := u.Query()
	for _, secret := range s.plan.Secrets {
		if secret.Param != "" && query.Has(secret.Param) { // each request brings its own
			query.Del(secret.Param)
			u.RawQuery = query.Encode()
		}
	}
	u.Fragment = ""
	if next := u.String(); next != w.url {
		w.url = next
		return true, nil
	}
	return false, nil
}

var (
	linkValue     = regexp.MustCompile(`<([^>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^",;\s]+))*)`)
	linkParameter = regexp.MustCompile(`;\s*([\w*]+)\s*=\s*(?:"([^"]*)"|([^",;\s]+))`)
)

// linkNext is the address of the next page in a Link header (RFC 8288), empty if
// there is none.
func linkNext(h http.Header) string {
	for _, m := range linkValue.FindAllStringSubmatch(strings.Join(h.Values("Link"), ","), -1) {
		for _, p := range linkParameter.FindAllStringSubmatch(m[2], -1) {
			relations := strings.Fields(strings.ToLower(p[2] + p[3]))
			if strings.EqualFold(p[1], "rel") && slices.Contains(relations, "next") {
				return m[1]
			}
		}
	}
	return ""
}

// oldestOf is the last dated item of a page.
func oldestOf(items []mapping.Item) (item *mapping.Item, ok bool) {
	for i := range items {
		if posted := items[i].Mention.Posted; !posted.IsZero() && (item == nil || posted.Before(item.Mention.Posted)) {
			item = &items[i]
		}
	}
	return item, item != nil
}

// sameHost reports whether an address a cursor holds is still one to ask: the
// configuration may have changed.
func (s *session) sameHost(address string) bool {
	was, err := url.Parse(address)
	now, errNow := url.Parse(s.plan.address.expand(&values{}))
	return err == nil && errNow == nil && was.Host == now.Host && was.Scheme == now.Scheme
}
