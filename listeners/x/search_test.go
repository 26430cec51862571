package x

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/x/xtest"
)

func newServer(t *testing.T, o xtest.Options) *xtest.Server {
	t.Helper()
	server := xtest.NewWith(o)
	t.Cleanup(server.Close)
	return server
}

func numbered(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("acme number %04d", i)
	}
	return all
}

// A gap of many pages is heard whole and once, whatever X does to the pages.
func TestGapOfManyPages(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]xtest.Options{
		"plain":     {},
		"old names": {OldNames: true},
		"repeating": {Twice: true},
		"shuffled":  {Shuffled: true},
		"small":     {MaxPage: 7, Twice: true, Shuffled: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, o)
			f := newFixture(t, server, nil)
			r := newRecord()
			want := numbered(430)
			server.Publish(want...)
			stop := start(t, f.search("acme"), r)
			r.until(t, atLeast(len(want)))
			_ = stop()
			got := r.texts()
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("heard %d posts, some twice or not at all", len(got))
			}
		})
	}
}

// Whatever dies in the middle of a large gap goes on where it was, and pays for
// little twice.
func TestGapIsResumed(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{MaxPage: 20})
	f := newFixture(t, server, nil)
	want := numbered(300)
	server.Publish(want...)
	r := newRecord()
	for len(r.texts()) < len(want) {
		before := len(r.texts())
		stop := start(t, f.search("acme"), r)
		r.until(t, atLeast(before+1))
		_ = stop()
	}
	got := r.texts()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("heard %d posts, want %d, each once", len(got), len(want))
	}
	// A killed round may have fetched up to its five pages in vain.
	if charged := server.Charged().Posts; charged > 2*len(want)+100 {
		t.Errorf("%d posts were charged for %d heard", charged, len(want))
	}
}

// A post that appears late, with a lower ID than those already heard, is heard.
func TestLatePosts(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, nil)
	r := newRecord()
	now := time.Now().UTC()
	server.Post(xtest.Post{Text: "acme second", Posted: now})
	stop := start(t, f.search("acme"), r)
	r.until(t, atLeast(1))
	server.Post(xtest.Post{Text: "acme first", Posted: now.Add(-20 * time.Second)})
	r.until(t, atLeast(2))
	_ = stop()
	if got := r.texts(); !slices.Equal(got, []string{"acme second", "acme first"}) {
		t.Errorf("heard %q", got)
	}
}

// A reworded query loses nothing of what was posted since the last look.
func TestRewordedQuery(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, nil)
	r := newRecord()
	server.Publish("acme one")
	stop := start(t, f.search("acme"), r)
	r.until(t, atLeast(1))
	_ = stop()
	server.Publish("acme two", "bolt three")
	stop = start(t, f.search("acme OR bolt"), r)
	r.until(t, func(r *record) bool { return len(r.mentions) >= 3 })
	_ = stop()
	// The reworded one cannot know what the other has heard in the last seconds:
	// the log does.
	ids := map[string]bool{}
	for _, m := range r.mentions {
		ids[m.ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("heard %q", r.texts())
	}
}

// What is older than X searches is given up and everything since is heard, also
// when a walk was left in the middle long ago.
func TestOldCursor(t *testing.T) {
	t.Parallel()
	old := idAt(time.Now().Add(-30 * 24 * time.Hour))
	for name, p := range map[string]*progress{
		"rested": {Since: old}, "in a walk": {Since: old, Until: old + 1000, Began: old + 2000},
	} {
		server := newServer(t, xtest.Options{})
		f := newFixture(t, server, nil)
		st := &state{Version: cursorVersion, Walks: map[string]*progress{earshot.Key("acme"): p}}
		cursor, err := st.cursor()
		if err != nil {
			t.Fatal(err)
		}
		server.Publish("acme again")
		r := newRecord()
		r.cursor = cursor
		stop := start(t, f.search("acme"), r)
		r.until(t, atLeast(1))
		_ = stop()
		if got := r.texts(); !slices.Equal(got, []string{"acme again"}) {
			t.Errorf("%s: heard %q", name, got)
		}
	}
}

