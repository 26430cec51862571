package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
)

func TestScratchHundred(t *testing.T) {
	if os.Getenv("SCRATCH") == "" {
		t.Skip("scratch")
	}
	kinds := append(hostile[:len(hostile):len(hostile)], hostile[0])
	kinds = kinds[:0:0]
	for _, h := range hostile {
		kinds = append(kinds, h)
	}
	add := func(name string, f http.HandlerFunc) {
		h := hostile[0]
		h.name, h.serve = name, f
		kinds = append(kinds, h)
	}
	constant := func(ct string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", ct); _, _ = w.Write(body) }
	}
	const mega = 1 << 20
	rep := func(pre, s, post string, n int) []byte {
		return []byte(pre + strings.Repeat(s, n/len(s)) + post)
	}
	item := "<item><title>acme</title>"
	add("items-16", constant("text/xml", rep("<rss><channel>", "<item/>", "</channel></rss>", 15*mega)))
	add("items-1", constant("text/xml", rep("<rss><channel>", "<item/>", "</channel></rss>", 1000<<10)))
	add("ext-16", constant("text/xml", rep(`<rss xmlns:x="u"><channel>`, item+"<x:a><x:b c='d'/></x:a></item>", "</channel></rss>", 15*mega)))
	add("ext-1", constant("text/xml", rep(`<rss xmlns:x="u"><channel>`, item+"<x:a><x:b c='d'/></x:a></item>", "</channel></rss>", 1000<<10)))
	add("ext2-1", constant("text/xml", rep(`<rss xmlns:x="u"><channel>`, item+strings.Repeat("<x:a><x:b c='d'/></x:a>", 2400)+"</item>", "</channel></rss>", 1000<<10)))
	add("json-16", constant("application/json", rep(`{"version":"https://jsonfeed.org/version/1","items":[{}`, ",{}", "]}", 15*mega)))
	add("json-1", constant("application/json", rep(`{"version":"https://jsonfeed.org/version/1","items":[{}`, ",{}", "]}", 1000<<10)))
	add("jsondeep", constant("application/json", rep(`{"version":"https://jsonfeed.org/version/1","_x":`, "[", "", 15*mega)))
	add("latin-16", constant("text/xml; charset=windows-1252", rep("<rss><channel>"+item+"</item><item><description>", "\x80\x80\x80 ", "</description></item></channel></rss>", 15*mega)))
	add("utf16", constant("text/xml", rep("\xff\xfe<\x00r\x00s\x00s\x00>\x00", "\x00\x4e", "", 15*mega)))
	add("long-16", constant("text/xml", rep("<rss><channel>", item+"<guid>"+"</guid><description>"+strings.Repeat("acme word ", 1600)+"</description></item>", "</channel></rss>", 15*mega)))
	add("attr", constant("text/xml", rep("<rss><channel><item a='", "x", "'/></channel></rss>", 15*mega)))
	var small bytes.Buffer
	z := brotli.NewWriterOptions(&small, brotli.WriterOptions{Quality: 5, LGWin: 24})
	_, _ = z.Write(bytes.Repeat([]byte("<rss>acme"), 20*mega/9))
	_ = z.Close()
	add("brotli24", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		_, _ = w.Write(small.Bytes())
	})
	for _, h := range kinds {
		if only := os.Getenv("SCRATCH"); only != "all" && !strings.Contains(only+",", h.name+",") {
			continue
		}
		t.Run(h.name, func(t *testing.T) {
			httpAddress := freeAddress(t)
			feed := newNumberedFeed(t, 1<<30, 1)
			text := fmt.Sprintf(hostileConfig, filepath.Join(t.TempDir(), "state"), freeAddress(t), httpAddress, feed.server.URL)
			server := httptest.NewServer(h.serve)
			t.Cleanup(server.CloseClientConnections)
			text += fmt.Sprintf("  - {name: bad, type: rss, every: 500ms, urls: [%q", server.URL)
			for i := range 99 {
				text += fmt.Sprintf(",%q", fmt.Sprintf("%s/%d", server.URL, i))
			}
			d := startProcess(t, writeConfig(t, text+"]}\n"), httpAddress)
			d.ready(t)
			began := time.Now()
			good := d.metric(t, `earshot_listener_mentions_total{listener="good"}`)
			<-time.After(6 * time.Second)
			peak := d.memory(t, "VmHWM:")
			now := d.metric(t, `earshot_listener_mentions_total{listener="good"}`)
			_, body := d.get(t, "/metrics")
			var lines []string
			for l := range strings.Lines(body) {
				if strings.Contains(l, `listener="bad"`) && !strings.Contains(l, "bucket") && !strings.Contains(l, " 0\n") && strings.Contains(l, "total") {
					lines = append(lines, strings.TrimSpace(strings.TrimPrefix(l, "earshot_listener_")))
				}
			}
			t.Logf("%s: PEAK %d MB; good %.1f/s; %v", h.name, peak>>20, (now-good)/time.Since(began).Seconds(), lines)
			d.stop(t)
		})
	}
}
