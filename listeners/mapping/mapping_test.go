package mapping_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/listeners/mapping"
)

func parse(t *testing.T, body string) *mapping.Document {
	t.Helper()
	base := &url.URL{Scheme: "https", Host: "forum.example", Path: "/api/posts"}
	d, err := mapping.Parse([]byte(body), mapping.Request{Base: base, Header: http.Header{"X-Event": {"issue"}}, Query: url.Values{"board": {"toys"}}, Path: "in"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func read(t *testing.T, c mapping.Config, body string) []mapping.Item {
	t.Helper()
	m, problems := mapping.New(c, "forum")
	if problems.Fatal() {
		t.Fatal(problems)
	}
	items, _, err := m.Read(parse(t, body))
	if err != nil {
		t.Fatal(err)
	}
	return items
}

const everything = `{"results": [{
	"id": 9007199254740993, "kind": "reply", "state": "edited", "headline": "Broken again",
	"body": "<p>The <b>axle</b> broke.<br>See <a href=\"/t/1\">this</a></p><img src=\"/a.png\" alt=\"axle\">",
	"slug": "broken-again", "language": "en", "at": 1763776800, "parent": 12, "root": 7,
	"by": {"nick": "ana", "full": "Ana P.", "fans": "1200", "ok": true, "since": "2019-05-01"},
	"names": ["@acmecare", 5], "pics": [{"src": "/b.png", "text": "wheel"}, {"src": "javascript:x"}],
	"up": 3, "shared": 1, "answers": 2, "seen": 1e3, "stars": 1.5, "where": {"city": "Bonn", "cc": "de"}, "closed": true
}]}`

// Every field of a mention can be mapped, and comes as the vocabulary wants it.
func TestEveryField(t *testing.T) {
	c := mapping.Config{
		Items: "results", Skip: `kind == "ad"`, ID: "id", Change: `state == "edited" ? "edited" : ""`,
		Title: "headline", Text: "html(body)", URL: `"/t/" + slug`, Lang: "language", Posted: "unix(at)",
		Author:  mapping.AuthorConfig{Handle: `"@" + by.nick`, Name: "by.full", Followers: "by.fans", Verified: "by.ok", Created: "by.since"},
		ReplyTo: "parent", Conversation: "root", RepostOf: "missing", QuoteOf: `kind == "quote" ? parent : ""`,
		To: "names", Channel: "request.query.board", Links: "links(body)",
		Media:      "concat(images(body), map(pics, media(.src, .text)))",
		Engagement: mapping.EngagementConfig{Likes: "up", Reposts: "shared", Replies: "answers", Views: "seen"},
		Rating:     "stars * 2", Place: "where.city", Country: "upper(where.cc)", Visibility: `closed ? "private" : "public"`,
	}
	want := []mapping.Item{{Native: "9007199254740993", Mention: earshot.Mention{
		ID: "forum:9007199254740993", Network: "forum", Change: earshot.Edited, Title: "Broken again",
		Text: "The axle broke.\nSee this", URL: "https://forum.example/t/broken-again", Lang: "en",
		Posted:  time.Date(2025, 11, 22, 2, 0, 0, 0, time.UTC),
		Author:  earshot.Author{Handle: "@ana", Name: "Ana P.", Followers: 1200, Verified: true, Created: time.Date(2019, 5, 1, 0, 0, 0, 0, time.UTC)},
		ReplyTo: "forum:12", Conversation: "forum:7", To: []string{"@acmecare", "5"}, Channel: "toys",
		Links:      []string{"https://forum.example/t/1"},
		Media:      []earshot.Media{{URL: "https://forum.example/a.png", Alt: "axle"}, {URL: "https://forum.example/b.png", Alt: "wheel"}},
		Engagement: earshot.Engagement{Likes: 3, Reposts: 1, Replies: 2, Views: 1000},
		Rating:     3, Place: "Bonn", Country: "DE", Visibility: earshot.Private,
	}}}
	if diff := cmp.Diff(want, read(t, c, everything)); diff != "" {
		t.Error(diff)
	}
}

// Expressions do what the document says they do.
func TestExpressions(t *testing.T) {
	const body = `{"a": {"b": [1, "two", {"c": "three"}]}, "n": 5, "f": 2.5, "s": " Text ", "t": true, "none": null,
		"date": "2026-11-22 01:02:03", "im:rating": {"label": "4"}, "item": "mine", "big": 123456789012345678901234567890,
		"url": "https://acme.example/x?y=1", "tags": ["x", "y"], "one": {"k": 1}}`
	for source, want := range map[string]string{
		`a.b[0]`: "1", `a.b[-1].c`: "three", `a.b[7].c.d`: "", `a?.b?.[1]`: "two", `s.x.y`: "", `nowhere.at.all`: "",
		`n + 1`: "6", `n + f`: "7.5", `"n" + n`: "n5", `none + "x"`: "x", `n * 2 - 1`: "9", `n % 2`: "1", `-n`: "-5", `n / 2`: "2.5",
		`trim(s)`: "Text", `lower(s)`: " text ", `upper(trim(s))`: "TEXT", `s | trim() | lower()`: "text",
		`t ? "yes" : "no"`: "yes", `none ? "yes" : "no"`: "no", `not none and t ? 1 : 2`: "1", `none ?? "else"`: "else",
		`default(none, "", n)`: "5", `default(s, "x")`: " Text ", `item["im:rating"].label`: "4", `item.item`: "mine", `big`: "123456789012345678901234567890",
		`join(tags, "+")`: "x+y", `join(map(tags, # + "!"), "")`: "x!y!", `join(filter(a.b, # == "two"), "")`: "two",
		`len(tags)`: "2", `len(none)`: "0", `join(split("a,b,c", ","), ";")`: "a;b;c", `split("a/b", "/")[1]`: "b",
		`replace(s, "ex", "es")`: " Test ", `before(url, "?")`: "https://acme.example/x", `after(url, "?")`: "y=1", `afterLast(url, "/")`: "x?y=1", `after(url, "#")`: "",
		`s contains "ex" ? 1 : 0`: "1", `none contains "x" ? 1 : 0`: "0", `url startsWith "https" ? 1 : 0`: "1", `url matches "^https?://acme[.]" ? 1 : 0`: "1",
		`"x" in tags ? 1 : 0`: "1", `"x" in none ? 1 : 0`: "0", `n in [1, 5] ? 1 : 0`: "1", `any(tags, # == "y") ? 1 : 0`: "1", `count(a.b, # == 1)`: "1",
		`find(a.b, .c == "three").c`: "three", `join(map(one, .k), "")`: "1", `join(map(none, .k), "")`: "",
		`request.host`: "forum.example", `request.header["x-event"]`: "issue", `request.path`: "in", `doc.n`: "5", `number("12.50")`: "12.5", `text(n)`: "5",
		`html("a &amp; <i>b</i>")`: "a & b", `url("../x")`: "https://forum.example/x", `any(tags, {# == "y"}) ? "in braces" : ""`: "in braces",
	} {
		e, problems := mapping.Compile(source, mapping.Text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", source, problems)
			continue
		}
		got, err := e.Text(parse(t, body))
		if err != nil || got != want {
			t.Errorf("%s gives %q, %v, want %q", source, got, err, want)
		}
	}
}

// Dates are read in the forms that APIs use.
func TestDates(t *testing.T) {
	for source, want := range map[string]string{
		`date("2026-11-22T01:02:03Z")`: "2026-11-22T01:02:03Z", `date("2026-11-22T01:02:03.5+02:00")`: "2026-11-21T23:02:03.5Z",
		`"2026-11-22T01:02:03"`: "2026-11-22T01:02:03Z", `date("2026-11-22 01:02:03 UTC")`: "2026-11-22T01:02:03Z",
		`date("Sun, 22 Nov 2026 01:02:03 +0100")`: "2026-11-22T00:02:03Z", `date("22.11.2026", "02.01.2006")`: "2026-11-22T00:00:00Z",
		`unix(1795309323)`: "2026-11-22T01:02:03Z", `unix("1795309323.25")`: "2026-11-22T01:02:03.25Z", `unixms(1795309323250)`: "2026-11-22T01:02:03.25Z",
		`date("2026-11-22")`: "2026-11-22T00:00:00Z", `nothing`: "0001-01-01T00:00:00Z",
		`date("yesterday")`: "bad", `unix("soon")`: "bad", `unix(1e300)`: "bad", `date("22/11", "02.01")`: "bad",
	} {
		item := read(t, mapping.Config{ID: "id", Text: "id", Posted: source}, `{"id": "1"}`)[0].Mention
		got := item.Posted.Format(time.RFC3339Nano)
		if len(item.Flags) > 0 {
			got = "bad"
			if diff := cmp.Diff([]string{"bad_date"}, item.Flags); diff != "" {
				t.Error(diff)
			}
		}
		if got != want {
			t.Errorf("%s is %s, want %s", source, got, want)
		}
	}
}

// An item that cannot be a mention says why and takes no other with it; what is
// only beside the point is left out and flagged.
func TestItemsThatDoNotFit(t *testing.T) {
	items := read(t, mapping.Config{Items: "list", Skip: "ad", ID: "id", Text: "text", Change: "change", Rating: "stars", Author: mapping.AuthorConfig{Handle: "by.nick"}}, `{"list": [
		{"id": 1, "text": "fine"}, {"text": "nameless"}, {"id": 2, "text": ["a"]}, "word", null, {"id": 3, "ad": true},
		{"id": 4, "text": "odd", "stars": "many", "by": "ana"}, {"id": 5, "change": "burnt"}, {"id": 6, "ad": "maybe"}, {"id": {"x": 1}},
		{"id": 7, "text": "taken back", "change": "deleted"}]}`)
	var got []string
	for _, i := range items {
		switch {
		case i.Reason != "":
			got = append(got, "refused: "+i.Reason+" "+string(i.Body))
		default:
			got = append(got, strings.Join(append([]string{i.Mention.ID, string(i.Mention.Change), i.Mention.Text}, i.Mention.Flags...), " "))
		}
	}
	want := []string{
		"forum:1  fine", `refused: id: it has none {"text":"nameless"}`, `refused: text: a list is no text {"id":2,"text":["a"]}`,
		`refused: items: a text is no object "word"`, `refused: items: nothing is no object null`, "forum:4  odd bad_rating",
		`refused: change: "burnt" is none of new, edited and deleted {"change":"burnt","id":5}`,
		`refused: skip: a text is neither true nor false {"ad":"maybe","id":6}`, `refused: id: an object is no text {"id":{"x":1}}`, "forum:7 deleted ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A document that is not what the mapping is for is an error that says so.
func TestDocumentsThatDoNotFit(t *testing.T) {
	m, _ := mapping.New(mapping.Config{Items: "list", ID: "id", Text: "text"}, "forum")
	for body, want := range map[string]string{
		`{"error": "x"}`: "there is nothing where the mapping looks for them", `{"list": 3}`: "3 is no list",
		`{"list": [` + strings.Repeat("{},", 10_000) + `{}]}`: "more than 10000",
	} {
		_, _, err := m.Read(parse(t, body))
		if want = strings.Replace(want, "3 is", "a number is", 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30s: %v, want %s", body, err, want)
		}
	}
	for body, want := range map[string]string{
		"": "nothing came", "<html>": "web page", `{"a": `: "ends in the middle", `{"a" 1}`: "byte 6", `{} {}`: "follows", "\xff\xfe{": "UTF-8",
		strings.Repeat("[", 20_000): "", "[" + strings.Repeat("0,", 600_000) + "0]": "600002 values",
	} {
		_, err := mapping.Parse([]byte(body), mapping.Request{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %s", body, err, want)
		}
	}
}

// What is wrong with a mapping is said where it is written, with what to write
// instead.
func TestMistakes(t *testing.T) {
	for source, want := range map[string]struct {
		kind   mapping.Kind
		at     string // of the source
		what   string
		offset int
	}{
		`htlm(text)`:                    {what: `there is no function "htlm"`},
		`text +`:                        {what: "unexpected token EOF", offset: 5},
		`reduce(a, #acc + #, "")`:       {what: `there is no function "reduce"`},
		`map(a, map(#, .x))`:            {kind: mapping.List, what: "may not stand in another loop", offset: 7},
		`1..1000000`:                    {kind: mapping.List, what: ".. is not known here", offset: 1},
		`repeat("x", 1000000000)`:       {what: `there is no function "repeat"`},
		`toJSON(item)`:                  {what: `there is no function "toJSON"`},
		`$env`:                          {what: "$env is not known here"},
		`let x = text; x + x`:           {what: "not known here", offset: -1},
		`text matches pattern`:          {kind: mapping.Flag, what: "must be written out", offset: 13},
		`text matches "x{900}{900}"`:    {kind: mapping.Flag, what: "invalid", offset: 13},
		`text matches "x{500}"`:         {kind: mapping.Flag, what: "takes too long", offset: 13},
		`len(text)`:                     {kind: mapping.Time, what: "this gives a number, not a time"},
		`a == b`:                        {kind: mapping.Text, what: "this gives true or false, not a text"},
		`map(a, .x)`:                    {kind: mapping.Text, what: "this gives a list, not a text"},
		`html()`:                        {what: "not enough arguments"},
		`html(a, b)`:                    {what: "too many arguments"},
		`"ü" + text.html()`:             {what: "objects have no functions here", offset: 12},
		`a[1:2]`:                        {what: "not known here", offset: 1},
		`now()`:                         {what: `there is no function "now"`},
		`a ** 2`:                        {kind: mapping.Number, what: "** is not known here", offset: 2},
		strings.Repeat("(", 3000):       {what: "longer than 2048 bytes", offset: 2048},
		strings.Repeat("1+", 300) + "1": {what: "exceed", offset: -1},
	} {
		_, problems := mapping.Compile(source, want.kind)
		if len(problems) == 0 || !strings.Contains(problems[0].What, want.what) || want.offset >= 0 && problems[0].Offset != want.offset {
			t.Errorf("%.40s: %+v, want %q at %d", source, problems, want.what, want.offset)
		}
	}
	_, problems := mapping.New(mapping.Config{Author: mapping.AuthorConfig{Handle: "by."}}, "forum")
	var paths []string
	for _, p := range problems {
		paths = append(paths, p.Path)
	}
	if diff := cmp.Diff([]string{"author.handle", "id", "text"}, paths); diff != "" {
		t.Error(diff)
	}
}

// However an expression goes over a document, it ends soon and stays small.
func TestEffortIsBounded(t *testing.T) {
	long := `{"id": 1, "text": "` + strings.Repeat("<p>aaaa", 20_000) + `", "list": [` + strings.Repeat("1,", 20_000) + `1]}`
	for _, source := range []string{
		`replace(replace(replace(text, "a", "aaaaaaaaaa"), "a", "aaaaaaaaaa"), "a", "aaaaaaaaaa")`,
		strings.Repeat("text + ", 9) + "text",
		`join(map(list, text), "")`,
		`join(map(list, html(text)), "")`,
		`join(concat(` + strings.Repeat("concat(list,list),", 7) + `list), text)`,
		`join(split(text + text, ""), text)`,
	} {
		e, problems := mapping.Compile(source, mapping.Text)
		if len(problems) > 0 {
			t.Fatal(source, problems)
		}
		if _, err := e.Text(parse(t, long)); err == nil {
			t.Errorf("%s went through", source)
		}
	}
	// What is used up by one item is not there for the next.
	m, _ := mapping.New(mapping.Config{Items: "list", ID: "id", Text: "html(doc.text)"}, "forum")
	items, _, err := m.Read(parse(t, `{"text": "`+strings.Repeat("<p>aaaa", 20_000)+`", "list": [`+strings.Repeat(`{"id": 1},`, 500)+`{"id": 1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if last := items[len(items)-1]; !strings.Contains(last.Reason, "too much to do") {
		t.Errorf("all of it was done: %q", last.Reason)
	}
}
