package youtube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
)

const (
	mostIDs = 50 // that one question may be about
	renew   = "make a key at https://console.cloud.google.com/apis/credentials and write it into the file"
)

// api asks the Data API, within the budgets. Each question costs a unit; a search
// costs one of the day's searches instead.
type api struct {
	file     string // of the key
	server   string
	client   *http.Client
	units    *listeners.Budget
	searches *listeners.Budget
	pacific  *time.Location
	finds    bool // it makes searches, so that both budgets are of interest
}

func newAPI(c Config, setup listeners.Setup, finds bool) *api {
	pacific, err := time.LoadLocation("America/Los_Angeles")
	if err != nil { // a system without time zones: an hour off in summer
		pacific = time.FixedZone("PST", -8*60*60)
	}
	budget := func(name, unit string, limits listeners.BudgetLimits) *listeners.Budget {
		return listeners.NewBudget(listeners.BudgetOptions{
			Name: name, Unit: unit, Limits: limits, Zone: pacific, Tally: setup.Tally, Log: setup.Log,
		})
	}
	return &api{
		file: c.KeyFile, server: strings.TrimSuffix(c.Server, "/"), client: setup.Client, pacific: pacific,
		finds:    finds,
		units:    budget(setup.Name, "units", c.Budget),
		searches: budget(setup.Name+".search", "searches", listeners.BudgetLimits{Day: c.Searches}),
	}
}

// get asks for one page of a list and reads it into answer.
func (a *api) get(ctx context.Context, list string, params url.Values, answer any) error {
	key, err := listeners.Credential(a.file, renew)
	if err != nil {
		return err
	}
	budget := a.units
	if list == "search" {
		budget = a.searches
	}
	if err := budget.Spend(ctx, 1); err != nil {
		return fmt.Errorf("asking YouTube for %s: %w", list, err)
	}
	if err := a.report(ctx); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.server+"/youtube/v3/"+list+"?"+params.Encode(), nil)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	req.Header.Set("X-Goog-Api-Key", key) // not in the address, which others see
	resp, err := a.client.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return fmt.Errorf("asking YouTube for %s: %w", list, err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is read to its end or not needed
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("reading %s: %w", list, err)
	}
	if err := listeners.CheckStatus(resp, time.Now()); err != nil {
		return fmt.Errorf("asking YouTube for %s: %w", list, a.explain(err, body, time.Now()))
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("%w: reading %s: %w", listeners.ErrMalformed, list, err)
	}
	return nil
}

// report shows both budgets; each by itself has shown only its own.
func (a *api) report(ctx context.Context) error {
	if !a.finds {
		return nil
	}
	units, err := a.units.Spent(ctx)
	if err != nil {
		return err
	}
	searches, err := a.searches.Spent(ctx)
	if err != nil {
		return err
	}
	listeners.Report(ctx, listeners.Outlook{Spent: append(units, searches...)})
	return nil
}

// Reasons why there are no comments to read, though nothing is wrong with us.
var (
	errDisabled = errors.New("comments are turned off")
	errMissing  = errors.New("there is no such video or channel")
	errBadPage  = errors.New("the next page is not there any more")
)

// failure is how Google says no.
type failure struct {
	Error struct {
		Message string `json:"message"`
		Errors  []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
		Details []struct {
			Reason string `json:"reason"`
		} `json:"details"`
	} `json:"error"`
}

// explain turns a refusal into an error that says what to do.
func (a *api) explain(err error, body []byte, now time.Time) error {
	var f failure
	_ = json.Unmarshal(body, &f) // without a reason the status has to do
	reasons := []string{}
	for _, e := range f.Error.Errors {
		reasons = append(reasons, e.Reason)
	}
	for _, d := range f.Error.Details {
		reasons = append(reasons, d.Reason)
	}
	is := func(known ...string) bool {
		return slices.ContainsFunc(reasons, func(r string) bool { return slices.Contains(known, r) })
	}
	switch {
	case is("quotaExceeded", "dailyLimitExceeded"):
		return &listeners.RetryAfter{Wait: a.midnight(now).Sub(now), Err: fmt.Errorf("the day's quota of the project is used up: %w", err)}
	case is("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"):
		return &listeners.RetryAfter{Wait: time.Minute, Err: err}
	case is("commentsDisabled"):
		return fmt.Errorf("%w: %w", errDisabled, err)
	case is("videoNotFound", "channelNotFound", "commentThreadNotFound", "parentCommentNotFound"):
		return fmt.Errorf("%w: %w", errMissing, err)
	case is("invalidPageToken"):
		return fmt.Errorf("%w: %w", errBadPage, err)
	case is("keyInvalid", "API_KEY_INVALID", "keyExpired", "API_KEY_EXPIRED"):
		return &listeners.Refused{File: a.file, Renew: renew, Err: errors.New("google does not know the key, or no longer")}
	case is("accessNotConfigured", "SERVICE_DISABLED", "API_KEY_SERVICE_BLOCKED", "ipRefererBlocked", "API_KEY_IP_ADDRESS_BLOCKED"):
		return &listeners.Refused{
			File: a.file, Renew: "enable the YouTube Data API v3 for its project, and allow the key that API and this host",
			Err: errors.New("the key may not be used for this"),
		}
	}
	return err
}

// midnight is when the quota begins anew.
func (a *api) midnight(now time.Time) time.Time {
	there := now.In(a.pacific)
	return time.Date(there.Year(), there.Month(), there.Day()+1, 0, 0, 0, 0, a.pacific)
}