// Each way in which X fails ends the round with the error that makes the runner
// do the right thing, and without a word of what is searched for.
func TestFailures(t *testing.T) {
	t.Parallel()
	reset := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	for name, c := range map[string]struct {
		failure xtest.Failure
		class   string
		wait    time.Duration // at least
		says    string
	}{
		"429 with a reset": {xtest.Failure{Status: 429, Header: map[string]string{"x-rate-limit-reset": reset}}, "rate_limited", 40 * time.Minute, "429"},
		"429 alone":        {xtest.Failure{Status: 429}, "rate_limited", time.Minute, "Too Many Requests"},
		"429 as json":      {xtest.Failure{Status: 429, Body: `{"title":"Too Many Requests","detail":"Slow down","type":"about:blank","status":429}`}, "rate_limited", time.Minute, "Slow down"},
		"usage cap": {
			xtest.Failure{Status: 429, Body: `{"type":"https://api.twitter.com/2/problems/usage-capped","title":"UsageCapExceeded","period":"Monthly"}`},
			"rate_limited", time.Hour, "UsageCapExceeded",
		},
		"no credits": {
			xtest.Failure{Status: 402, Body: `{"title":"CreditsDepleted","type":"https://api.x.com/2/problems/credits","detail":"none left"}`},
			"rate_limited", 10 * time.Minute, "buy more",
		},
		"503":          {xtest.Failure{Status: 503}, "http_5xx", 0, "503"},
		"503 with":     {xtest.Failure{Status: 503, Header: map[string]string{"Retry-After": "120"}}, "rate_limited", 2 * time.Minute, "503"},
		"403":          {xtest.Failure{Status: 403, Body: `{"title":"Client Forbidden","type":"https://api.x.com/2/problems/client-forbidden","detail":"Enroll first"}`}, "http_4xx", 0, "Enroll first"},
		"400":          {xtest.Failure{Status: 400, Body: `{"errors":[{"message":"There were errors processing your request: missing EOF"}],"title":"Invalid Request"}`}, "http_4xx", 0, "missing EOF"},
		"redirect":     {xtest.Failure{Status: 307, Header: map[string]string{"Location": "http://169.254.169.254/"}}, "malformed", 0, "307"},
		"empty answer": {xtest.Failure{Status: 204, Body: " "}, "malformed", 0, "204"},
		"html":         {xtest.Failure{Status: 200, Body: "<html>over capacity</html>"}, "malformed", 0, "no JSON"},
		"wrong type":   {xtest.Failure{Status: 200, Body: `{"data": 5}`}, "malformed", 0, "API"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, xtest.Options{})
			c.failure.Endpoint = "search"
			server.Fail(c.failure)
			f := newFixture(t, server, nil)
			server.Publish("acme is safe")
			r := newRecord()
			err := ends(t, f.search("acme"), r)
			if listeners.Class(err) != c.class || !strings.Contains(err.Error(), c.says) {
				t.Errorf("ended with %v (%s), want %s and %q", err, listeners.Class(err), c.class, c.says)
			}
			retry, _ := errors.AsType[*listeners.RetryAfter](err)
			if c.wait > 0 && (retry == nil || retry.Wait < c.wait) {
				t.Errorf("waits %+v, want at least %s", retry, c.wait)
			}
			if strings.Contains(err.Error(), "query=") || strings.Contains(err.Error(), xtest.Token) {
				t.Errorf("the error tells too much: %v", err)
			}
			stop := start(t, f.search("acme"), r)
			r.until(t, atLeast(1))
			_ = stop()
		})
	}
}

