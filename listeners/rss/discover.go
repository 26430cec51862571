package rss

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"earshot/listeners"
	"earshot/listeners/markup"
)

const (
	mostNamed = 5       // feeds a page names that are tried
	mostPage  = 1 << 20 // bytes of a page that are looked at
)

// discover finds the feed of a web page: the first that it names, else at one of
// the usual places. The state remembers where.
func (s *source) discover(ctx context.Context, st *state, page *answer) (*answer, *document, error) {
	addresses := append(namedFeeds(page.body, page.final), usualPlaces(page.final)...)
	page.done() // or no large feed could be read after a large page
	for _, address := range addresses {
		a, err := s.fetch(ctx, address, nil)
		if err != nil {
			if ctx.Err() != nil || isTransient(err) {
				return nil, nil, err
			}
			continue
		}
		doc, err := a.read(ctx, nil)
		if err != nil {
			a.done()
			continue
		}
		st.URL = address
		return a, doc, nil
	}
	return nil, nil, fmt.Errorf("%w: %s is a web page, and no feed was found from it; give the address of the feed itself",
		listeners.ErrMalformed, plainAddress(page.final))
}

// isTransient reports whether it is too early to say that there is no feed.
func isTransient(err error) bool {
	var status *listeners.StatusError
	if _, ok := errors.AsType[*listeners.RetryAfter](err); ok {
		return true
	}
	return errors.As(err, &status) && status.Code >= 500
}

// namedFeeds are the feeds that a page names as its alternate forms.
func namedFeeds(page []byte, base *url.URL) []string {
	var found []string
	z := html.NewTokenizer(bytes.NewReader(page[:min(len(page), mostPage)]))
	for len(found) < mostNamed {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		switch markup.TagOf(z) {
		case atom.Base:
			if u, err := url.Parse(markup.Resolve(base, markup.Attributes(z)["href"])); err == nil && u.Host != "" {
				base = u
			}
		case atom.Link:
			if u := alternate(markup.Attributes(z), base); u != "" && !slices.Contains(found, u) {
				found = append(found, u)
			}
		}
	}
	return found
}

func alternate(attr map[string]string, base *url.URL) string {
	if !slices.Contains(strings.Fields(strings.ToLower(attr["rel"])), "alternate") {
		return ""
	}
	kind, _, _ := strings.Cut(strings.ToLower(attr["type"]), ";")
	switch strings.TrimSpace(kind) {
	case "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json",
		"application/json", "application/xml", "text/xml":
		return markup.Resolve(base, attr["href"])
	}
	return ""
}

// usualPlaces are where sites keep their feeds when they do not say so.
func usualPlaces(page *url.URL) []string {
	var places []string
	for _, path := range []string{"/feed", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/rss", "/feed.json"} {
		places = append(places, (&url.URL{Scheme: page.Scheme, Host: page.Host, Path: path}).String())
	}
	return places
}
