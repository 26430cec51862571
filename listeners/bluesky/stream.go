package bluesky

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/klauspost/compress/zstd"

	"earshot"
	"earshot/listeners"
)

const (
	maxMessage   = 1 << 20 // bytes of a message; larger ones are no posts, and the server leaves them out
	mostAhead    = 1000    // messages that are read before somebody wants them
	dialTimeout  = 30 * time.Second
	pingInterval = 30 * time.Second
	pingTimeout  = 20 * time.Second
	mostBad      = 20 // messages of a stream that make no sense
)

// said is one message, as far as it matters.
type said struct {
	seq, at int64
	key     uint64 // of the commit; 0 for anything else
	mention *earshot.Mention
	dead    *earshot.DeadLetter
	did     string // whose account it is about
	handle  string // that it has taken, if that is what is told
	gone    bool   // it is gone; otherwise it is there
}

// stream is one connection to an instance. Messages come from said until it is
// closed; err then says why.
type stream struct {
	said chan said
	err  error

	conn    *websocket.Conn
	zstd    *zstd.Decoder
	waiting atomic.Bool // for the server, and not for whoever takes the messages
	stop    context.CancelFunc
	ended   sync.WaitGroup
}

// open connects. ctx bounds the whole stream.
func open(ctx context.Context, client *http.Client, address string) (*stream, error) {
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, resp, err := websocket.Dial(dialing, address, &websocket.DialOptions{HTTPClient: client})
	if resp != nil && resp.Body != nil {
		defer func() { _ = resp.Body.Close() }() // all there is of it is in memory
	}
	if err != nil {
		return nil, refusal(resp, err)
	}
	// A frame never grows by being compressed, give or take its header.
	conn.SetReadLimit(maxMessage + 1024)
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderDicts(dictionary), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(2*maxMessage))
	if err != nil {
		_ = conn.CloseNow()
		return nil, fmt.Errorf("reading the dictionary: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	s := &stream{said: make(chan said, mostAhead), conn: conn, zstd: decoder, stop: stop}
	s.ended.Go(func() { s.read(ctx) })
	s.ended.Go(func() { s.ping(ctx) })
	return s, nil
}

// refusal is why there is no connection: what the server answered, if it did.
func refusal(resp *http.Response, err error) error {
	if resp != nil {
		if status := listeners.CheckStatus(resp, time.Now()); status != nil {
			return status
		}
	}
	return fmt.Errorf("connecting: %w", err)
}

// close ends the stream and everything that belongs to it.
func (s *stream) close() {
	s.stop()
	_ = s.conn.CloseNow() // the answer to a farewell could take long
	s.ended.Wait()
}

func (s *stream) read(ctx context.Context) {
	defer s.stop()
	defer s.zstd.Close()
	defer close(s.said)
	var packed bytes.Buffer
	var plain []byte
	bad := 0
	for {
		s.waiting.Store(true)
		kind, message, err := s.conn.Reader(ctx)
		if err == nil {
			packed.Reset()
			_, err = packed.ReadFrom(message)
		}
		s.waiting.Store(false)
		if err != nil {
			s.err = fmt.Errorf("reading the stream: %w", cut(err))
			return
		}
		text := packed.Bytes()
		if kind == websocket.MessageBinary {
			if plain, err = s.zstd.DecodeAll(text, plain[:0]); err != nil {
				s.err = fmt.Errorf("%w: unpacking a message: %w", listeners.ErrMalformed, err)
				return
			}
			text = plain
		}
		one := understand(string(text))
		if one.dead != nil {
			if bad++; bad > mostBad {
				s.err = fmt.Errorf("%w: more than %d messages make no sense, the last: %s", listeners.ErrMalformed, mostBad, one.dead.Reason)
				return
			}
		}
		select {
		case s.said <- one:
		case <-ctx.Done():
			s.err = ctx.Err()
			return
		}
	}
}

// cut makes an end that nobody announced one that metrics know.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
	}
	return err
}

// ping finds out whether a silent server is still there.
func (s *stream) ping(ctx context.Context) {
	ticker := time.NewTicker(pingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !s.waiting.Load() {
			continue // nobody would hear the answer
		}
		pinging, cancel := context.WithTimeout(ctx, pingTimeout)
		err := s.conn.Ping(pinging)
		cancel()
		if err != nil && s.waiting.Load() {
			_ = s.conn.CloseNow() // the reader says that it has ended
			return
		}
	}
}

// understand makes of a message what is to be done with it.
func understand(text string) said {
	e, err := decode(text)
	if err == nil && e.TimeUS <= 0 {
		err = errors.New("a message has no time")
	}
	if err != nil {
		return bad(text, err)
	}
	one := said{seq: e.Cursor, at: e.TimeUS}
	switch {
	case e.Kind == "identity" && isDID(e.DID) && e.Identity.Handle != "":
		one.did, one.handle = e.DID, e.Identity.Handle
	case e.Kind == "account" && isDID(e.DID):
		one.did, one.gone = e.DID, !e.Account.Active && isOver(e.Account.Status)
	case e.Kind == "commit" && e.Commit.Collection == collection:
		m, err := mentionOf(&e)
		if err != nil {
			return bad(text, err)
		}
		one.mention, one.key = &m, keyOf(&e)
	}
	return one
}

// isOver reports whether an account that is not active takes its posts along. One
// that is suspended, or whose host has trouble, is expected back.
func isOver(status string) bool {
	return status == "deleted" || status == "takendown" || status == "deactivated"
}

func bad(text string, err error) said {
	return said{dead: &earshot.DeadLetter{Reason: err.Error(), Body: []byte(text)}}
}

// Parse reads one message of Jetstream, unpacked. The mention is nil if it is not
// about a post. It may be called concurrently.
func Parse(message []byte) (*earshot.Mention, error) {
	one := understand(string(message))
	if one.dead != nil {
		return nil, errors.New(one.dead.Reason)
	}
	return one.mention, nil
}
