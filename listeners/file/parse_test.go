package file_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/listeners/file"
)

const fullLine = `{"id":"mastodon:109","network":"mastodon","change":"edited","author":{"handle":"@nora@social.example",` +
	`"name":"Nora","followers":1234,"verified":true,"created":"2019-05-04T10:00:00Z"},"title":"T\u00e4st",` +
	`"text":"The wheel of the @acme tractor came off after two days \ud83d\ude22 #acme","url":"https://social.example/@nora/109",` +
	`"lang":"en","posted":"2026-11-20T08:15:30.5Z","heard":"2026-11-20T08:15:31Z","reply_to":"mastodon:108",` +
	`"conversation":"mastodon:100","links":["https://a.example/1","https://a.example/2"],` +
	`"media":[{"url":"https://a.example/p.jpg","alt":"a wheel"}],"engagement":{"likes":3,"reposts":2,"replies":1,"views":400},` +
	`"rating":4.5,"place":"Rome","visibility":"public","flags":["truncated"]}`

const tweetLine = `{"id":"x:1590000000000000001","author":{"handle":"@somebody","followers":321},` +
	`"text":"Third week without an answer from @acmecare about the missing pieces in my order, how hard can it be?",` +
	`"lang":"en","posted":"2026-11-20T08:15:30Z","url":"https://x.example/somebody/status/1590000000000000001"}`

func TestParseReadsEveryField(t *testing.T) {
	got, err := file.Parse([]byte(fullLine))
	if err != nil {
		t.Fatal(err)
	}
	want := earshot.Mention{
		ID: "mastodon:109", Network: "mastodon", Change: earshot.Edited,
		Author: earshot.Author{
			Handle: "@nora@social.example", Name: "Nora", Followers: 1234, Verified: true,
			Created: time.Date(2019, 5, 4, 10, 0, 0, 0, time.UTC),
		},
		Title: "Täst", Text: "The wheel of the @acme tractor came off after two days 😢 #acme",
		URL: "https://social.example/@nora/109", Lang: "en",
		Posted:  time.Date(2026, 11, 20, 8, 15, 30, 500_000_000, time.UTC),
		Heard:   time.Date(2026, 11, 20, 8, 15, 31, 0, time.UTC),
		ReplyTo: "mastodon:108", Conversation: "mastodon:100",
		Links:      []string{"https://a.example/1", "https://a.example/2"},
		Media:      []earshot.Media{{URL: "https://a.example/p.jpg", Alt: "a wheel"}},
		Engagement: earshot.Engagement{Likes: 3, Reposts: 2, Replies: 1, Views: 400},
		Rating:     4.5, Place: "Rome", Visibility: earshot.Public, Flags: []string{"truncated"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseErrorsSayWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "column 1: a mention is a JSON object, in braces",
		"null":                              "column 1: a mention is a JSON object, in braces",
		`  [1]`:                             "column 3: a mention is a JSON object, in braces",
		`{"text":"a"`:                       "column 11: unexpected end of JSON input",
		`{"text":"a"} x`:                    "column 14: invalid character 'x' after top-level value",
		`{"author":{"name":1}`:              "column 20: unexpected end of JSON input",
		`{"author":{"name":1},"text":"a"}`:  `column 19: "author.name" cannot be a number`,
		`{"text":"a","posted":"yesterday"}`: `column 22: "posted" is not a time: write it as 2026-11-21T08:15:00Z`,
		`{"heard":"2026-11-20T08:15:31Z","posted" : 5,"text":"a"}`: `column 44: "posted" is not a time: write it as 2026-11-21T08:15:00Z`,
		`{"text":"a","author":{"x":[{}],"Created":"2019"}}`:        `column 42: "author.created" is not a time: write it as 2026-11-21T08:15:00Z`,
		`{"text":"a","change":"foo"}`:                              `column 22: change "foo" is none of new, edited, deleted`,
		`{"visibility":"secret","text":"a"}`:                       `column 15: visibility "secret" is none of public, private`,
		`{"id":"x:1","change":"edited"}`:                           `column 1: there is neither "text" nor "title"`,
	} {
		_, err := file.Parse([]byte(text))
		var syntax *file.SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// FuzzParse checks that no line brings the parser down, that errors point into
// the line, and that a line means what it means to encoding/json.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		fullLine, tweetLine, "", "{", "null", `{"text":"\ud83d"}`, `{"TEXT":"a"}`, `{"text":"a","text":"b"}`, "{\"text\":\"\xff\"}",
		`{"text":"\ud83d\ude00 \ud83dx \ude00 \u00e9\n\/\"","rating":-0.5e3,"links":null,"flags":[]}`,
		`{"text":"a","links":["x"],"links":[null,null],"media":[null,{"url":"u"}],"media":[{"alt":"b"}]}`,
		`{"text":"a","author":{"name":"n"},"author":{"handle":"h","x":[{"y":1.5},-0,true,null]},"author":null}`,
		`{"text":"a","rating":01}`, `{"text":"a","author":{"followers":1.0}}`, `{"text":"a","posted":"2026-11-20T08:15:30+02:00"}`,
		`{"text":"a","engagement":{"likes":9223372036854775808}}`, `{"text":"a","\u0074itle":"b","Url":"c","place ":1}`, `{"text":"a",}`,
		`{"text":"a","posted":"2026-11-20T08:15:30\u005a","verified":true} x`, `{"":0,"text":null,"title":"t"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := file.Parse(text)
		var syntax *file.SyntaxError
		if err != nil && (!errors.As(err, &syntax) || syntax.Column < 1 || syntax.Column > len(text)+1) {
			t.Fatalf("%v of %d bytes", err, len(text))
		}
		if !utf8.Valid(text) {
			if err == nil {
				t.Fatal("invalid UTF-8 was accepted")
			}
			return
		}
		var want earshot.Mention
		if jsonErr := json.Unmarshal(text, &want); jsonErr != nil || want.Text == "" && want.Title == "" && want.Change != earshot.Deleted {
			if err == nil {
				t.Fatalf("%s is a mention, though encoding/json says %v", text, jsonErr)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(want, m) {
			t.Fatalf("%s is read differently:\n%s", text, cmp.Diff(want, m))
		}
	})
}
