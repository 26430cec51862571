package x

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"earshot/listeners"
)

// lines is the body of a stream of v1.1 made of one of v2, line by line. It ends
// a stream that says nothing for too long: X's own end is sometimes silent.
type lines struct {
	body  io.ReadCloser
	in    *bufio.Reader
	out   []byte // translated and not yet read
	stall time.Duration
	dead  atomic.Bool // said nothing for too long
	end   error       // why there is no more
}

// maxLine is the longest message, far beyond any post.
const maxLine = 1 << 20

func newLines(body io.ReadCloser, stall time.Duration) *lines {
	return &lines{body: body, in: bufio.NewReaderSize(body, 32<<10), stall: stall}
}

// Read returns what X sent, translated. The bridge tells why it ends: go-twitter
// does not.
func (l *lines) Read(p []byte) (int, error) {
	for len(l.out) == 0 {
		line, err := l.next()
		if err != nil {
			l.end = err
			return 0, err
		}
		l.out = legacyLine(line)
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

// Close ends the stream.
func (l *lines) Close() error { return l.body.Close() }

// why says why the stream ended.
func (l *lines) why() error {
	if l.end == nil || errors.Is(l.end, io.EOF) {
		return errStreamOver
	}
	return l.end
}

// next reads one line without its end. While it waits, a timer watches.
func (l *lines) next() ([]byte, error) {
	watch := time.AfterFunc(l.stall, func() {
		l.dead.Store(true)
		_ = l.body.Close() // which ends the read
	})
	defer watch.Stop()
	var line []byte
	for {
		part, err := l.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, &listeners.TooLarge{Limit: maxLine}
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case l.dead.Load():
			return nil, fmt.Errorf("%w: X has said nothing for %s, not even that it is there", io.ErrUnexpectedEOF, l.stall)
		case err != nil:
			return nil, err // a line without its end is cut off, and the gap is bridged
		}
		return []byte(strings.TrimRight(string(line), "\r\n")), nil
	}
}

// legacyLine is a message of v2 as one of v1.1, with its end.
func legacyLine(line []byte) []byte {
	if len(strings.TrimSpace(string(line))) == 0 {
		return []byte("{\"warning\":{}}\r\n") // a keep-alive: go-twitter would hide it
	}
	out, err := translate(line)
	var message any
	switch {
	case err != nil:
		message = withExtra(tweet{}, extra{Damage: err.Error(), Body: line[:min(len(line), maxDead)]})
	case len(out.tweets) > 0:
		message = out.tweets[0]
	default:
		message = map[string]any{"disconnect": map[string]any{"code": 0, "reason": reasonOf(line)}}
	}
	text, err := json.Marshal(message)
	if err != nil {
		return []byte("{\"disconnect\":{\"reason\":\"a message that cannot be written\"}}\r\n")
	}
	return append(text, '\r', '\n')
}

// reasonOf is why X ends a stream.
func reasonOf(line []byte) string {
	var said []string
	for _, p := range problemsOf(line) {
		said = append(said, p.text())
	}
	if len(said) == 0 {
		return "X sent a message that is no post"
	}
	return strings.Join(said, "; ")
}
