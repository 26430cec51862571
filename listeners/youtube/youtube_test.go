package youtube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/youtube/youtubetest"
)

// session looks at the stand-in, keeping nothing but the cursor between two looks.
type session struct {
	*testing.T
	server *youtubetest.Server
	source *source
	cursor earshot.Cursor
	last   []earshot.Mention
}

func newSession(t *testing.T, find finder) *session {
	t.Helper()
	server := youtubetest.New()
	t.Cleanup(server.Close)
	return &session{T: t, server: server, source: newSource(t, server, find)}
}

func (s *session) round() (said []string, err error) {
	s.Helper()
	st, err := readState(s.cursor)
	if err != nil {
		s.Fatal(err)
	}
	s.last = nil
	err = s.source.round(s.Context(), st, func(_ context.Context, b listeners.Batch) error {
		for _, m := range b.Mentions {
			said = append(said, strings.TrimSpace(string(m.Change)+" "+m.Title+m.Text))
		}
		s.last = append(s.last, b.Mentions...)
		s.cursor = b.Next
		return nil
	})
	return said, err
}

func (s *session) hears(want ...string) {
	s.Helper()
	got, err := s.round()
	if err != nil {
		s.Fatal(err)
	}
	if !slices.Equal(got, want) {
		s.Errorf("heard %q, want %q", got, want)
	}
}

func (s *session) fails(because string) error {
	s.Helper()
	got, err := s.round()
	if err == nil || !strings.Contains(err.Error(), because) || len(got) > 0 {
		s.Fatalf("heard %q and %v, want an error with %q", got, err, because)
	}
	if strings.Contains(err.Error(), youtubetest.Key) {
		s.Errorf("the error tells the key: %v", err)
	}
	return err
}

// A channel's comments come with the videos that they are below, and their authors
// with what is known of them.
func TestChannel(t *testing.T) {
	t.Parallel()
	s := newSession(t, channelFinder{youtubetest.Handle})
	s.source.authors = true
	s.server.Publish("one", "two")
	s.hears("new video vid-0000001about cranes", "new one", "new two")
	if m := s.last[2]; m.Author.Followers != 1200 || m.Author.Created.Year() != 2019 || m.Conversation != "youtube:"+youtubetest.Video || m.Channel != youtubetest.Handle {
		t.Errorf("%+v", m)
	}
	s.server.Publish("three")
	s.hears("new three")
	s.hears()
	s.server.Asked()
	s.hears()
	if asked := s.server.Asked(); len(asked) != 1 {
		t.Errorf("a look at nothing new asks for %q", asked)
	}
}

// Replies to a comment that was heard long ago are heard, all of them, once.
func TestReplies(t *testing.T) {
	t.Parallel()
	s := newSession(t, videoFinder{youtubetest.Video})
	id := s.server.Comment(youtubetest.Video, "", "one")
	s.hears("new video vid-0000001about cranes", "new one")
	for _, text := range []string{"a", "b", "c", "d"} {
		s.server.Comment(youtubetest.Video, id, text)
	}
	s.hears("new a", "new b", "new c", "new d")
	if m := s.last[3]; m.ReplyTo != "youtube:"+id || m.Conversation != "youtube:"+youtubetest.Video {
		t.Errorf("%+v", m)
	}
	s.server.Change(id, func(c *youtubetest.Comment) { c.Text = "one, edited" })
	s.hears("edited one, edited")
	s.hears()
}

// Many pages are read to the known, oldest first.
func TestManyPages(t *testing.T) {
	t.Parallel()
	s := newSession(t, fixed{threads{Video: youtubetest.Video}})
	var want []string
	for i := range 630 {
		s.server.Publish(fmt.Sprint(i))
		want = append(want, fmt.Sprintf("new %d", i))
	}
	s.hears(want...)
	s.hears()
}

// A search finds videos once; what was found is listened to, the newest of it.
func TestSearch(t *testing.T) {
	t.Parallel()
	s := newSession(t, searchFinder{"crane", time.Nanosecond, 2})
	s.server.AddVideo("vid-0000002")
	s.server.Comment("vid-0000002", "", "below two")
	s.hears("new video vid-0000001about cranes", "new video vid-0000002about cranes", "new below two")
	s.server.AddVideo("vid-0000003")
	s.server.Comment(youtubetest.Video, "", "below one, which is not watched any more")
	s.server.Comment("vid-0000003", "", "below three")
	s.hears("new video vid-0000003about cranes", "new below three")
	// A search that is not allowed keeps nobody from listening.
	s.server.Fail("search", youtubetest.Failure{Status: 403, Reason: "quotaExceeded"})
	s.server.Comment("vid-0000003", "", "more")
	s.hears("new more")
	// One video of many may go, or turn its comments off.
	s.server.Fail("commentThreads", youtubetest.Failure{Status: 404, Reason: "videoNotFound"}, youtubetest.Failure{Status: 403, Reason: "commentsDisabled"})
	s.hears()
}

