package x

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"earshot/listeners"
)

// bridge lets go-twitter, which speaks the closed API v1.1, hear API v2: it is
// the RoundTripper below the package, turns what it asks into what X answers
// today, and the answer into what it decodes. One bridge is one call: it keeps
// what v1.1 has no place for.
type bridge struct {
	api *api
	ctx context.Context //nolint:containedctx // go-twitter's calls take none; a bridge lives as long as its call

	userID snowflake     // whose mentions are asked for
	token  string        // of the page to go on with
	opened chan struct{} // closed when the stream is there
	lines  *lines        // of the stream, once it was asked for

	answer translated // of the last answer, without its tweets
}

// RoundTrip does what a request of v1.1 asks for by API v2. An answer that is an
// error is returned as an error.
func (b *bridge) RoundTrip(req *http.Request) (*http.Response, error) {
	query := req.URL.Query()
	switch req.URL.Path {
	case "/1.1/search/tweets.json":
		return b.page(req, endpointSearch, "/2/tweets/search/recent", "next_token", paging(query, url.Values{"query": {query.Get("q")}, "sort_order": {"recency"}}))
	case "/1.1/statuses/mentions_timeline.json":
		return b.page(req, endpointMentions, "/2/users/"+b.userID.String()+"/mentions", "pagination_token", paging(query, url.Values{}))
	case "/1.1/statuses/lookup.json":
		return b.page(req, endpointLookup, "/2/tweets", "", url.Values{"ids": {query.Get("id")}})
	case "/1.1/users/lookup.json":
		return b.accounts(req, query.Get("screen_name"))
	case "/1.1/statuses/filter.json":
		return b.stream(req)
	}
	return nil, fmt.Errorf("nothing of X's API v2 answers to %s", req.URL.Path)
}

// paging are the parameters of a page: v1.1's max_id is included, v2's until_id
// is not.
func paging(from, to url.Values) url.Values {
	to.Set("max_results", from.Get("count"))
	if since := from.Get("since_id"); since != "" {
		to.Set("since_id", since)
	}
	if last, err := strconv.ParseInt(from.Get("max_id"), 10, 64); err == nil {
		to.Set("until_id", strconv.FormatInt(last+1, 10))
	}
	return to
}

// page asks for posts.
func (b *bridge) page(req *http.Request, end endpoint, path, token string, query url.Values) (*http.Response, error) {
	if b.token != "" && token != "" {
		query.Set(token, b.token)
	}
	body, err := b.api.get(b.ctx, end, path, query)
	if err != nil {
		return nil, err
	}
	out, err := translate(body)
	if err != nil {
		return nil, err
	}
	b.answer = out
	b.answer.tweets = nil
	if end == endpointSearch {
		return respond(req, tweetSearch{Statuses: out.tweets})
	}
	return respond(req, out.tweets)
}

func (b *bridge) accounts(req *http.Request, handles string) (*http.Response, error) {
	body, err := b.api.get(b.ctx, endpointUsers, "/2/users/by", url.Values{"usernames": {handles}})
	if err != nil {
		return nil, err
	}
	all, err := users(body)
	if err != nil {
		return nil, err
	}
	return respond(req, all)
}

func respond(req *http.Request, body any) (*http.Response, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("writing what X answered: %w", err)
	}
	return reply(req, io.NopCloser(bytes.NewReader(text)), int64(len(text))), nil
}

func reply(req *http.Request, body io.ReadCloser, size int64) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: body, ContentLength: size, Request: req,
	}
}

// stream opens the filtered stream, once: go-twitter would connect again at once
// whenever it ends, and tell nobody why.
func (b *bridge) stream(req *http.Request) (*http.Response, error) {
	if b.lines != nil {
		return nil, b.lines.why()
	}
	resp, err := b.api.open(b.ctx, endpointStream, "/2/tweets/search/stream", url.Values{})
	if err != nil {
		return nil, err
	}
	b.lines = newLines(resp.Body, b.api.stall)
	close(b.opened)
	return reply(req, b.lines, -1), nil
}

