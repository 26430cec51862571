package earshot_test

import (
	"testing"

	"earshot"
)

// One author has one key on a network, however the handle is written, and none
// without a handle.
func TestAuthorKey(t *testing.T) {
	of := func(network, handle string) string {
		m := earshot.Mention{Network: network, Author: earshot.Author{Handle: handle}}
		return m.AuthorKey()
	}
	if of("x", "@Jane") != of("x", "jane") || of("x", "jane") == of("mastodon", "jane") || of("x", "") != "" {
		t.Errorf("keys %q %q %q", of("x", "@Jane"), of("x", "jane"), of("mastodon", "jane"))
	}
}