// What was published since the last search is found, more than one page of it too.
func TestSearchPages(t *testing.T) {
	t.Parallel()
	s := newSession(t, searchFinder{"crane", time.Nanosecond, 0})
	s.hears("new video vid-0000001about cranes")
	var want []string
	for i := range 120 {
		id := fmt.Sprintf("vid-%07d", i+100)
		s.server.AddVideo(id)
		want = append(want, "new video "+id+"about cranes")
	}
	s.hears(want...)
	s.hears()
}

// Nothing is asked beyond the budget, and it is said until when.
func TestBudget(t *testing.T) {
	t.Parallel()
	s := newSession(t, videoFinder{youtubetest.Video})
	config := defaults()
	config.KeyFile, config.Server, config.Budget.Day = s.source.api.file, s.server.URL, 3
	s.source.api = newAPI(config, listeners.Setup{Name: "x", Client: s.source.api.client, Tally: &tally{}, Log: zap.NewNop()}, false)
	s.server.Publish("one")
	if _, err := s.round(); err != nil {
		t.Fatal(err)
	}
	s.server.Asked()
	s.hears()
	var retry *listeners.RetryAfter
	err := s.fails("budget is spent")
	if !errors.Is(err, listeners.ErrSpent) || !errors.As(err, &retry) || retry.Wait <= 0 || retry.Wait > 25*time.Hour {
		t.Errorf("%v", err)
	}
	if asked := s.server.Asked(); len(asked) != 1 {
		t.Errorf("asked %q", asked)
	}
}