// The kinds of request, each with a limit of its own at X.
type endpoint string

const (
	endpointSearch   endpoint = "search"
	endpointMentions endpoint = "mentions"
	endpointLookup   endpoint = "lookup"
	endpointUsers    endpoint = "users"
	endpointStream   endpoint = "stream"
	endpointRules    endpoint = "rules"
)

// edition is how an endpoint calls posts in requests.
type edition int

const (
	postNames  edition = iota // since August 2026
	tweetNames                // before, and the stream still
)

// fields are what is asked for of each post. Expansions cost nothing as far as
// known, but the posts referred to do, so that they are only asked for where
// nothing else says what a post answers.
func fields(e edition, query url.Values) {
	query.Set("user.fields", "created_at,name,public_metrics,username,verified")
	query.Set("media.fields", "alt_text,media_key,preview_image_url,type,url")
	query.Set("place.fields", "country,country_code,full_name,id")
	if e == tweetNames {
		query.Set("tweet.fields", "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,geo,in_reply_to_user_id,lang,note_tweet,public_metrics,referenced_tweets")
		query.Set("expansions", "attachments.media_keys,author_id,geo.place_id")
		return
	}
	query.Set("post.fields", "attachments,conversation_id,created_at,entities,geo,lang,note_post,public_metrics")
	query.Set("expansions", "attachments.media_keys,author_id,geo.place_id,referenced_posts")
}

// mostReferred is how many posts one post refers to: what it answers and what it
// quotes. X sends and charges them with it where they are asked for.
const mostReferred = 2

// withPosts reports whether the endpoint answers with posts.
func (end endpoint) withPosts() bool { return end != endpointUsers && end != endpointRules }

// named asks with the names of the edition that X accepts here: the newer ones
// first, except of the stream. It remembers which.
func (a *api) named(end endpoint, query url.Values, ask func(url.Values) (*http.Response, error)) (*http.Response, error) {
	if !end.withPosts() {
		return ask(query)
	}
	try := func(e edition) (*http.Response, error) {
		full := url.Values{}
		maps.Copy(full, query)
		fields(e, full)
		return ask(full)
	}
	now := a.edition(end)
	resp, err := try(now)
	if err == nil || !unknownNames(err) {
		return resp, err
	}
	other := postNames
	if now == postNames {
		other = tweetNames
	}
	resp, again := try(other)
	if again != nil && unknownNames(again) {
		return nil, err // it is not the names
	}
	a.remember(end, other)
	return resp, again
}

// errStreamOver ends go-twitter's attempt to connect again.
var errStreamOver = fmt.Errorf("%w: X ended the stream", io.ErrUnexpectedEOF)

// withoutQuery is an error of http.Client without the address, whose query holds
// what is searched for.
func withoutQuery(err error) error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // the outermost alone
		return e.Err
	}
	return err
}

// limited is what X said of how many requests are left.
type limited struct {
	left, of int64
	reset    time.Time
}

func limitOf(h http.Header) (limited, bool) {
	of, err := strconv.ParseInt(h.Get("x-rate-limit-limit"), 10, 64)
	if err != nil || of <= 0 {
		return limited{}, false
	}
	left, err := strconv.ParseInt(strings.TrimSpace(h.Get("x-rate-limit-remaining")), 10, 64)
	if err != nil {
		return limited{}, false
	}
	return limited{left: max(left, 0), of: of, reset: headerTime(h.Get("x-rate-limit-reset"))}, true
}

// asked is a request that must not be made yet.
func (l limited) asked(end endpoint, now time.Time) error {
	if l.of == 0 || l.left > 0 || !l.reset.After(now) {
		return nil
	}
	wait := min(l.reset.Sub(now), longestReset)
	return &listeners.RetryAfter{Wait: wait, Err: fmt.Errorf("all %d requests of %s that X allows until %s are used up", l.of, end, l.reset.Format(time.TimeOnly))}
}
