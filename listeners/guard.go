package listeners

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"code.dny.dev/ssrf"

	"earshot"
)

// guard refuses connections to private addresses at the last moment, when the
// name has been resolved, so that neither DNS nor a redirect gets around it.
type guard struct {
	guarded *net.Dialer
	free    *net.Dialer
	hosts   map[string]bool // names whose owner trusts them wherever they point
}

func newGuard(allow []string) (*guard, earshot.Problems) {
	var v4, v6 []netip.Prefix
	var problems earshot.Problems
	hosts := map[string]bool{}
	for i, entry := range allow {
		prefix, err := parsePrefix(entry)
		switch {
		case err == nil && prefix.Addr().Is4():
			v4 = append(v4, prefix)
		case err == nil:
			v6 = append(v6, prefix)
		case isHostName(entry):
			hosts[strings.ToLower(entry)] = true
		default:
			problems = append(problems, earshot.Problem{
				Path: "allow_private[" + strconv.Itoa(i) + "]",
				What: "neither an address, nor a network, nor a host name",
				Hint: "write 192.168.1.5, 10.0.0.0/8 or intranet.example",
			})
		}
	}
	guardian := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	return &guard{
		guarded: &net.Dialer{Timeout: dialTimeout, Control: guardian.Safe},
		free:    &net.Dialer{Timeout: dialTimeout},
		hosts:   hosts,
	}, problems
}

func parsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		addr = addr.Unmap()
		return addr.Prefix(addr.BitLen())
	}
	prefix, err := netip.ParsePrefix(s)
	return prefix.Masked(), err
}

func isHostName(s string) bool {
	for _, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return strings.ContainsAny(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz")
}

func (g *guard) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err == nil && g.hosts[strings.ToLower(host)] {
		return g.free.DialContext(ctx, network, addr)
	}
	return g.guarded.DialContext(ctx, network, addr)
}
