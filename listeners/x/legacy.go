package x

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // SA1019: its author has given up API v1.1; decision 7 says why it is here

	"earshot/listeners"
)

// All that go-twitter is asked for, and its words for what comes back. The rest
// of the driver knows of it no more than these names.
type (
	tweet        = twitter.Tweet
	tweeter      = twitter.User
	tweetPlace   = twitter.Place
	tweetParts   = twitter.Entities
	tweetLink    = twitter.URLEntity
	tweetPicture = twitter.MediaEntity
	tweetName    = twitter.MentionEntity
	tweetTag     = twitter.HashtagEntity
	tweetSearch  = twitter.Search
)

// client is go-twitter over the bridge.
func (b *bridge) client() *twitter.Client {
	return twitter.NewClient(&http.Client{Transport: b})
}

// wholeTweets asks for texts that are not cut off.
const wholeTweets = "extended"

// search asks for the newest posts after since and, unless that is 0, before
// until. go-twitter closes the bodies of its answers.
func (b *bridge) search(query string, since, until snowflake, count int) ([]tweet, error) {
	found, _, err := b.client().Search.Tweets(&twitter.SearchTweetParams{ //nolint:bodyclose // see above
		Query: query, SinceID: int64(since), MaxID: int64(max(until-1, 0)), Count: count, TweetMode: wholeTweets,
	})
	if err != nil {
		return nil, unwrapped(err)
	}
	return found.Statuses, nil
}

// mentions asks likewise for what mentions an account.
func (b *bridge) mentions(of, since, until snowflake, count int) ([]tweet, error) {
	b.userID = of
	found, _, err := b.client().Timelines.MentionTimeline(&twitter.MentionTimelineParams{ //nolint:bodyclose // see search
		SinceID: int64(since), MaxID: int64(max(until-1, 0)), Count: count, TweetMode: wholeTweets,
	})
	return found, unwrapped(err)
}

// lookUp asks for posts by their IDs.
func (b *bridge) lookUp(ids []snowflake) ([]tweet, error) {
	numbers := make([]int64, len(ids))
	for i, id := range ids {
		numbers[i] = int64(id)
	}
	found, _, err := b.client().Statuses.Lookup(numbers, &twitter.StatusLookupParams{TweetMode: wholeTweets}) //nolint:bodyclose // see search
	return found, unwrapped(err)
}

// lookUpAccount asks for an account by its handle. It is 0 if there is none.
func (b *bridge) lookUpAccount(handle string) (snowflake, error) {
	found, _, err := b.client().Users.Lookup(&twitter.UserLookupParams{ScreenName: []string{handle}}) //nolint:bodyclose // see search
	if err != nil || len(found) == 0 {
		return 0, unwrapped(err)
	}
	return snowflake(found[0].ID), nil
}

// filter connects to the stream, in a goroutine of go-twitter's that ends with
// the connection and closes the channel. Until then messages must be taken. Its
// own Stop must not be called: it races with the goroutine.
func (b *bridge) filter() (<-chan any, error) {
	stream, err := b.client().Streams.Filter(&twitter.StreamFilterParams{})
	if err != nil {
		return nil, fmt.Errorf("connecting to the stream: %w", unwrapped(err))
	}
	return stream.Messages, nil
}

// postOf is the post that a message of the stream holds; nil if it only says that
// the stream is alive. An error is the end of the stream.
func postOf(message any) (*tweet, error) {
	switch m := message.(type) {
	case *twitter.Tweet:
		return m, nil
	case *twitter.StallWarning: // what the bridge makes of a keep-alive
		return nil, nil
	case *twitter.StreamDisconnect:
		return nil, fmt.Errorf("the stream was ended by X: %s", m.Reason)
	case nil:
		return nil, errStreamOver
	case error:
		return nil, fmt.Errorf("streaming: %w", unwrapped(m))
	}
	return nil, fmt.Errorf("%w: a message of no known kind in the stream", listeners.ErrMalformed)
}

// unwrapped is the error that matters of what go-twitter returns: http.Client
// wraps the address, whose query holds what is searched for.
func unwrapped(err error) error {
	if wrapper, ok := errors.AsType[*url.Error](err); ok {
		return wrapper.Err
	}
	return err
}
