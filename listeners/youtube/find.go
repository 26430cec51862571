package youtube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot/listeners"
)

// finder says whose comments a part hears. It changes st.Threads and returns
// videos that are new to it.
type finder interface {
	find(ctx context.Context, a *api, st *state) ([]post, error)
}

// channelFinder is one channel.
type channelFinder struct{ name string }

func (f channelFinder) find(ctx context.Context, a *api, st *state) ([]post, error) {
	if len(st.Threads) == 1 {
		return nil, nil
	}
	id := f.name
	if strings.HasPrefix(id, "@") {
		var err error
		if id, err = a.channel(ctx, f.name); err != nil {
			return nil, gone(err, f.name)
		}
	}
	st.Threads = []threads{{Channel: id, Name: f.name}}
	return nil, nil
}

// videoFinder is one video.
type videoFinder struct{ id string }

func (f videoFinder) find(ctx context.Context, a *api, st *state) ([]post, error) {
	if len(st.Threads) == 1 {
		return nil, nil
	}
	posts, err := a.videos(ctx, []string{f.id})
	if err != nil {
		return nil, err
	}
	if len(posts) == 0 {
		return nil, gone(fmt.Errorf("%w: %s", errMissing, f.id), f.id)
	}
	st.Threads = []threads{{Video: f.id, Name: posts[0].mention.Channel}}
	return posts, nil
}

// gone says that what is missing has ended for good.
func gone(err error, what string) error {
	if errors.Is(err, errMissing) {
		return fmt.Errorf("%w: %s: %w", listeners.ErrGone, what, err)
	}
	return err
}

// searchFinder is what a search finds.
type searchFinder struct {
	text  string
	every time.Duration
	watch int
}

const (
	mostFound = 500       // videos that are remembered as found
	overlap   = time.Hour // what YouTube may take to find a video that was published
)

// find searches when it is due. When there are no searches left for today, what
// was found before goes on being heard.
func (f searchFinder) find(ctx context.Context, a *api, st *state) ([]post, error) {
	now := time.Now()
	if now.Before(st.Search) {
		return nil, nil
	}
	after := st.Found
	if !after.IsZero() {
		after = after.Add(-overlap)
	}
	ids, err := a.search(ctx, f.text, after)
	if retry, ok := errors.AsType[*listeners.RetryAfter](err); ok && len(st.Threads) > 0 {
		st.Search = now.Add(retry.Wait).UTC()
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	fresh := slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(st.Videos, id) })
	posts, err := a.videos(ctx, fresh)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(posts, byTime)
	for _, p := range posts {
		st.Threads = append(st.Threads, threads{Video: p.video, Name: p.mention.Channel})
		if p.mention.Posted.After(st.Found) && p.mention.Posted.Before(now) {
			st.Found = p.mention.Posted
		}
	}
	st.Threads = slices.Clone(st.Threads[max(0, len(st.Threads)-f.watch):])
	st.Videos = append(st.Videos, fresh...)
	st.Videos = slices.Clone(st.Videos[max(0, len(st.Videos)-mostFound):])
	st.Searched, st.Search = now.UTC(), now.Add(f.every).UTC()
	return posts, nil
}

func byTime(a, b post) int { return a.mention.Posted.Compare(b.mention.Posted) }
