package listeners

import (
	"fmt"
	"net/http"
)

// streamTransport waits for its turn at the host and says who we are. Its turn
// ends when the answer begins, since a stream may go on for months and others
// want to ask the same host.
type streamTransport struct {
	next    *http.Transport
	options ClientOptions
	hosts   *hosts
}

// RoundTrip does one exchange. The body is what the server sends, as it sends it;
// of an upgraded connection it can be written to.
func (t *streamTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	leave, err := t.hosts.enter(req.Context(), req.URL.Host)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // the contract of RoundTripper; there is nobody to tell
		}
		return nil, fmt.Errorf("waiting for a turn at %s: %w", req.URL.Host, err)
	}
	defer leave()
	req = req.Clone(req.Context())
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", t.options.UserAgent)
	}
	return t.next.RoundTrip(req)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (t *streamTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }
