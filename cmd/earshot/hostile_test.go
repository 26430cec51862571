package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"earshot/listeners"
)

// hostile are servers that mean no good, and how the daemon must call what they
// do: the class of the error it counts, or the damage to a mention that it keeps
// in spite of it.
var hostile = []struct {
	name  string
	label string // class or damage
	value string
	serve http.HandlerFunc
}{
	{"silent", "class", "timeout", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	{"trickle", "class", "timeout", trickle},
	{"endless", "class", "too_large", func(w http.ResponseWriter, _ *http.Request) { flood(w) }},
	{"gzip-bomb", "class", "too_large", bomb("gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })},
	{"brotli-bomb", "class", "too_large", bomb("br", func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotli.BestSpeed) })},
	{"loop", "class", "malformed", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}},
	{"inward", "class", "refused_address", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	}},
	{"entities", "damage", "garbled", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(w, billionLaughs())
	}},
	{"binary", "class", "malformed", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("\xff\xfe\x00\x00\x80\x81<rss\xf0"))
	}},
	{"big-title", "damage", "cut", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, oneItem(strings.Repeat("title ", 10<<20/6), "acme in a big frame", "Mon, 02 Jan 2006 15:04:05 GMT"))
	}},
	{"year-0", "damage", "bad_date", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, oneItem("t", "acme before its time", "Sat, 01 Jan 0000 00:00:00 GMT"))
	}},
	{"year-9999", "damage", "bad_date", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, oneItem("t", "acme after its time", "Fri, 31 Dec 9999 23:59:59 GMT"))
	}},
	{"bad-utf8", "damage", "garbled", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, oneItem("t\xc3\x28", "acme \xa0\xa1 in pieces", "Mon, 02 Jan 2006 15:04:05 GMT"))
	}},
}

var seriesOf = map[string]string{"class": "errors_total", "damage": "damaged_mentions_total"}

// trickle is one byte a second, for as long as anybody listens.
func trickle(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for r.Context().Err() == nil {
		_, _ = w.Write([]byte("<"))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
		}
	}
}

// bomb answers with little that unpacks to far more than anybody takes.
func bomb(encoding string, packer func(io.Writer) io.WriteCloser) http.HandlerFunc {
	packed := sync.OnceValue(func() []byte {
		var b bytes.Buffer
		w := packer(&b)
		for range 3 * listeners.DefaultClient().MaxBody / int64(len(toys)) {
			_, _ = w.Write(toys)
		}
		_ = w.Close()
		return b.Bytes()
	})
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		_, _ = w.Write(packed())
	}
}

// toys is the beginning of a feed that does not end.
var toys = []byte(`<rss><channel>` + strings.Repeat("<item><title>acme</title></item>", 2048))

// flood writes until the other side has had enough.
func flood(w io.Writer) {
	for {
		if _, err := w.Write(toys); err != nil {
			return
		}
	}
}

func billionLaughs() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">`)
	for i := range 10 {
		fmt.Fprintf(&b, `<!ENTITY lol%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&lol%d;", i), 10))
	}
	b.WriteString(`]><rss version="2.0"><channel><item><title>&lol10;</title><link>https://laugh.example/</link></item></channel></rss>`)
	return b.String()
}

func oneItem(title, text, date string) string {
	return fmt.Sprintf(`<rss version="2.0"><channel><title>one</title><item><guid>https://one.example/%d</guid>`+
		`<title>%s</title><description>%s</description><pubDate>%s</pubDate></item></channel></rss>`,
		len(title)+len(text), title, text, date)
}

const hostileConfig = `
state: %s
bus: {listen: %s}
http: {listen: %s}
client: {allow_private: [127.0.0.1], per_second: 1000, burst: 1000, concurrent: 100, timeout: %s}
brands:
  - {name: acme, query: acme}
listeners:
  - {name: good, type: rss, urls: ["%s"], every: 50ms}
`

// hostileTimeout is long enough for whoever means well, and for bombs, on a machine
// that has little time.
const hostileTimeout = 10 * time.Second

// mostMemory is what hostile servers may make the daemon use.
const mostMemory = 200 << 20

// Whatever servers send, the daemon says what is wrong, counts it, stays small,
// and goes on hearing the others.
func TestHostileServers(t *testing.T) {
	feed := newNumberedFeed(t, 1<<30, 1)
	httpAddress := freeAddress(t)
	text := fmt.Sprintf(hostileConfig, filepath.Join(t.TempDir(), "state"), freeAddress(t), httpAddress, hostileTimeout, feed.server.URL)
	asked := make([]atomic.Int64, len(hostile))
	for i, h := range hostile {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked[i].Add(1)
			h.serve(w, r)
		}))
		t.Cleanup(server.CloseClientConnections)
		text += fmt.Sprintf("  - {name: %s, type: rss, urls: [%q], every: 10s}\n", h.name, server.URL+"/feed")
	}
	d := startProcess(t, writeConfig(t, text), httpAddress)
	d.ready(t)

	for i, h := range hostile {
		eventually(t, h.name+" is dealt with", func() error {
			if asked[i].Load() == 0 {
				return fmt.Errorf("it was not asked")
			}
			series := fmt.Sprintf("earshot_listener_%s{%s=%q,listener=%q}", seriesOf[h.label], h.label, h.value, h.name)
			if err := d.atLeast(t, series, 1); err != nil {
				return err
			}
			if !strings.Contains(d.log.String(), fmt.Sprintf(`"source":%q`, h.name)) {
				return fmt.Errorf("the log does not name it")
			}
			return nil
		})
	}
	good := d.metric(t, `earshot_listener_mentions_total{listener="good"}`)
	eventually(t, "the good feed goes on", func() error {
		return d.atLeast(t, `earshot_listener_mentions_total{listener="good"}`, good+5)
	})
	peak := d.memory(t, "VmHWM:")
	t.Logf("the daemon used at most %d MB", peak>>20)
	if peak > mostMemory && !raceEnabled {
		t.Errorf("at most %d MB are wanted", mostMemory>>20)
	}
	d.stop(t)
}

// metric reads one series of /metrics, 0 when it is not there.
func (d *process) metric(t testing.TB, series string) float64 {
	t.Helper()
	var body string
	eventually(t, "metrics are served", func() error {
		d.lives(t)
		status, page := d.get(t, "/metrics")
		if body = page; status != http.StatusOK {
			return fmt.Errorf("status %d: %s", status, page)
		}
		return nil
	})
	lines := bufio.NewScanner(strings.NewReader(body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), series+" "); found {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	return 0
}

func (d *process) atLeast(t testing.TB, series string, want float64) error {
	t.Helper()
	if got := d.metric(t, series); got < want {
		return fmt.Errorf("%s is %g, want at least %g", series, got, want)
	}
	return nil
}

// memory is what the kernel says of the process, in bytes: VmRSS: for now, VmHWM:
// for the most it has ever had.
func (d *process) memory(t testing.TB, what string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), what)
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