// Each way in which Google fails is an error that makes the runner do the right thing.
func TestFailures(t *testing.T) {
	t.Parallel()
	s := newSession(t, fixed{threads{Video: youtubetest.Video}})
	s.server.Publish("one")
	retries := func(err error) bool { return errors.As(err, new(*listeners.RetryAfter)) }
	refused := func(err error) bool { return errors.As(err, new(*listeners.Refused)) }
	for _, c := range []struct {
		status          int
		reason, because string
		kind            func(error) bool
	}{
		{403, "quotaExceeded", "quota of the project is used up", retries},
		{403, "rateLimitExceeded", "403", retries},
		{429, "", "429", retries},
		{400, "keyInvalid", "does not know the key", refused},
		{403, "accessNotConfigured", "enable the YouTube Data API", refused},
		{404, "videoNotFound", "gone for good", func(err error) bool { return errors.Is(err, listeners.ErrGone) }},
		{400, "processingFailure", "400", func(err error) bool { return !refused(err) && !retries(err) }},
		{503, "backendError", "503", func(err error) bool { return errors.As(err, new(*listeners.StatusError)) }},
	} {
		s.server.Fail("commentThreads", youtubetest.Failure{Status: c.status, Reason: c.reason})
		if err := s.fails(c.because); !c.kind(err) {
			t.Errorf("%d %s: %v", c.status, c.reason, err)
		}
	}
	s.server.Fail("commentThreads", youtubetest.Failure{Status: 403, Reason: "commentsDisabled"})
	s.hears()
	s.server.Allow(0)
	if err := s.fails("used up"); !retries(err) {
		t.Errorf("%v", err)
	}
	s.server.Allow(1000)
	s.hears("new one")
	if err := os.WriteFile(s.source.api.file, []byte("guess"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.fails("does not know the key"); !refused(err) {
		t.Errorf("%v", err)
	}
	gone := newSession(t, channelFinder{"@nobody"})
	if err := gone.fails("@nobody"); !errors.Is(err, listeners.ErrGone) {
		t.Errorf("%v", err)
	}
}

// Stored comments and videos are looked up; what is gone does not come back.
func TestLookUp(t *testing.T) {
	t.Parallel()
	s := newSession(t, nil)
	one := s.server.Comment(youtubetest.Video, "", "one")
	two := s.server.Comment(youtubetest.Video, "", "two")
	s.server.Change(two, func(c *youtubetest.Comment) { c.Text = "" })
	found, err := s.source.api.lookUp(t.Context(), []string{"youtube:" + one, "youtube:" + two, "youtube:" + youtubetest.Video, "youtube:what is this"})
	if err != nil || len(found) != 2 || found["youtube:"+one].Text != "one" {
		t.Errorf("%+v, %v", found, err)
	}
}

// A backfill goes back to its date with all replies, and goes on where it was
// interrupted, also when its place has expired.
func TestBackfill(t *testing.T) {
	t.Parallel()
	s := newSession(t, videoFinder{youtubetest.Video})
	for i := range 350 {
		id := s.server.Comment(youtubetest.Video, "", fmt.Sprint(i))
		if i == 340 {
			for range 3 {
				s.server.Comment(youtubetest.Video, id, "reply")
			}
		}
	}
	since := youtubetest.First().Add(100 * time.Second) // the comment of number 100
	var cursor earshot.Cursor
	heard := map[string]bool{}
	killed := errors.New("killed")
	for round := range 12 {
		if round == 2 {
			s.server.Fail("commentThreads", youtubetest.Failure{Status: 400, Reason: "invalidPageToken"})
		}
		batches := 0
		err := s.source.Backfill(t.Context(), since, cursor, func(_ context.Context, b listeners.Batch) error {
			if batches++; batches > 1 {
				return killed
			}
			cursor = b.Next
			for _, m := range b.Mentions {
				heard[m.ID] = true
			}
			return nil
		})
		if err == nil {
			break
		}
		if !errors.Is(err, killed) {
			t.Fatal(err)
		}
	}
	if len(heard) != 253 {
		t.Errorf("heard %d comments", len(heard))
	}
	if err := newSource(t, s.server, searchFinder{"x", time.Hour, 1}).Backfill(t.Context(), since, nil, nil); err == nil {
		t.Error("a search has a past")
	}
}

// Each channel, video and search is a part, named after it.
func TestParts(t *testing.T) {
	t.Parallel()
	query := earshot.Query{Root: earshot.QueryNode{Op: earshot.QueryOr, Nodes: []earshot.QueryNode{
		{Op: earshot.QueryPhrase, Text: "acme crane"},
		{Op: earshot.QueryHashtag, Text: "acme"},
		{Op: earshot.QuerySite, Text: "acme.example"},
		{Op: earshot.QueryAnd, Nodes: []earshot.QueryNode{{Op: earshot.QueryWord, Text: "toy"}, {Op: earshot.QueryNot, Nodes: []earshot.QueryNode{{Op: earshot.QueryWord, Text: "x"}}}, {Op: earshot.QueryWord, Text: "injur*"}}},
	}}}
	config := defaults()
	config.KeyFile, config.Channels, config.Videos, config.Search = "/dev/null", []string{youtubetest.Handle}, []string{youtubetest.Video}, []string{"crane"}
	parts, err := openWith(config, query)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
	}
	want := []string{"channel @acmetoys", "video vid-0000001", "search crane", `search "acme crane"|"acme"|"toy"`, "recheck"}
	if !slices.Equal(names, want) {
		t.Errorf("the parts are %q, want %q", names, want)
	}
}

func openWith(c Config, queries ...earshot.Query) ([]listeners.Part, error) {
	return Driver().Open(listeners.Setup{
		Name: "toys", Client: &http.Client{}, Log: zap.NewNop(), Queries: queries,
		Decode: func(into any) error {
			config, ok := into.(*Config)
			if !ok {
				return errors.New("not a Config")
			}
			*config = c
			return nil
		},
	})
}

// What is wrong is said with the key it is at; what cannot be paid for is a warning.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Config)
		paths  []string
		fatal  bool
	}{
		"no key":   {func(c *Config) { c.KeyFile = "" }, []string{"key_file"}, true},
		"channels": {func(c *Config) { c.Channels = []string{"acme toys", "@acme", "@acme"} }, []string{"channels[0]", "channels[2]"}, true},
		"videos":   {func(c *Config) { c.Videos = []string{"https://youtu.be/x"} }, []string{"videos[0]"}, true},
		"search":   {func(c *Config) { c.Search = []string{""} }, []string{"search[0]"}, true},
		"nothing":  {func(c *Config) { c.Channels, c.Brands = nil, false }, []string{"channels"}, true},
		"numbers": {
			func(c *Config) { c.Every, c.SearchEvery, c.Watch, c.Recheck, c.Searches = 0, 0, 99, -1, -1 },
			[]string{"every", "search_every", "watch", "recheck", "searches"},
			true,
		},
		"server": {func(c *Config) { c.Server = "youtube" }, []string{"server"}, true},
		"budget": {func(c *Config) { c.Budget.Day = -1 }, []string{"budget.day"}, true},
		"dear": {func(c *Config) {
			c.Every, c.Search, c.SearchEvery = time.Second, []string{"x"}, time.Minute
		}, []string{"every", "search_every"}, false},
	} {
		config := defaults()
		config.KeyFile, config.Channels = "/dev/null", []string{"@acme"}
		c.change(&config)
		parts, err := openWith(config)
		var problems earshot.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var paths []string
		for _, p := range problems {
			paths = append(paths, p.Path)
		}
		if !slices.Equal(paths, c.paths) || problems.Fatal() != c.fatal || c.fatal == (len(parts) > 0) {
			t.Errorf("%s: %d parts and %v", name, len(parts), problems)
		}
	}
}
