package rss

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Wherever a feed is cut off, no item that was whole is lost, and none that was
// not is made up.
func TestTruncationAnywhere(t *testing.T) {
	t.Parallel()
	for file, end := range map[string]string{
		"rss2.xml": "</item>", "rdf.xml": "</item>", "atom.xml": "</entry>",
	} {
		whole, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		s := sourceAt(feedURL)
		for n := range len(whole) {
			doc, err := read(whole[:n], "")
			want := bytes.Count(whole[:n], []byte(end))
			switch {
			case err != nil && want > 0:
				t.Fatalf("%s cut at %d: %v, though %d items are whole", file, n, err, want)
			case err != nil:
				continue
			case len(doc.Items) != want || len(doc.broken) > 0:
				t.Fatalf("%s cut at %d: %d items, %d broken, want %d", file, n, len(doc.Items), len(doc.broken), want)
			}
			if complete := bytes.HasSuffix(bytes.TrimSpace(whole[:n]), lastTag(whole)); doc.truncated == complete {
				t.Fatalf("%s cut at %d: truncated is %v", file, n, doc.truncated)
			}
			s.sift(&state{}, doc, s.address)
		}
	}
}

func lastTag(doc []byte) []byte {
	doc = bytes.TrimSpace(doc)
	return doc[bytes.LastIndexByte(doc, '<'):]
}

// The same for JSON, where only the parser can say what is whole.
func TestTruncationOfJSON(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile("testdata/jsonfeed.json")
	if err != nil {
		t.Fatal(err)
	}
	whole = bytes.TrimSpace(whole)
	first := bytes.Index(whole, []byte(`"size_in_bytes": 5}]}`)) + len(`"size_in_bytes": 5}]}`)
	for n := range len(whole) {
		doc, err := read(whole[:n], "")
		if err != nil {
			if n >= first {
				t.Fatalf("cut at %d: %v, though an item is whole", n, err)
			}
			continue
		}
		if !doc.truncated || n < first || len(doc.broken) > 0 {
			t.Fatalf("cut at %d: %d items, truncated %v, broken %v", n, len(doc.Items), doc.truncated, doc.broken)
		}
	}
}

// What is made to exhaust a reader ends soon and costs itself only.
func TestHostileFeeds(t *testing.T) {
	one := item("good", "good")
	const mega = 1 << 20
	var bomb strings.Builder
	bomb.WriteString(`<!DOCTYPE rss [<!ENTITY a "ha">`)
	for c := 'b'; c <= 'z'; c++ {
		fmt.Fprintf(&bomb, `<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	bomb.WriteString("]>" + channel("<item><guid>urn:x:b</guid><title>&z;</title></item>", one))

	for name, c := range map[string]struct {
		doc  string
		dead int
	}{
		"entity bomb":     {bomb.String(), 0},
		"ten MB title":    {channel("<item><guid>urn:x:t</guid><title>"+strings.Repeat("title ", 10*mega/6)+"</title></item>", one), 0},
		"two MB guid":     {channel("<item><guid>"+strings.Repeat("g", 2*mega)+"</guid><title>t</title></item>", one), 0},
		"one MB date":     {channel("<item><title>t</title><pubDate>"+strings.Repeat("1", mega)+"</pubDate></item>", one), 0},
		"two MB comment":  {"<!--" + strings.Repeat("-x", mega) + "-->" + channel(one), 0},
		"nested elements": {channel("<item><title>t</title>"+strings.Repeat("<x:a>", mega/4)+"</item>", one), 1},
		"nested markup":   {channel("<item><title>t</title><description>"+strings.Repeat("&lt;div&gt;", mega/8)+"words</description></item>", one), 0},
		"nested outside":  {channel(one) + strings.Repeat("<a>", mega/8), 0},
		"pieces of text": {channel("<item><title>t</title><x:y>"+strings.Repeat("<![CDATA[aaaaaaaaaaaaaaaaaaaa]]><b/>", 5*mega/20)+
			"</x:y></item>", one), 1},
		"namespaces": {channel("<item><title>t</title><x "+manyNamespaces(20_000)+">"+strings.Repeat("<y/>", mega/8)+"</x></item>", one), 1},
		"attributes": {channel("<item><title>t</title><x "+strings.Repeat(`a="b" `, mega/8)+"/></item>", one), 1},
		"ampersands": {channel("<item><title>t</title><description>"+strings.Repeat("&", mega)+"</description></item>", one), 0},
		"brackets":   {channel("<item><title>t</title><description><![CDATA["+strings.Repeat("<", mega)+"]]></description></item>", one), 0},
	} {
		t.Run(name, func(t *testing.T) {
			began, allocated := time.Now(), watchMemory(t)
			s := sourceAt(feedURL)
			doc, err := read([]byte(c.doc), "")
			if err != nil {
				t.Fatal(err)
			}
			batch := s.sift(&state{}, doc, s.address)
			if len(batch.Dead) != c.dead {
				t.Errorf("%d dead letters, want %d", len(batch.Dead), c.dead)
			}
			good := false
			for _, m := range batch.Mentions {
				good = good || m.ID == "rss:urn:x:good"
				if len(m.ID) > 1<<10 || len(m.Title) > 1<<20 || len(m.Text) > 4<<20 {
					t.Errorf("a mention of %d, %d and %d bytes", len(m.ID), len(m.Title), len(m.Text))
				}
			}
			if !good {
				t.Error("the good item was lost")
			}
			t.Logf("%v, %d MB allocated", time.Since(began).Round(time.Millisecond), allocated()>>20)
		})
	}
}

func manyNamespaces(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `xmlns:n%d="u" `, i)
	}
	return b.String()
}

// watchMemory returns how much has been allocated since.
func watchMemory(t *testing.T) func() uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	return func() uint64 {
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
}
