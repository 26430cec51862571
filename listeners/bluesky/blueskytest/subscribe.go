package blueskytest

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/coder/websocket"
	"github.com/klauspost/compress/zstd"
)

// firstTime divides cursors: below it they are numbers, from it on microseconds
// since 1970. Source: README of jetstream v0.2.0.
const firstTime = 1_000_000_000_000_000

// subscribe is GET /subscribe.
func (s *Server) subscribe(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	o, cut, stalled := s.options, s.cut, s.stalled
	s.asked = append(s.asked, q.Get("cursor"))
	s.stalled = nil
	s.mu.Unlock()
	if stalled != nil {
		close(stalled)
		<-r.Context().Done()
		return
	}
	if r.URL.Path != "/subscribe" || !slices.Equal(q["wantedCollections"], []string{"app.bsky.feed.post"}) {
		http.Error(w, "no such stream", http.StatusBadRequest)
		return
	}
	at, ok := s.begin(o, q.Get("cursor"))
	if !ok {
		http.Error(w, "invalid cursor", http.StatusBadRequest)
		return
	}
	conn := s.accept(w, r, o)
	if conn == nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	sending := sender{o: o, conn: conn}
	if q.Get("compress") == "true" && !o.Plain {
		pack, err := packer()
		if err != nil {
			return
		}
		defer func() { _ = pack.Close() }()
		sending.pack = pack
	}
	s.tell(conn.CloseRead(r.Context()), &sending, at, cut)
}

// begin is the place of a cursor among the events.
func (s *Server) begin(o Options, cursor string) (int, bool) {
	s.Network.mu.Lock()
	defer s.Network.mu.Unlock()
	end := len(s.events)
	if cursor == "" {
		return end, true
	}
	n, err := strconv.ParseInt(cursor, 10, 64)
	switch {
	case err != nil || n < 0:
		return 0, false
	case n < firstTime && o.Legacy, n > time.Now().UnixMicro():
		return end, true
	case n < firstTime:
		if n >= o.number(end) {
			return end, true // of the future: live
		}
		return max(int(n-o.number(0)), o.Forgot, 0), true
	case o.Legacy:
		at := slices.IndexFunc(s.events, func(e Event) bool { return e.At.Add(o.Behind).UnixMicro() >= n })
		if at < 0 {
			at = end
		}
		return max(at, o.Forgot), true
	}
	return min(o.Forgot, end), true // the whole active segment
}

// sender tells one connection of events.
type sender struct {
	o    Options
	conn *websocket.Conn
	pack *zstd.Encoder
	sent int
}

func (s *Server) tell(ctx context.Context, to *sender, at int, cut <-chan struct{}) {
	for ; ; at++ {
		e, there, bell := s.after(at)
		for !there {
			select {
			case <-bell:
			case <-cut:
				return
			case <-ctx.Done():
				return
			}
			e, there, bell = s.after(at)
		}
		select {
		case <-cut:
			return
		default:
		}
		if to.o.hides(e) {
			continue
		}
		message, err := to.o.message(at, e)
		if err != nil || !to.send(ctx, message) || to.o.Twice && !to.send(ctx, message) {
			return
		}
	}
}

// send reports whether the connection lasts.
func (to *sender) send(ctx context.Context, message []byte) bool {
	kind := websocket.MessageText
	if to.pack != nil {
		kind, message = websocket.MessageBinary, to.pack.EncodeAll(message, nil)
	}
	if to.conn.Write(ctx, kind, message) != nil {
		return false
	}
	to.sent++
	return to.o.CutAfter == 0 || to.sent < to.o.CutAfter
}
