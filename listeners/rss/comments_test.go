package rss

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"earshot/listeners"
)

const commentsURL = "https://feeds.example/one/comments"

// post is an RSS item of a blog that publishes the comments of each.
func post(guid, comments string, at time.Time) string {
	return fmt.Sprintf("<item><guid>urn:x:%s</guid><title>%s</title><pubDate>%s</pubDate><wfw:commentRss>%s</wfw:commentRss></item>",
		guid, guid, at.Format(time.RFC1123Z), comments)
}

func blog(items ...string) string {
	return `<rss version="2.0" xmlns:wfw="http://wellformedweb.org/CommentAPI/"><channel><title>Blog</title>` + strings.Join(items, "") + "</channel></rss>"
}

func comment(guid, text string) string {
	return "<item><guid>urn:c:" + guid + "</guid><title>By: Ida</title><description>" + text + "</description></item>"
}

func newBlog(t *testing.T, pages map[string]page) *session {
	t.Helper()
	s := newSession(t, pages)
	s.source.comments = 3
	return s
}

// comments fetches all feeds of comments now and returns what was heard.
func (s *session) comments() []string {
	s.Helper()
	st := s.state()
	for _, f := range st.Comments {
		f.State.Next = time.Time{}
	}
	var said []string
	err := s.source.hearComments(s.Context(), st, func(_ context.Context, b listeners.Batch) error {
		for _, m := range b.Mentions {
			said = append(said, string(m.Change)+" "+m.Title+m.Text)
		}
		s.cursor, s.last = b.Next, b
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return said
}

// The comments of a post are replies to it, heard once, with their edits.
func TestComments(t *testing.T) {
	t.Parallel()
	s := newBlog(t, map[string]page{
		feedURL:     {body: blog(post("one", "/one/comments", time.Now()))},
		commentsURL: {body: channel(comment("2", "two"), comment("1", "one")), header: map[string]string{"ETag": `"1"`}},
	})
	s.hears("new one")
	if said := s.comments(); !slices.Equal(said, []string{"new one", "new two"}) {
		t.Errorf("heard %q", said)
	}
	for _, m := range s.last.Mentions {
		if m.ReplyTo != "rss:urn:x:one" || m.Conversation != "rss:urn:x:one" || m.Title != "" {
			t.Errorf("%+v", m)
		}
	}
	s.web.asked()
	if said := s.comments(); len(said) > 0 {
		t.Errorf("heard %q again", said)
	}
	s.web.pages[commentsURL] = page{body: channel(comment("2", "two, edited"))}
	if said := s.comments(); !slices.Equal(said, []string{"edited two, edited"}) {
		t.Errorf("heard %q", said)
	}
}

// Atom says it with a link, and what a comment answers.
func TestCommentsOfAtom(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Format(time.RFC3339)
	s := newBlog(t, map[string]page{
		feedURL: {body: `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:x:1</id><title>one</title><updated>` + now + `</updated>
			<link rel="replies" type="text/html" href="https://feeds.example/one.html"/>
			<link rel="replies" type="application/atom+xml" href="` + commentsURL + `"/></entry></feed>`},
		commentsURL: {body: `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
			<entry><id>tag:x:3</id><title>re</title><content>deeper</content><updated>` + now + `</updated><thr:in-reply-to ref="tag:x:2"/></entry>
			<entry><id>tag:x:1</id><title>one</title><content>the post itself</content><updated>` + now + `</updated></entry></feed>`},
	})
	s.hears("new one")
	if said := s.comments(); !slices.Equal(said, []string{"new deeper"}) {
		t.Errorf("heard %q", said)
	}
	if m := s.last.Mentions[0]; m.ReplyTo != "rss:tag:x:2" || m.Conversation != "rss:tag:x:1" {
		t.Errorf("%+v", m)
	}
}

// Only the newest posts are asked about, and none for ever.
func TestCommentsAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var items []string
	pages := map[string]page{}
	for i := range 10 {
		items = append(items, post(fmt.Sprint(i), fmt.Sprintf("https://feeds.example/%d/comments", i), now.Add(-time.Duration(i)*time.Hour)))
	}
	items = append(items, post("old", "https://feeds.example/old", now.Add(-40*24*time.Hour)))
	pages[feedURL] = page{body: blog(items...)}
	s := newBlog(t, pages)
	if _, err := s.round(); err != nil {
		t.Fatal(err)
	}
	s.web.asked()
	s.comments()
	want := []string{"https://feeds.example/0/comments", "https://feeds.example/1/comments", "https://feeds.example/2/comments"}
	if asked := s.web.asked(); !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
	quiet := newBlog(t, map[string]page{feedURL: {body: blog(items[10])}})
	quiet.hears("new old")
	quiet.web.asked()
	quiet.comments()
	if asked := quiet.web.asked(); len(asked) > 0 {
		t.Errorf("a post of last month: asked for %q", asked)
	}
	none := newBlog(t, map[string]page{feedURL: {body: blog(items[0])}})
	none.source.comments = 0
	none.hears("new 0")
	if st := none.state(); len(st.Comments) > 0 {
		t.Errorf("comments that nobody wants: %+v", st.Comments[0])
	}
}

// What becomes of a feed of comments is nothing to the feed that named it: it waits
// as it is asked to, gives up what is gone, and waits longer the quieter it is.
func TestCommentsFail(t *testing.T) {
	t.Parallel()
	s := newBlog(t, map[string]page{feedURL: {body: blog(post("one", commentsURL, time.Now()))}})
	s.live = s.state()
	s.hears("new one")
	f := s.live.Comments[0]
	for _, p := range []page{
		{status: http.StatusInternalServerError},
		{body: "<html></html>"},
		{body: "nonsense"},
		{status: http.StatusTooManyRequests, header: map[string]string{"Retry-After": "7200"}},
	} {
		s.web.pages[commentsURL] = p
		if said := s.comments(); len(said) > 0 || f.Over || !f.State.Next.After(time.Now()) {
			t.Errorf("%+v: heard %q, %+v", p, said, f)
		}
	}
	if wait := time.Until(f.State.Next); wait < 119*time.Minute {
		t.Errorf("asked to wait two hours, it waits %v", wait)
	}
	s.web.pages[commentsURL] = page{body: channel()}
	s.comments()
	before := f.Pause
	if s.comments(); f.Pause < before || f.Failed != 0 {
		t.Errorf("pauses of %v and %v", before, f.Pause)
	}
	s.web.pages[commentsURL] = page{status: http.StatusGone}
	if s.comments(); !f.Over {
		t.Error("what is gone is asked for again")
	}
	s.hears()
	s.web.asked()
	s.comments()
	if asked := s.web.asked(); len(asked) > 0 {
		t.Errorf("what is over begins again: %q", asked)
	}
}

// A batch that is refused is heard again.
func TestCommentsAreHeardAgain(t *testing.T) {
	t.Parallel()
	s := newBlog(t, map[string]page{
		feedURL:     {body: blog(post("one", commentsURL, time.Now()))},
		commentsURL: {body: channel(comment("1", "one"))},
	})
	s.hears("new one")
	st := s.state()
	refused := fmt.Errorf("no")
	if err := s.source.hearComments(t.Context(), st, func(context.Context, listeners.Batch) error { return refused }); err == nil {
		t.Error("the refusal is lost")
	}
	if said := s.comments(); !slices.Equal(said, []string{"new one"}) {
		t.Errorf("heard %q", said)
	}
}