// comments reads a page of a listing, newest threads first.
func (a *api) comments(ctx context.Context, t threads, token string) (page, error) {
	params := url.Values{"part": {"snippet,replies"}, "order": {"time"}, "maxResults": {"100"}, "textFormat": {"plainText"}}
	if t.Channel != "" {
		params.Set("allThreadsRelatedToChannelId", t.Channel)
	} else {
		params.Set("videoId", t.Video)
	}
	if token != "" {
		params.Set("pageToken", token)
	}
	var answer threadList
	if err := a.get(ctx, "commentThreads", params, &answer); err != nil {
		return page{}, err
	}
	return answer.page(t.Name), nil
}

const mostReplyPages = 10

// replies reads all replies to a comment, as far as ten pages go.
func (a *api) replies(ctx context.Context, of post, name string) ([]post, error) {
	var all []post
	token := ""
	for range mostReplyPages {
		params := url.Values{"part": {"snippet"}, "parentId": {of.id}, "maxResults": {"100"}, "textFormat": {"plainText"}}
		if token != "" {
			params.Set("pageToken", token)
		}
		var answer commentList
		if err := a.get(ctx, "comments", params, &answer); err != nil {
			return nil, err
		}
		for _, c := range answer.Items {
			if p, err := c.post(name, of.video); err == nil {
				all = append(all, p)
			}
		}
		if token = answer.Next; token == "" {
			break
		}
	}
	return all, nil
}

// videos reads what is known of videos.
func (a *api) videos(ctx context.Context, ids []string) ([]post, error) {
	var all []post
	for some := range slices.Chunk(ids, mostIDs) {
		var answer videoList
		params := url.Values{"part": {"snippet,statistics"}, "id": {strings.Join(some, ",")}, "maxResults": {"50"}}
		if err := a.get(ctx, "videos", params, &answer); err != nil {
			return nil, err
		}
		for _, v := range answer.Items {
			if p, err := v.post(); err == nil {
				all = append(all, p)
			}
		}
	}
	return all, nil
}

// channel finds the ID of a channel by its handle.
func (a *api) channel(ctx context.Context, handle string) (string, error) {
	var answer channelList
	if err := a.get(ctx, "channels", url.Values{"part": {"id"}, "forHandle": {handle}}, &answer); err != nil {
		return "", err
	}
	if len(answer.Items) == 0 {
		return "", fmt.Errorf("%w: %s", errMissing, handle)
	}
	return answer.Items[0].ID, nil
}

// introduce fills in what is known of those who wrote posts.
func (a *api) introduce(ctx context.Context, posts []post) error {
	var ids []string
	for _, p := range posts {
		if p.author != "" && !slices.Contains(ids, p.author) {
			ids = append(ids, p.author)
		}
	}
	known := map[string]earshot.Author{}
	for some := range slices.Chunk(ids, mostIDs) {
		var answer channelList
		params := url.Values{"part": {"snippet,statistics"}, "id": {strings.Join(some, ",")}, "maxResults": {"50"}}
		if err := a.get(ctx, "channels", params, &answer); err != nil {
			return err
		}
		for _, c := range answer.Items {
			known[c.ID] = c.author()
		}
	}
	for i := range posts {
		if who, ok := known[posts[i].author]; ok {
			m := &posts[i].mention
			m.Author.Followers, m.Author.Created = who.Followers, who.Created
			if m.Author.Name == "" {
				m.Author.Name = who.Name
			}
		}
	}
	return nil
}

// mostSearchPages is how many pages of fifty one search may take, each of which
// counts as a search.
const mostSearchPages = 5

// search finds videos published after a time, the newest first; without a time the
// first page of them.
func (a *api) search(ctx context.Context, text string, after time.Time) ([]string, error) {
	params := url.Values{"part": {"id"}, "type": {"video"}, "order": {"date"}, "maxResults": {"50"}, "q": {text}}
	pages := 1
	if !after.IsZero() {
		params.Set("publishedAfter", after.UTC().Format(time.RFC3339))
		pages = mostSearchPages
	}
	var ids []string
	for range pages {
		var answer searchList
		if err := a.get(ctx, "search", params, &answer); err != nil {
			return nil, err
		}
		for _, item := range answer.Items {
			if videoID.MatchString(item.ID.Video) && !slices.Contains(ids, item.ID.Video) {
				ids = append(ids, item.ID.Video)
			}
		}
		if answer.Next == "" {
			break
		}
		params.Set("pageToken", answer.Next)
	}
	return ids, nil
}

// lookUp returns stored comments and videos as they are now.
func (a *api) lookUp(ctx context.Context, ids []string) (map[string]earshot.Mention, error) {
	found := map[string]earshot.Mention{}
	var comments, videos []string
	for _, id := range ids {
		native := strings.TrimPrefix(id, network+":")
		switch {
		case videoID.MatchString(native):
			videos = append(videos, native)
		case commentID.MatchString(native):
			comments = append(comments, native)
		}
	}
	if len(comments) > 0 {
		var answer commentList
		params := url.Values{"part": {"snippet"}, "id": {strings.Join(comments, ",")}, "textFormat": {"plainText"}}
		if err := a.get(ctx, "comments", params, &answer); err != nil {
			return nil, err
		}
		for _, c := range answer.Items {
			if p, err := c.post("", ""); err == nil {
				found[p.mention.ID] = p.mention
			}
		}
	}
	if len(videos) > 0 {
		posts, err := a.videos(ctx, videos)
		if err != nil {
			return nil, err
		}
		for _, p := range posts {
			found[p.mention.ID] = p.mention
		}
	}
	return found, nil
}
