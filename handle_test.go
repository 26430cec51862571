package earshot_test

import (
	"testing"

	"earshot"
)

func TestSplitHandle(t *testing.T) {
	for account, want := range map[string][2]string{
		"@acme": {"", "@acme"}, "acme": {"", "acme"}, "x:@acme": {"x", "@acme"}, "x:acme": {"x", "acme"}, "": {"", ""},
		"mastodon:@acme@server.example": {"mastodon", "@acme@server.example"}, "@acme@server.example:8443": {"", "@acme@server.example:8443"}, ":@acme": {"", "@acme"},
	} {
		if network, handle := earshot.SplitHandle(account); network != want[0] || handle != want[1] {
			t.Errorf("%q is %q on %q, want %q", account, handle, network, want)
		}
	}
}
