package rss

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"earshot"
	"earshot/listeners"
)

// listenFor runs Listen for a while of virtual time and returns when it asked.
func listenFor(t *testing.T, s *session, d time.Duration) []time.Duration {
	t.Helper()
	clock := &timed{next: s.web, began: time.Now()}
	s.source.client = &http.Client{Transport: clock}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	err := s.source.Listen(ctx, s.cursor, func(_ context.Context, b listeners.Batch) error {
		s.cursor = b.Next
		return nil
	})
	if ctx.Err() == nil {
		t.Fatalf("Listen ended early: %v", err)
	}
	return clock.asked
}

type timed struct {
	next  http.RoundTripper
	began time.Time
	asked []time.Duration
}

// RoundTrip notes the time.
func (c *timed) RoundTrip(req *http.Request) (*http.Response, error) {
	c.asked = append(c.asked, time.Since(c.began))
	return c.next.RoundTrip(req)
}

// The interval follows what the feed says and does, between the bounds.
func TestInterval(t *testing.T) {
	t.Parallel()
	const least, most = 5 * time.Minute, time.Hour
	undated := channel(item("1", "one"))
	withTTL := func(inner string) string {
		return `<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>` + inner + `</channel></rss>`
	}
	header := func(name, value string) map[string]string { return map[string]string{name: value} }
	for name, c := range map[string]struct {
		page page
		want time.Duration
	}{
		"says nothing":         {page{body: undated}, least},
		"ttl":                  {page{body: withTTL("<ttl>20</ttl>")}, 20 * time.Minute},
		"ttl beyond the bound": {page{body: withTTL("<ttl>1440</ttl>")}, most},
		"ttl absurd":           {page{body: withTTL("<ttl>-1e300</ttl>")}, least},
		"syndication":          {page{body: withTTL("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>")}, 15 * time.Minute},
		"what WordPress says":  {page{body: withTTL("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>")}, least},
		"max-age":              {page{header: header("Cache-Control", "public, max-age=600"), body: undated}, 10 * time.Minute},
		"no-cache":             {page{header: header("Cache-Control", "no-cache, max-age=600"), body: undated}, least},
		"max-age of old news":  {page{header: map[string]string{"Cache-Control": "max-age=1000", "Age": "400"}, body: undated}, 10 * time.Minute},
		"expires": {page{
			header: map[string]string{"Date": "Tue, 17 Nov 2026 09:00:00 GMT", "Expires": "Tue, 17 Nov 2026 09:15:00 GMT"},
			body:   undated,
		}, 15 * time.Minute},
		"expired":              {page{header: header("Expires", "0"), body: undated}, least},
		"nothing for a week":   {page{body: withTTL("<item><title>old</title><pubDate>Sat, 01 Jan 1994 00:00:00 GMT</pubDate></item>")}, most},
		"unchanged, by header": {page{header: map[string]string{"ETag": `"1"`, "Cache-Control": "max-age=1200"}, body: undated}, 20 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSession(t, map[string]page{feedURL: c.page})
				s.source.bounds = bounds{least, most}
				asked := listenFor(t, s, 3*most)
				if len(asked) < 3 || asked[0] != 0 || asked[1] != c.want || asked[2] != 2*c.want {
					t.Errorf("asked at %v, want every %v", asked, c.want)
				}
			})
		})
	}
}

// A busy feed is asked more often than a quiet one.
func TestPostingPace(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 17, 12, 0, 0, 0, time.UTC)
	pace := func(perWeek int) time.Duration {
		var items []string
		for i := range perWeek {
			at := now.Add(-time.Duration(i) * 7 * 24 * time.Hour / time.Duration(perWeek))
			items = append(items, "<item><title>"+at.String()+"</title><pubDate>"+at.Format(time.RFC1123Z)+"</pubDate></item>")
		}
		doc, err := read([]byte(channel(items...)), "")
		if err != nil {
			t.Fatal(err)
		}
		return doc.pace(now)
	}
	if got := pace(42); got != time.Hour {
		t.Errorf("six posts a day: %v", got)
	}
	if got := pace(420); got != 6*time.Minute {
		t.Errorf("sixty posts a day: %v", got)
	}
}

// A restart waits for the time that was due, first contact does not, and a clock
// that was wrong does not silence a feed.
func TestRestartsDoNotHammer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, map[string]page{feedURL: {body: channel(item("1", "one"))}})
		s.source.bounds = bounds{10 * time.Minute, 30 * time.Minute}
		if asked := listenFor(t, s, time.Minute); len(asked) != 1 || asked[0] != 0 {
			t.Errorf("first contact: asked at %v", asked)
		}
		if asked := listenFor(t, s, 10*time.Minute); len(asked) != 1 || asked[0] != 9*time.Minute {
			t.Errorf("a minute later: asked at %v", asked)
		}
		<-time.After(time.Hour) // virtual: the daemon is down
		if asked := listenFor(t, s, time.Minute); len(asked) != 1 || asked[0] != 0 {
			t.Errorf("an hour later: asked at %v", asked)
		}
		s.cursor = earshot.Cursor(`{"v":1,"next":"2099-01-01T00:00:00Z"}`)
		if asked := listenFor(t, s, 31*time.Minute); len(asked) != 1 || asked[0] != 30*time.Minute {
			t.Errorf("with a next in the far future: asked at %v", asked)
		}
	})
}
