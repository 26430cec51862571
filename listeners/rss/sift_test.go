package rss

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"earshot"
)

// Items are told by what they are, not by where they stand.
func TestReordering(t *testing.T) {
	t.Parallel()
	s := newSession(t, map[string]page{feedURL: {body: channel(item("3", "three"), item("2", "two"), item("1", "one"))}})
	s.hears("new one", "new two", "new three")
	s.web.pages[feedURL] = page{body: channel(item("1", "one"), item("3", "three"), item("4", "four"), item("2", "two"))}
	s.hears("new four")
}

// What drops out of a feed and comes back is not new.
func TestDroppingOutAndComingBack(t *testing.T) {
	t.Parallel()
	var all []string
	for i := range 300 {
		all = append(all, item(fmt.Sprint(i), fmt.Sprint(i)))
	}
	s := newSession(t, map[string]page{feedURL: {body: channel(all...)}})
	if said, err := s.round(); err != nil || len(said) != 300 {
		t.Fatalf("heard %d, %v", len(said), err)
	}
	s.web.pages[feedURL] = page{body: channel(item("x", "x"))}
	s.hears("new x")
	s.web.pages[feedURL] = page{body: channel(append(all, item("y", "y"))...)}
	s.hears("new y")
}

// Other words, another title or another link are an edit; other markup is not.
func TestEdits(t *testing.T) {
	t.Parallel()
	entry := func(title, link, text string) map[string]page {
		return map[string]page{feedURL: {body: channel(fmt.Sprintf(
			"<item><guid>urn:x:1</guid><title>%s</title><link>%s</link><description>%s</description></item>", title, link, text))}}
	}
	s := newSession(t, entry("a", "https://x.example/1", "&lt;p&gt;words&lt;/p&gt;"))
	s.hears("new awords")
	s.web.pages = entry("a", "https://x.example/1", "&lt;div class='new'&gt;words&lt;/div&gt;")
	s.hears()
	s.web.pages = entry("a", "https://x.example/1", "other words")
	s.hears("edited aother words")
	s.web.pages = entry("b", "https://x.example/1", "other words")
	s.hears("edited bother words")
	s.web.pages = entry("b", "https://x.example/2", "other words")
	s.hears("edited bother words")
	s.hears()
}

// A tombstone deletes once; an entry changed after it is alive again.
func TestTombstones(t *testing.T) {
	t.Parallel()
	atom := func(inner string) map[string]page {
		return map[string]page{feedURL: {body: `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:dead="http://purl.org/atompub/tombstones/1.0">` +
			inner + `</feed>`}}
	}
	const (
		entry = `<entry><id>urn:x:1</id><title>words</title><updated>2026-11-17T09:00:00Z</updated></entry>`
		stone = `<dead:deleted-entry ref="urn:x:1" when="2026-11-17T10:00:00Z"/>`
		alive = `<entry><id>urn:x:1</id><title>words</title><updated>2026-11-17T11:00:00Z</updated></entry>`
	)
	s := newSession(t, atom(entry))
	s.hears("new words")
	s.web.pages = atom(entry + stone)
	s.hears("deleted ")
	if m := s.last.Mentions[0]; m.ID != "rss:urn:x:1" || m.Title != "" || m.URL != "" {
		t.Errorf("the deletion is %+v", m)
	}
	s.hears()
	s.web.pages = atom(stone)
	s.hears()
	s.web.pages = atom(alive + stone)
	s.hears("edited words")
}

// Two feeds agree on the ID of one article, and not on short names of their own.
func TestIdentity(t *testing.T) {
	t.Parallel()
	id := func(host, inner string) string {
		doc, err := read([]byte(channel("<item>"+inner+"</item>")), "")
		if err != nil {
			t.Fatal(err)
		}
		s := sourceAt("https://" + host + "/feed.xml")
		batch := s.sift(&state{}, doc, s.address)
		return batch.Mentions[0].ID
	}
	for inner, same := range map[string]bool{
		"<guid>https://news.example/1</guid>":                        true,
		"<guid>tag:news.example,2026:1</guid>":                       true,
		"<guid>urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a</guid>": true,
		"<link>https://news.example/1</link>":                        true,
		"<guid>1</guid>":                                             false,
		"<guid>news:1</guid>":                                        false,
		"<title>Words</title>":                                       false,
		"<guid>" + strings.Repeat("long", 500) + "</guid>":           false,
	} {
		a, b := id("a.example", inner), id("b.example", inner)
		if (a == b) != same || len(a) > 600 || !strings.HasPrefix(a, "rss:") {
			t.Errorf("%.60s: the IDs are %s and %s", inner, a, b)
		}
	}
}

