package rss

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// What a Listen leaves out since it knows it changes nothing: it hears the same,
// and remembers the same, as one that is restarted for every fetch.
func TestShortcutHearsTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 0))
		pages := map[string]page{}
		restarted, going := newSession(t, pages), newSession(t, pages)
		going.live = going.state()
		feed := &churn{rng: rng}
		for round := range 25 {
			pages[feedURL] = page{body: feed.next()}
			want, wantErr := restarted.round()
			got, gotErr := going.round()
			slices.Sort(want) // where the undated belong is a guess by their neighbours
			slices.Sort(got)
			if !slices.Equal(got, want) || (gotErr == nil) != (wantErr == nil) {
				t.Fatalf("seed %d, round %d: heard %q (%v), want %q (%v) of\n%s",
					seed, round, got, gotErr, want, wantErr, pages[feedURL].body)
			}
			if a, b := known(restarted), known(going); a != b {
				t.Fatalf("seed %d, round %d: it remembers %s, want %s", seed, round, b, a)
			}
		}
	}
}

// known is what a session remembers, in no order.
func known(s *session) string {
	st, err := readState(s.cursor)
	if err != nil {
		s.Fatal(err)
	}
	var packed []byte
	text, err := json.Marshal(st.Known)
	if err == nil {
		packed, err = base64.RawStdEncoding.DecodeString(strings.Trim(string(text), `"`))
	}
	if err != nil {
		s.Fatal(err)
	}
	items := slices.Collect(slices.Chunk(packed, 12))
	slices.SortFunc(items, bytes.Compare)
	return fmt.Sprint(items)
}

// churn is a feed whose items come, go, move, change, share IDs and break.
type churn struct {
	rng   *rand.Rand
	items []string
	made  int
}

func (c *churn) next() string {
	for range c.rng.IntN(4) {
		c.made++
		c.items = slices.Insert(c.items, c.rng.IntN(len(c.items)+1), c.item(c.made))
	}
	if n := len(c.items); n > 0 {
		switch at := c.rng.IntN(n); c.rng.IntN(6) {
		case 0:
			c.items = slices.Delete(c.items, at, at+1)
		case 1:
			c.items[at] = c.item(c.rng.IntN(c.made) + 1)
		case 2:
			c.rng.Shuffle(n, func(i, j int) { c.items[i], c.items[j] = c.items[j], c.items[i] })
		case 3:
			c.items = append(c.items, c.items[at])
		}
	}
	return channel(c.items...)
}

func (c *churn) item(n int) string {
	switch c.rng.IntN(12) {
	case 0:
		return fmt.Sprintf("<item><guid>same</guid><link>https://x.example/%d</link><title>%d</title></item>", n, n)
	case 1:
		return fmt.Sprintf("<item><link>https://x.example/%d</link><title>edited</title></item>", n)
	case 2:
		return "<item><pubDate>never</pubDate></item>"
	case 3:
		return fmt.Sprintf("<item><title>%d <a b=</title></item>", n)
	}
	return fmt.Sprintf("<item><guid>urn:x:%d</guid><title>%d</title><pubDate>Tue, 17 Nov 2026 09:%02d:00 GMT</pubDate></item>", n, n, n%60)
}

// BenchmarkRefetch is a fetch of the benchmark's feed with one new item.
func BenchmarkRefetch(b *testing.B) {
	body := benchFeed()
	fresh := bytes.Replace(body, []byte("<item>"), []byte("<item><title>new</title></item><item>"), 1)
	s, st := sourceAt(feedURL), &state{recent: newRecent()}
	doc, err := readFresh(body, "", st.recent)
	if err != nil {
		b.Fatal(err)
	}
	out := s.sift(st, doc, s.address)
	st.recent.traces, st.Known = out.traces, st.Known.With(out.seen)
	b.SetBytes(int64(len(fresh)))
	b.ReportAllocs()
	for b.Loop() {
		doc, err := readFresh(fresh, "", st.recent)
		if err != nil {
			b.Fatal(err)
		}
		if out := s.sift(st, doc, s.address); len(out.Mentions) != 1 {
			b.Fatal(len(out.Mentions))
		}
	}
}
