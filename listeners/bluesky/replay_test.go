package bluesky_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/klauspost/compress/zstd"

	"earshot/listeners"
	"earshot/listeners/bluesky"
)

// Hearing takes no more memory the longer it lasts. EARSHOT_FIREHOSE says how many
// posts: 10000000 takes some minutes.
func TestMemoryOfAReplay(t *testing.T) {
	posts := 10_000
	if many := os.Getenv("EARSHOT_FIREHOSE"); many != "" {
		n, err := strconv.Atoi(many)
		if err != nil {
			t.Fatalf("EARSHOT_FIREHOSE: %v", err)
		}
		posts = n
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { replay(w, r, posts) }))
	defer server.Close()
	s := source(t, bluesky.Config{Servers: []string{"ws" + strings.TrimPrefix(server.URL, "http")}, Since: time.Hour})
	heard, peak := 0, uint64(0)
	before := heap()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	step := max(posts/20, 1)
	_ = s.Listen(ctx, nil, func(_ context.Context, b listeners.Batch) error {
		if was := heard / step; (heard+len(b.Mentions))/step > was {
			peak = max(peak, heap())
		}
		if heard += len(b.Mentions); heard >= posts {
			cancel()
		}
		return nil
	})
	if heard != posts {
		t.Errorf("heard %d of %d posts", heard, posts)
	}
	grown := (float64(peak) - float64(before)) / (1 << 20)
	t.Logf("%d posts in %s; the heap grew by %.1f MiB", posts, time.Since(began).Round(time.Millisecond), grown)
	const most = 32 // commits that are remembered, and a thousand posts under way
	if grown > most {
		t.Errorf("the heap grew by %.1f MiB, more than %d", grown, most)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// replay tells of so many posts as fast as it can.
func replay(w http.ResponseWriter, r *http.Request, posts int) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer func() { _ = conn.CloseNow() }()
	ctx := conn.CloseRead(r.Context())
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderDict(bluesky.Dictionary()), zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return
	}
	defer func() { _ = encoder.Close() }()
	now := time.Now().UnixMicro()
	var packed, message []byte
	for i := range posts {
		message = fmt.Appendf(message[:0], `{"did":"did:plc:%024d","time_us":%d,"cursor":%d,"kind":"commit","commit":{"rev":"3l%011d","operation":"create","collection":"app.bsky.feed.post","rkey":"3l%011d","record":{"$type":"app.bsky.feed.post","createdAt":"2026-11-22T02:07:58.311Z","langs":["en"],"text":"post %d about nothing in particular, as people write them all day long"},"cid":"bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi"}}`,
			i%1_000_000, now+int64(i), i+1, i, i, i)
		packed = encoder.EncodeAll(message, packed[:0])
		if conn.Write(ctx, websocket.MessageBinary, packed) != nil {
			return
		}
	}
	<-ctx.Done()
}