// When nothing is left X is not asked at all until it allows more.
func TestLimitIsObeyed(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{Limit: 3})
	f := newFixture(t, server, nil)
	server.Publish("acme one")
	r := newRecord()
	err := ends(t, f.search("acme"), r)
	retry, limited := errors.AsType[*listeners.RetryAfter](err)
	if !limited || retry.Wait < 10*time.Minute || server.Asked("search") > 4 {
		t.Errorf("ended with %v after %d requests", err, server.Asked("search"))
	}
	if again := ends(t, f.search("acme"), r); listeners.Class(again) != "rate_limited" || server.Asked("search") > 4 {
		t.Errorf("asked %d times, ended with %v", server.Asked("search"), again)
	}
}

// A credential that X refuses, or that is not there, names its file and how to
// renew it.
func TestRefusedCredentials(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	server.Revoke()
	f := newFixture(t, server, nil)
	err := ends(t, f.search("acme"), newRecord())
	refused, is := errors.AsType[*listeners.Refused](err)
	if !is || refused.File != f.config.BearerTokenFile || !strings.Contains(err.Error(), "console.x.com") {
		t.Errorf("ended with %v", err)
	}
	f.config.BearerTokenFile += ".missing"
	err = ends(t, f.search("acme"), newRecord())
	if refused, is = errors.AsType[*listeners.Refused](err); !is || refused.File != f.config.BearerTokenFile {
		t.Errorf("ended with %v", err)
	}
}

// The mentions of the account are asked for with the user's keys, signed by
// OAuth 1.0a, and the account is looked up once.
func TestUserKeys(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	key := strings.ReplaceAll(testConfig(t, server).BearerTokenFile, "token", "key")
	writeFile(t, key, xtest.Key)
	f := newFixture(t, server, func(c *Config) {
		c.BearerTokenFile = ""
		c.ConsumerKeyFile, c.ConsumerSecretFile, c.AccessTokenFile, c.AccessSecretFile = key, key, key, key
	})
	server.Publish("@acmecare help", "nothing for us")
	r := newRecord()
	for range 2 {
		stop := start(t, f.mentions(), r)
		r.until(t, atLeast(1))
		_ = stop()
	}
	if got := r.texts(); !slices.Equal(got, []string{"@acmecare help"}) || server.Asked("users") != 1 {
		t.Errorf("heard %q, looked up %d times", got, server.Asked("users"))
	}
	if _, err := f.api(); err != nil {
		t.Error(err)
	}
}

// An account that is not there is gone until the configuration changes.
func TestUnknownAccount(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, nil)
	source := &timeline{account: f.account, part: "mentions", handle: "nobody"}
	if err := ends(t, source, newRecord()); !errors.Is(err, listeners.ErrGone) || !strings.Contains(err.Error(), "@nobody") {
		t.Errorf("ended with %v", err)
	}
}

// Backfill hears what was posted since a day, resumes, and ends.
func TestBackfill(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{MaxPage: 20})
	now := time.Now().UTC()
	for i := range 300 {
		server.Post(xtest.Post{Text: fmt.Sprintf("acme %03d", i), Mentions: true, Posted: now.Add(time.Duration(i-300) * time.Hour / 2)})
	}
	f := newFixture(t, server, nil)
	for _, source := range []listeners.Backfiller{f.search("acme"), f.stream("acme"), f.mentions()} {
		r := newRecord()
		killed := errors.New("killed")
		since := now.Add(-50 * time.Hour)
		for tries := 0; ; tries++ {
			n := len(r.texts())
			err := source.Backfill(t.Context(), since, r.cursor, func(ctx context.Context, b listeners.Batch) error {
				if len(r.texts()) > n && tries < 2 {
					return killed
				}
				return r.emit(ctx, b)
			})
			if err == nil {
				break
			}
			if !errors.Is(err, killed) {
				t.Fatal(err)
			}
		}
		if got := len(r.texts()); got != 100 {
			t.Errorf("%T: %d posts, want the hundred of fifty hours", source, got)
		}
	}
}
