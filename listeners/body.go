package listeners

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
)

// body is an answer's body: decoded as it is read, so that a bomb never expands
// in memory, capped, and bound to the deadline of its exchange.
type body struct {
	raw io.ReadCloser
	*exchange
	limit  int64 // bytes, of what arrives and of what it decodes to
	decode func(io.Reader) (io.Reader, error)
	reader io.Reader // what is read from once decoding has begun
	read   int64
	err    error // what ended it; it stays ended
	once   sync.Once
	done   func()
	total  time.Duration // spent by the exchange and the redirects before it, once done
}

// decodeAs takes charge of the answer's encoding.
func (b *body) decodeAs(resp *http.Response) {
	encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	switch encoding {
	case "", "identity":
		return
	case "gzip", "x-gzip":
		b.decode = func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case "br":
		b.decode = b.brotli
	default:
		b.decode = func(io.Reader) (io.Reader, error) {
			return nil, fmt.Errorf("unknown content encoding %q", encoding)
		}
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	resp.Uncompressed = true
}

// Read reads decoded bytes; beyond the limit it returns *TooLarge.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if err := b.grow(b.read); err != nil {
		return 0, b.fail(err)
	}
	n, err := b.next(p)
	if b.read += int64(n); b.read > b.limit {
		n -= int(b.read - b.limit)
		err = &TooLarge{Limit: b.limit}
	}
	if err != nil {
		return n, b.fail(err)
	}
	return n, nil
}

func (b *body) fail(err error) error {
	b.err = b.explain(err)
	b.once.Do(b.done)
	return b.err
}

func (b *body) next(p []byte) (int, error) {
	if b.reader == nil {
		if err := b.begin(); err != nil {
			return 0, err
		}
	}
	return b.reader.Read(p)
}

func (b *body) begin() error {
	if b.decode == nil {
		b.reader = b.raw
		return nil
	}
	r, err := b.decode(&capped{raw: b.raw, limit: b.limit, left: b.limit})
	if err != nil {
		return err
	}
	b.reader = r
	return nil
}

// brotli decodes it. A stream may ask for a window of 16 MiB, whatever comes of
// it: with one that is larger than servers use it counts as large at once.
func (b *body) brotli(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	// Without a first byte there is nothing to decode, as the decoder will say.
	if first, _ := buffered.Peek(1); len(first) > 0 && brotliWindow(first[0]) > usualWindow {
		if err := b.grow(usualWindow); err != nil {
			return nil, err
		}
	}
	return brotli.NewReader(buffered), nil
}

const usualWindow = 1 << 20

// brotliWindow is the size that a stream's first byte asks for (RFC 7932, 9.1),
// if it is beyond the smallest.
func brotliWindow(first byte) int {
	const smallest, withoutMore = 16, 17
	if bits := int(first >> 1 & 7); first&1 == 1 && bits > 0 {
		return 1 << (withoutMore + bits)
	}
	return 1 << smallest
}

// explain prefers the deadline to its symptoms, and says that what cannot be
// decoded is malformed.
func (b *body) explain(err error) error {
	var large *TooLarge
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &large):
		return err
	case b.late() != nil:
		return b.late()
	case b.decode != nil:
		return fmt.Errorf("%w: decoding the answer: %w", ErrMalformed, err)
	}
	return err
}

// Close ends the exchange and gives its turns back.
func (b *body) Close() error {
	if b.err == nil {
		b.err = errors.New("reading an answer that was closed")
	}
	err := b.raw.Close()
	b.once.Do(b.done)
	b.shrink()
	return err
}

// capped ends a compressed stream that goes on and on while it decodes to nothing.
type capped struct {
	raw   io.Reader
	limit int64
	left  int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, &TooLarge{Limit: c.limit}
	}
	n, err := c.raw.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}