// A dead letter is written once, not at every fetch.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	s := newSession(t, map[string]page{feedURL: {body: channel("<item><pubDate>today</pubDate></item>", item("1", "one"))}})
	s.hears("new one")
	if len(s.last.Dead) != 1 || s.last.Dead[0].Part != feedURL || !strings.Contains(string(s.last.Dead[0].Body), "today") {
		t.Errorf("the dead letters are %+v", s.last.Dead)
	}
	s.hears()
	if len(s.last.Dead) != 0 {
		t.Errorf("it came again: %+v", s.last.Dead)
	}
}

// An ID that means something in its feed only is told from the same in others,
// on the same host too; one that means something everywhere is not.
func TestIDsOfTwoFeeds(t *testing.T) {
	t.Parallel()
	for guid, same := range map[string]bool{
		"1": false, "": false, "post:1": false,
		"https://one.example/1": true, "tag:one.example,2026:1": true, "URN:x:1": true,
	} {
		ids := map[string]bool{}
		for _, address := range []string{
			"https://forum.example/a.xml", "https://forum.example/b.xml", "https://forum.example/b.xml?forum=2&key=secret",
		} {
			doc, err := read([]byte(channel("<item><guid isPermaLink='false'>"+guid+"</guid><title>t</title></item>")), "")
			if err != nil {
				t.Fatal(err)
			}
			s := sourceAt(address)
			m := s.sift(&state{}, doc, s.address).Mentions[0]
			if ids[m.ID] = true; strings.Contains(m.ID, "secret") {
				t.Errorf("the secret is in %s", m.ID)
			}
		}
		if (len(ids) == 1) != same || (len(ids) == 3) == same {
			t.Errorf("%q has the IDs %v", guid, ids)
		}
	}
}

// A huge feed is heard in several batches, each of which may be the last before
// a crash; its cursor stays small.
func TestHugeFeed(t *testing.T) {
	t.Parallel()
	var items []string
	for i := range maxItems + 10 {
		items = append(items, item(fmt.Sprint(i), fmt.Sprint("title ", i)))
	}
	s := newSession(t, map[string]page{feedURL: {body: channel(items...)}})
	got, err := s.round()
	if len(got) != maxItems || err == nil || !strings.Contains(err.Error(), "10 items more") {
		t.Errorf("heard %d, ended with %v", len(got), err)
	}
	if len(s.cursor) > 400<<10 {
		t.Errorf("the cursor has %d bytes", len(s.cursor))
	}
	got, _ = s.round()
	if len(got) != 0 {
		t.Errorf("heard %d again, %q first", len(got), got[0])
	}
}

// Interrupted between two batches, a huge feed loses and repeats nothing.
func TestHugeFeedInterrupted(t *testing.T) {
	t.Parallel()
	var items []string
	for i := range 2*mostAtOnce + 1 {
		items = append(items, item(fmt.Sprint(i), fmt.Sprint("title ", i)))
	}
	s := newSession(t, map[string]page{feedURL: {header: map[string]string{"ETag": `"1"`}, body: channel(items...)}})
	var heard []earshot.Mention
	for range 3 {
		batch := s.interruptedRound()
		heard = append(heard, batch...)
	}
	ids := map[string]bool{}
	for _, m := range heard {
		ids[m.ID] = true
	}
	if len(heard) != len(items) || len(ids) != len(items) {
		t.Errorf("heard %d mentions, %d of them different, of %d items", len(heard), len(ids), len(items))
	}
}

// Feeds that name the oldest first are heard in their own order, others in reverse.
func TestOldestFirst(t *testing.T) {
	t.Parallel()
	day := func(n int, title string) string {
		return fmt.Sprintf("<item><title>%s</title><pubDate>%02d Nov 2026 10:00:00 GMT</pubDate></item>", title, n)
	}
	undated := "<item><title>undated</title></item>"
	for _, c := range []struct{ items, want []string }{
		{[]string{day(3, "c"), undated, day(2, "b"), day(1, "a")}, []string{"a", "b", "undated", "c"}},
		{[]string{day(1, "a"), day(2, "b"), undated, day(3, "c")}, []string{"a", "b", "undated", "c"}},
		{[]string{day(2, "b"), day(1, "a"), day(3, "c")}, []string{"a", "b", "c"}},
	} {
		s := newSession(t, map[string]page{feedURL: {body: channel(c.items...)}})
		got, err := s.round()
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "new ")
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("heard %q, want %q (%v)", got, c.want, err)
		}
	}
}
