package listeners

import (
	"net/http"
	"time"
)

// Normalise is normalise, for tests.
func Normalise(b Batch, now time.Time) (Batch, int) { return normalise(b, "feeds", "a", now) }

// KnownHosts counts the hosts a client remembers.
func KnownHosts(c *http.Client) int {
	h := c.Transport.(*politeTransport).hosts
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.byName)
}
