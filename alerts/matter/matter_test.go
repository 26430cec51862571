package matter_test

import (
	"slices"
	"testing"

	"earshot"
	"earshot/alerts/matter"
)

// What a mention shares with others: its own page, if it has a headline, and the
// pages that it links to.
func TestPages(t *testing.T) {
	links := []string{"https://www.news.example/fire/", "https://news.example/fire?utm_source=x", "https://shop.acme.example/", "https://other.example/a"}
	for _, tt := range []struct {
		name    string
		mention earshot.Mention
		want    []string
	}{
		{"nothing", earshot.Mention{ID: "m:1", URL: "https://social.example/@ann/1"}, nil},
		{"links, each once", earshot.Mention{ID: "m:1", Links: links}, []string{"news.example/fire", "other.example/a"}},
		{
			"an article and its links",
			earshot.Mention{ID: "m:1", Title: "Fire", URL: "https://paper.example/1", Links: links},
			[]string{"paper.example/1", "news.example/fire", "other.example/a"},
		},
		{"a review", earshot.Mention{ID: "m:1", Title: "Bad", URL: "https://store.example/toy", Rating: 1, Links: links}, nil},
	} {
		if got := matter.Pages(&tt.mention, []string{"acme.example"}); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestThread(t *testing.T) {
	m := earshot.Mention{ID: "m:1", Conversation: "m:0", ReplyTo: "m:0", RepostOf: "m:2"}
	if got := matter.Thread(&m); !slices.Equal(got, []string{"m:0", "m:2"}) {
		t.Errorf("thread: %v", got)
	}
}
