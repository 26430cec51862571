package mail

import (
	"errors"
	"fmt"
	"net"
	"sync"

	"earshot/listeners"
)

// wire is a connection that remembers what went wrong with it, since the client
// keeps only the words, and that reads no more than was asked for, so that no
// server can fill the memory.
type wire struct {
	net.Conn
	mu   sync.Mutex
	left int64 // bytes that may still be read
	err  error // the first that is not of our own making
}

// smallAnswer is more than any answer without mails has, in bytes.
const smallAnswer = 1 << 20

var errFlood = fmt.Errorf("%w: the server sends far more than was asked for", listeners.ErrMalformed)

// allow sets how many bytes may be read from now on.
func (w *wire) allow(bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = bytes
}

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left -= int64(n); w.left < 0 {
		n, err = 0, errFlood
	}
	if err != nil && w.err == nil && !errors.Is(err, net.ErrClosed) {
		w.err = err
	}
	return n, err
}

// cause is what went wrong with the connection itself, nil if nothing did.
func (w *wire) cause() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
