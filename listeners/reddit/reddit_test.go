package reddit

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
	"golang.org/x/time/rate"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/reddit/reddittest"
)

// session looks at the stand-in's subreddit, keeping nothing but the cursor
// between two looks.
type session struct {
	*testing.T
	server *reddittest.Server
	source *source
	cursor earshot.Cursor
}

func newSession(t *testing.T) *session {
	t.Helper()
	server := reddittest.New()
	t.Cleanup(server.Close)
	return &session{T: t, server: server, source: newSource(t, server)}
}

// round looks once and returns what was heard, as "change text".
func (s *session) round() (said []string, err error) {
	s.Helper()
	st, err := readState(s.cursor)
	if err != nil {
		s.Fatal(err)
	}
	err = s.source.round(s.Context(), st, func(_ context.Context, b listeners.Batch) error {
		for _, m := range b.Mentions {
			said = append(said, strings.TrimSpace(string(m.Change)+" "+m.Text))
		}
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
	if strings.Contains(err.Error(), reddittest.Secret) || strings.Contains(err.Error(), "token-") {
		s.Errorf("the error tells a secret: %v", err)
	}
	return err
}

// The newest post, by which others would find their place, may vanish at any time.
func TestAnchorsVanish(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.server.Publish("one", "two", "three")
	s.hears("new one", "new two", "new three")
	s.server.Change(2, func(p *reddittest.Post) { p.Deleted = true })
	s.server.Change(1, func(p *reddittest.Post) { p.Deleted = true })
	s.server.Publish("four")
	s.hears("new four")
	s.hears()
}

// A long listing is read to its end, oldest first, also when its pages overlap or
// the place between two of them is deleted.
func TestManyPages(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	var texts, want []string
	for i := range 730 {
		texts = append(texts, fmt.Sprint(i))
		want = append(want, fmt.Sprintf("new %d", i))
	}
	s.server.Publish(texts...)
	s.server.Repeat()
	s.hears(want...)
	if n := len(s.server.Asked()); n != 8 {
		t.Errorf("it took %d requests", n)
	}
	s.hears()
	if n := len(s.server.Asked()); n != 1 {
		t.Errorf("the second look took %d requests", n)
	}
	p, err := s.source.account.page(t.Context(), s.source.timeline, "")
	if err != nil {
		t.Fatal(err)
	}
	s.server.Change(730-100, func(p *reddittest.Post) { p.Deleted = true })
	if next, err := s.source.next(t.Context(), anchors(p.posts)); err != nil || len(next.posts) != 100 {
		t.Errorf("after an anchor that was deleted: %d posts, %v", len(next.posts), err)
	}
}

// What is edited is said again; a comment that is deleted is taken back, and a
// deleted one that was never heard is nothing to say.
func TestEditsAndDeletions(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.source.path = "/r/" + reddittest.Subreddit + "/comments"
	s.server.Comment("one", "two", "three")
	s.server.Change(0, func(p *reddittest.Post) { p.Deleted = true })
	s.hears("new two", "new three")
	s.server.Change(1, func(p *reddittest.Post) { p.Text = "two, edited" })
	s.server.Change(2, func(p *reddittest.Post) { p.Deleted = true })
	s.hears("edited two, edited", "deleted")
	s.hears()
}

// Stored posts are looked up; what was deleted comes back as such, what Reddit
// does not know does not come back.
func TestLookUp(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.server.Publish("one", "two")
	p, err := s.source.account.page(t.Context(), s.source.timeline, "")
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{p.posts[0].mention.ID, p.posts[1].mention.ID, "reddit:t3_zzzzz", "reddit:what is this"}
	s.server.Change(1, func(p *reddittest.Post) { p.Deleted = true })
	found, err := s.source.account.lookUp(t.Context(), ids)
	if err != nil || len(found) != 2 || found[ids[0]].Change != earshot.Deleted || found[ids[1]].Text != "one" {
		t.Errorf("%+v, %v", found, err)
	}
}

// Each way in which Reddit fails is an error that makes the runner do the right thing.
func TestFailures(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.server.Publish("one")
	s.server.Fail(
		reddittest.Failure{Status: http.StatusTooManyRequests, Header: map[string]string{"X-Ratelimit-Remaining": "0.0", "X-Ratelimit-Used": "1000", "X-Ratelimit-Reset": "417"}},
	)
	var retry *listeners.RetryAfter
	if err := s.fails("429"); !errors.As(err, &retry) || retry.Wait < 6*time.Minute || retry.Wait > 7*time.Minute {
		t.Errorf("%v, wait %v", err, retry.Wait)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.source.account.await(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with no requests left it asks on: %v", err)
	}
	s.source = newSource(t, s.server)
	for status, because := range map[int]string{500: "500", 503: "503", 403: "private, quarantined", 404: "404"} {
		s.server.Fail(reddittest.Failure{Status: status, Body: `{"message": "x"}`})
		_ = s.fails(because)
	}
	s.server.Fail(reddittest.Failure{Status: 200, Body: `{"kind": "Listing", "data": {"chil`})
	if err := s.fails("reading the listing"); !errors.Is(err, listeners.ErrMalformed) {
		t.Errorf("%v", err)
	}
	s.source.path = "/r/nowhere/new"
	if err := s.fails("there is no subreddit"); !errors.Is(err, listeners.ErrMalformed) {
		t.Errorf("%v", err)
	}
	s.source.path = "/r/" + reddittest.Subreddit + "/new"
	s.hears("new one")
}

// Feeds are asked for once a minute, by all parts together; who is refused all the
// same waits longer.
func TestFeedsAreAskedForSeldom(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.server.Publish("one")
	s.server.LimitFeeds(time.Hour)
	s.source.account.config.ClientID = ""
	s.hears("new one")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.source.account.await(ctx); err == nil {
		t.Error("a second request at once")
	}
	s.source.account.feedPace.SetLimit(rate.Inf)
	var retry *listeners.RetryAfter
	if err := s.fails("feeds without credentials"); !errors.As(err, &retry) || retry.Wait < time.Minute {
		t.Errorf("%v", err)
	}
}

// A token that has expired is replaced; an application that is not known any more
// is said with its file.
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.server.Publish("one")
	s.hears("new one")
	s.server.Revoke()
	s.source.account.since = time.Now().Add(-time.Hour)
	if err := s.fails("expired"); errors.As(err, new(*listeners.Refused)) {
		t.Errorf("%v", err)
	}
	s.hears()
	s.server.Revoke()
	var refused *listeners.Refused
	if err := s.fails("refused"); !errors.As(err, &refused) || refused.File != s.source.account.config.SecretFile {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(s.source.account.config.SecretFile, []byte("guess"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.fails("does not accept the application"); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
}

// An account's password is a credential too.
func TestScripts(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.server.Publish("one")
	c := &s.source.account.config
	c.Username, c.PasswordFile = "ida_holm", t.TempDir()+"/password"
	var refused *listeners.Refused
	if err := s.fails("no such file"); !errors.As(err, &refused) || refused.File != c.PasswordFile {
		t.Errorf("%v", err)
	}
	for password, because := range map[string]string{"wrong": "does not accept the account", "hunter2": ""} {
		if err := os.WriteFile(c.PasswordFile, []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
		if because == "" {
			s.hears("new one")
		} else if err := s.fails(because); !errors.As(err, &refused) || refused.File != c.PasswordFile {
			t.Errorf("%v", err)
		}
		s.source.account.token, s.cursor = nil, nil
	}
}

// A backfill goes back to its date, and goes on where it was interrupted.
func TestBackfill(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	texts := make([]string, 350)
	for i := range texts {
		texts[i] = fmt.Sprint(i)
	}
	s.server.Publish(texts...)
	since := reddittest.First().Add(100 * time.Second) // the post of number 100
	var cursor earshot.Cursor
	var heard []string
	killed := errors.New("killed")
	for range 10 {
		batches := 0
		err := s.source.Backfill(t.Context(), since, cursor, func(_ context.Context, b listeners.Batch) error {
			if batches++; batches > 1 {
				return killed
			}
			cursor = b.Next
			for _, m := range b.Mentions {
				heard = append(heard, m.Text)
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
	slices.Sort(heard)
	if got := slices.Compact(slices.Clone(heard)); len(heard) != 250 || len(got) != 250 || slices.Contains(heard, "99") {
		t.Errorf("heard %d posts, %d different", len(heard), len(got))
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

// Each timeline is a part, named after it; stored posts are another.
func TestParts(t *testing.T) {
	t.Parallel()
	query := earshot.Query{Root: earshot.QueryNode{Op: earshot.QueryPhrase, Text: "acme crane"}}
	parts, err := openWith(Config{
		Subreddits: []string{"toys", "/r/acme"}, Comments: true, Search: []string{"crane"}, Brands: true, Every: time.Minute,
		Recheck: time.Hour, ClientID: "x", SecretFile: "/dev/null", UserAgent: "x",
	}, query, query)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
	}
	want := []string{"r/toys", "r/toys comments", "r/acme", "r/acme comments", "search crane", `search "acme crane"`, "recheck"}
	if !slices.Equal(names, want) {
		t.Errorf("the parts are %q, want %q", names, want)
	}
}

// What is wrong is said with the key it is at, all at once.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	good := Config{Subreddits: []string{"toys"}, Every: time.Minute, ClientID: "x", SecretFile: "/dev/null"}
	for name, c := range map[string]struct {
		change func(*Config)
		paths  []string
		fatal  bool
	}{
		"no application": {func(c *Config) { c.ClientID, c.SecretFile = "", "" }, []string{"client_id"}, false},
		"half of one":    {func(c *Config) { c.ClientID = "" }, []string{"client_id"}, true},
		"no secret":      {func(c *Config) { c.SecretFile = "" }, []string{"secret_file"}, true},
		"only password":  {func(c *Config) { c.PasswordFile = "/dev/null" }, []string{"username"}, true},
		"only user":      {func(c *Config) { c.Username = "ida" }, []string{"password_file"}, true},
		"account alone":  {func(c *Config) { c.ClientID, c.SecretFile, c.Username = "", "", "ida" }, []string{"client_id", "username"}, true},
		"nothing":        {func(c *Config) { c.Subreddits = nil }, []string{"subreddits"}, true},
		"names":          {func(c *Config) { c.Subreddits = []string{"a b", "toys", "r/toys"} }, []string{"subreddits[0]", "subreddits[2]"}, true},
		"searches":       {func(c *Config) { c.Search = []string{" ", strings.Repeat("x", 600)} }, []string{"search[0]", "search[1]"}, true},
		"times":          {func(c *Config) { c.Every, c.Recheck = 0, -1 }, []string{"every", "recheck"}, true},
		"server":         {func(c *Config) { c.Server = "reddit" }, []string{"server"}, true},
	} {
		config := good
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

// A query is asked for as far as Reddit can: more may be found, never less.
func TestCompile(t *testing.T) {
	t.Parallel()
	word := func(s string) earshot.QueryNode { return earshot.QueryNode{Op: earshot.QueryWord, Text: s} }
	of := func(op earshot.QueryOp, nodes ...earshot.QueryNode) earshot.QueryNode {
		return earshot.QueryNode{Op: op, Nodes: nodes}
	}
	long := make([]earshot.QueryNode, 100)
	for i := range long {
		long[i] = word(fmt.Sprintf("number%d", i))
	}
	site := earshot.QueryNode{Op: earshot.QuerySite, Text: "acme.example"}
	hashtag := earshot.QueryNode{Op: earshot.QueryHashtag, Text: "acme"}
	for name, c := range map[string]struct {
		node earshot.QueryNode
		want []string
	}{
		"or":       {of(earshot.QueryOr, word("acme"), hashtag), []string{`"acme" OR "acme"`}},
		"prefix":   {of(earshot.QueryAnd, word("acme"), word("injur*")), []string{`("acme")`}},
		"site":     {site, nil},
		"or site":  {of(earshot.QueryAnd, word("acme"), of(earshot.QueryOr, site, word("x"))), []string{`("acme")`}},
		"near":     {of(earshot.QueryNear, word("acme"), of(earshot.QueryOr, word("crane"), word("truck"))), []string{`("acme" AND ("crane" OR "truck"))`}},
		"not":      {of(earshot.QueryAnd, word("acme"), of(earshot.QueryNot, word("klein"))), []string{`("acme" AND NOT "klein")`}},
		"not near": {of(earshot.QueryAnd, word("acme"), of(earshot.QueryNot, of(earshot.QueryNear, word("a"), word("b")))), []string{`("acme")`}},
		"not tag":  {of(earshot.QueryAnd, word("acme"), of(earshot.QueryNot, hashtag)), []string{`("acme")`}},
	} {
		if got := compile(earshot.Query{Root: c.node}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	searches := compile(earshot.Query{Root: of(earshot.QueryOr, long...)})
	if len(searches) < 2 || strings.Count(strings.Join(searches, " "), "number") != 100 {
		t.Errorf("a long query is asked for as %q", searches)
	}
	for _, s := range searches {
		if len(s) > longestSearch {
			t.Errorf("%d characters", len(s))
		}
	}
}
