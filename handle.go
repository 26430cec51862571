package earshot

import "strings"

// SplitHandle takes apart how a configuration names an account: @name,
// @name@server.example, or the same behind a network and a colon. The network is
// empty where none is named.
func SplitHandle(account string) (network, handle string) {
	before, after, named := strings.Cut(account, ":")
	if !named || strings.Contains(before, "@") {
		return "", account
	}
	return before, after
}
