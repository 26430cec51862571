package story_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"earshot"
	"earshot/cmd/earshot/story"
)

func read(t *testing.T) *story.Story {
	t.Helper()
	s, err := story.Read(story.Files())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(t *testing.T, url, tag string) (status int, body, etag string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data), res.Header.Get("ETag")
}

// Every feed grows into one that a feed reader reads in full, edited and without
// what was taken back.
func TestServerTellsTheTale(t *testing.T) {
	s := read(t)
	feeds := story.NewServer(s)
	srv := httptest.NewServer(feeds)
	defer srv.Close()
	want := map[string]map[string]story.Step{}
	for _, f := range s.Feeds {
		want[f.Name] = map[string]story.Step{}
	}
	for _, step := range s.Steps {
		feeds.Publish(step, time.Now())
		if step.Does == earshot.Deleted {
			delete(want[step.Feed.Name], step.ID)
			continue
		}
		want[step.Feed.Name][step.ID] = step
	}
	for _, f := range s.Feeds {
		status, body, _ := get(t, srv.URL+f.Path(), "")
		if status != http.StatusOK {
			t.Fatalf("%s: status %d", f.Path(), status)
		}
		feed, err := gofeed.NewParser().ParseString(body)
		if err != nil {
			t.Fatalf("%s: %v", f.Path(), err)
		}
		if len(feed.Items) != len(want[f.Name]) {
			t.Errorf("%s has %d items, want %d", f.Path(), len(feed.Items), len(want[f.Name]))
		}
		for _, item := range feed.Items {
			step, ok := want[f.Name][item.GUID[strings.LastIndexByte(item.GUID, ':')+1:]]
			if !ok || "rss:"+item.GUID != step.Mention() || item.Link != step.URL() || item.Title != step.Title {
				t.Errorf("%s: item %q does not tell of step %+v", f.Path(), item.GUID, step)
			}
			if step.Link != "" && !strings.Contains(item.Content+item.Description, `href="`+strings.ReplaceAll(step.Link, "&", "&amp;")+`"`) {
				t.Errorf("%s: item %q lost its link", f.Path(), item.GUID)
			}
		}
	}
}

// Asking again costs nothing until something happens, in that feed only.
func TestServerValidators(t *testing.T) {
	s := read(t)
	feeds := story.NewServer(s)
	srv := httptest.NewServer(feeds)
	defer srv.Close()
	step := s.Steps[0]
	url := srv.URL + step.Feed.Path()
	_, _, tag := get(t, url, "")
	if status, _, _ := get(t, url, tag); status != http.StatusNotModified {
		t.Errorf("status %d for what is known, want 304", status)
	}
	feeds.Publish(step, time.Now())
	if status, body, newTag := get(t, url, tag); status != http.StatusOK || newTag == tag || !strings.Contains(body, step.ID) {
		t.Errorf("status %d, tag %s after %s, want the new post", status, newTag, tag)
	}
	if status, _, _ := get(t, srv.URL+"/nowhere.rss", ""); status != http.StatusNotFound {
		t.Errorf("status %d for a feed that is not, want 404", status)
	}
}

// A post taken back leaves a tombstone and none of its words.
func TestServerTombstone(t *testing.T) {
	s := read(t)
	feeds := story.NewServer(s)
	srv := httptest.NewServer(feeds)
	defer srv.Close()
	for _, step := range s.Steps {
		feeds.Publish(step, time.Now())
		if step.Does != earshot.Deleted {
			continue
		}
		_, body, _ := get(t, srv.URL+step.Feed.Path(), "")
		if !strings.Contains(body, "deleted-entry") || strings.Contains(body, step.Text) {
			t.Errorf("after %s was taken back its feed has no tombstone or still its words", step.ID)
		}
		return
	}
	t.Error("nothing is taken back in the story")
}
