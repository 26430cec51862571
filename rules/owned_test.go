package rules_test

import (
	"testing"

	"earshot"
	"earshot/rules"
)

// A handle is the brand's on every network, or on those that are named: whoever
// takes it elsewhere does not speak for the brand.
func TestOwnedOnANetwork(t *testing.T) {
	for _, tt := range []struct {
		handles []string
		network string
		author  string
		want    bool
	}{
		{[]string{"@acmecare"}, "reddit", "AcmeCare", true},
		{[]string{"x:@acmecare"}, "x", "@AcmeCare", true},
		{[]string{"x:@acmecare"}, "reddit", "acmecare", false},
		{[]string{"x:@acmecare", "bluesky:acmecare"}, "bluesky", "@acmecare", true},
		{[]string{"x:@acmecare", "@acmecare"}, "reddit", "@acmecare", true},
		{[]string{"mastodon:@acme@toys.example"}, "mastodon", "@acme@toys.example", true},
		{[]string{"mastodon:@acme@toys.example"}, "mastodon", "@acme@other.example", false},
	} {
		b := newBook(t, rules.Config{Brands: []rules.Brand{{Name: "acme", Query: "acme OR acmecare", Owned: rules.Owned{Handles: tt.handles}}}})
		v := b.Judge(&earshot.Mention{ID: "x:1", Network: tt.network, Text: "acme lamps are here", Author: earshot.Author{Handle: tt.author}})
		if len(v) != 1 || v[0].OwnedAuthor != tt.want {
			t.Errorf("%v: %s on %s: %+v", tt.handles, tt.author, tt.network, v)
		}
	}
}
