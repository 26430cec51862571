package bluesky_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"earshot"
	"earshot/listeners/bluesky"
	"earshot/listeners/bluesky/blueskytest"
)

// directory is the part of the public API that knows people.
type directory struct {
	mu     sync.Mutex
	asked  []string
	broken bool
}

func (d *directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, strings.Join(r.URL.Query()["actors"], " "))
	if d.broken {
		http.Error(w, "{", http.StatusBadGateway)
		return
	}
	fmt.Fprintf(w, `{"profiles":[{"did":%q,"handle":"standin.example","displayName":"Stand-in","followersCount":1234,
		"createdAt":"2024-02-03T04:05:06.789Z","verification":{"verifications":[],"verifiedStatus":"valid","trustedVerifierStatus":"none"}}]}`, blueskytest.Author)
}

// Who wrote a post that may concern a brand is asked for once; a new handle is
// noted. Nobody else is asked for.
func TestProfiles(t *testing.T) {
	t.Parallel()
	people := &directory{}
	api := httptest.NewServer(people)
	t.Cleanup(api.Close)
	server := blueskytest.New()
	t.Cleanup(server.Close)
	server.Publish("nothing of interest")
	server.Publish("ACME broke again")
	config := bluesky.Config{Servers: []string{server.URL()}, Profiles: true, API: api.URL}
	authors := heardAuthors(t, server, config, "#acme once more")
	if want := []string{blueskytest.Author, "@standin.example", "@standin.example"}; !slices.Equal(names(authors), want) {
		t.Errorf("authors %q", names(authors))
	}
	if a := authors[1]; a.Name != "Stand-in" || a.Followers != 1234 || !a.Verified || a.Created.Year() != 2024 {
		t.Errorf("%+v", a)
	}
	if !slices.Equal(people.asked, []string{blueskytest.Author}) {
		t.Errorf("asked for %q", people.asked)
	}
}

// Without an answer the post is heard all the same, and nobody asks for a while.
func TestProfilesAreNotNeeded(t *testing.T) {
	t.Parallel()
	people := &directory{broken: true}
	api := httptest.NewServer(people)
	t.Cleanup(api.Close)
	server := blueskytest.New()
	t.Cleanup(server.Close)
	server.Publish("acme one")
	config := bluesky.Config{Servers: []string{server.URL()}, Profiles: true, API: api.URL}
	if got := names(heardAuthors(t, server, config, "acme two")); !slices.Equal(got, []string{blueskytest.Author, blueskytest.Author}) {
		t.Errorf("authors %q", got)
	}
	if len(people.asked) != 1 {
		t.Errorf("asked %d times", len(people.asked))
	}
}

// heardAuthors are who wrote what the server holds, and one post more.
func heardAuthors(t *testing.T, server *blueskytest.Server, config bluesky.Config, more string) []earshot.Author {
	t.Helper()
	l := newLog(t)
	stop := l.listen(source(t, config))
	l.wait(func() bool {
		return len(l.said) > 0 && strings.Contains(strings.ToLower(l.said[len(l.said)-1]), "acme")
	})
	before := len(l.said)
	server.Publish(more)
	l.until(before + 1)
	_ = stop()
	return l.authors
}

func names(authors []earshot.Author) (all []string) {
	for _, a := range authors {
		all = append(all, a.Handle)
	}
	return all
}
