package reddit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/time/rate"

	"earshot"
	"earshot/listeners"
)

const (
	apiServer  = "https://oauth.reddit.com"
	siteServer = "https://www.reddit.com" // gives tokens and feeds

	renew = "make a new secret for the application at https://www.reddit.com/prefs/apps and write it into the file"
)

// account is how Reddit knows us. All parts of a listener share it, since its
// limits are theirs together. It is safe for concurrent use.
type account struct {
	config    Config
	api, site string
	client    *http.Client
	feedPace  *rate.Limiter // without credentials

	turn  chan struct{} // held while a token is fetched
	mu    sync.Mutex
	token *oauth2.Token
	since time.Time // of the token
	left  float64   // requests until reset, by the last answer
	reset time.Time
}

func newAccount(c Config, client *http.Client) *account {
	a := &account{
		config: c, api: apiServer, site: siteServer, client: client,
		feedPace: rate.NewLimiter(rate.Every(time.Minute), 1),
		turn:     make(chan struct{}, 1),
	}
	if c.Server != "" {
		a.api, a.site = strings.TrimSuffix(c.Server, "/"), strings.TrimSuffix(c.Server, "/")
	}
	if c.UserAgent != "" {
		named := *client
		named.Transport = agent{client.Transport, c.UserAgent}
		a.client = &named
	}
	return a
}

// agent says who we are.
type agent struct {
	next http.RoundTripper
	name string
}

// RoundTrip sends the request with our name.
func (a agent) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", a.name)
	return a.next.RoundTrip(req)
}

func (a *account) authorised() bool { return a.config.ClientID != "" }

func (a *account) note() string {
	if a.authorised() {
		return "polling"
	}
	return "no credentials: feeds, one request a minute"
}

// page reads one page of a timeline.
func (a *account) page(ctx context.Context, t timeline, after string) (page, error) {
	params := url.Values{"limit": {strconv.Itoa(pageSize)}}
	maps.Copy(params, t.params)
	if after != "" {
		params.Set("after", after)
	}
	read, path := parsePage, t.path
	if !a.authorised() {
		read, path = parseFeed, t.path+".rss"
	}
	body, err := a.get(ctx, path, params)
	if err != nil {
		return page{}, err
	}
	p, err := read(body)
	if err != nil {
		return page{}, fmt.Errorf("reading %s: %w", path, err)
	}
	return p, nil
}

// lookUp returns stored posts as they are now.
func (a *account) lookUp(ctx context.Context, ids []string) (map[string]earshot.Mention, error) {
	var names []string
	for _, id := range ids {
		if name := strings.TrimPrefix(id, network+":"); isName(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	body, err := a.get(ctx, "/api/info", url.Values{"id": {strings.Join(names, ",")}})
	if err != nil {
		return nil, err
	}
	p, err := parsePage(body)
	if err != nil {
		return nil, fmt.Errorf("reading /api/info: %w", err)
	}
	found := make(map[string]earshot.Mention, len(p.posts))
	for _, one := range p.posts {
		found[one.mention.ID] = one.mention
	}
	return found, nil
}

// get asks for a path when it is our turn.
func (a *account) get(ctx context.Context, path string, params url.Values) ([]byte, error) {
	server := a.site
	if a.authorised() {
		server = a.api
		params.Set("raw_json", "1") // or every < is &lt;
	}
	if err := a.await(ctx); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+path+"?"+params.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	if a.authorised() {
		token, err := a.bearer(ctx)
		if err != nil {
			return nil, err
		}
		token.SetAuthHeader(req)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking Reddit for %s: %w", path, withoutAddress(err))
	}
	defer resp.Body.Close() //nolint:errcheck // it is read to its end or not needed
	a.noteLimits(ctx, resp)
	if err := a.check(resp, path); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return body, nil
}

// await returns when Reddit allows another request.
func (a *account) await(ctx context.Context) error {
	if !a.authorised() {
		return a.feedPace.Wait(ctx)
	}
	a.mu.Lock()
	var pause time.Duration
	if a.left < 1 && time.Now().Before(a.reset) {
		pause = time.Until(a.reset)
	}
	a.left-- // until the answer says
	a.mu.Unlock()
	if pause <= 0 {
		return ctx.Err()
	}
	return wait(ctx, pause)
}

// noteLimits remembers what Reddit says of its limits: requests left and seconds
// until they are allowed anew.
func (a *account) noteLimits(ctx context.Context, resp *http.Response) {
	left, err := strconv.ParseFloat(resp.Header.Get("X-Ratelimit-Remaining"), 64)
	seconds, err2 := strconv.ParseFloat(resp.Header.Get("X-Ratelimit-Reset"), 64)
	used, _ := strconv.ParseFloat(resp.Header.Get("X-Ratelimit-Used"), 64) // only to show it
	if err != nil || err2 != nil || !(seconds >= 0 && seconds <= 3600) || !(left >= 0 && left < 1e9) {
		return
	}
	reset := time.Now().Add(time.Duration(seconds * float64(time.Second))).UTC()
	a.mu.Lock()
	a.left, a.reset = left, reset
	a.mu.Unlock()
	listeners.Report(ctx, listeners.Outlook{Left: int64(left), Of: int64(left + max(used, 0)), Reset: reset})
}

// check turns an answer that is none into an error that says what to do.
func (a *account) check(resp *http.Response, path string) error {
	err := listeners.CheckStatus(resp, time.Now())
	switch {
	case err == nil && resp.Request != nil && strings.HasPrefix(resp.Request.URL.Path, "/subreddits/search"):
		return fmt.Errorf("%w: there is no subreddit at %s", listeners.ErrMalformed, path)
	case resp.StatusCode == http.StatusUnauthorized && a.authorised():
		return a.expire(err)
	case resp.StatusCode == http.StatusForbidden && a.authorised():
		return fmt.Errorf("reading %s, which is private, quarantined or not for this application: %w", path, err)
	case resp.StatusCode == http.StatusForbidden:
		return &listeners.RetryAfter{Wait: 10 * time.Minute, Err: fmt.Errorf("reading the feeds without credentials: %w", err)}
	case resp.StatusCode == http.StatusTooManyRequests:
		return a.slowDown(err)
	}
	return err
}

// slowDown waits as long as the limits say, if they say more than the answer.
func (a *account) slowDown(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if retry, ok := errors.AsType[*listeners.RetryAfter](err); ok {
		retry.Wait = max(retry.Wait, time.Until(a.reset))
	}
	return err
}

// expire drops a token that Reddit does not take. A new one that it does not take
// either means that the application is not wanted any more.
func (a *account) expire(err error) error {
	a.mu.Lock()
	fresh := a.token != nil && time.Since(a.since) < time.Minute
	a.token = nil
	a.mu.Unlock()
	if fresh {
		return &listeners.Refused{File: a.config.SecretFile, Renew: renew, Err: err}
	}
	return fmt.Errorf("using a token that has expired: %w", err)
}

// bearer returns a token that is still good.
func (a *account) bearer(ctx context.Context) (*oauth2.Token, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	a.mu.Lock()
	token := a.token
	a.mu.Unlock()
	if token.Valid() {
		return token, nil
	}
	token, err := a.authorise(context.WithValue(ctx, oauth2.HTTPClient, a.client))
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.token, a.since = token, time.Now()
	a.mu.Unlock()
	return token, nil
}

// authorise fetches a token: as the application, or as an account's script.
func (a *account) authorise(ctx context.Context) (*oauth2.Token, error) {
	secret, err := listeners.Credential(a.config.SecretFile, renew)
	if err != nil {
		return nil, err
	}
	endpoint := oauth2.Endpoint{TokenURL: a.site + "/api/v1/access_token", AuthStyle: oauth2.AuthStyleInHeader}
	if a.config.Username == "" {
		c := clientcredentials.Config{ClientID: a.config.ClientID, ClientSecret: secret, TokenURL: endpoint.TokenURL, AuthStyle: endpoint.AuthStyle}
		token, err := c.Token(ctx)
		return token, a.explain(err)
	}
	password, err := listeners.Credential(a.config.PasswordFile, "write the password of the account into the file")
	if err != nil {
		return nil, err
	}
	c := oauth2.Config{ClientID: a.config.ClientID, ClientSecret: secret, Endpoint: endpoint}
	token, err := c.PasswordCredentialsToken(ctx, a.config.Username, password)
	return token, a.explain(err)
}

// explain says why there is no token, without what Reddit answered.
func (a *account) explain(err error) error {
	refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return fmt.Errorf("asking Reddit for a token: %w", withoutAddress(err))
	case refusal.ErrorCode == "invalid_grant":
		return &listeners.Refused{File: a.config.PasswordFile, Renew: "write the password of the account into the file", Err: errors.New("reddit does not accept the account")}
	case refusal.Response.StatusCode == http.StatusUnauthorized, refusal.ErrorCode != "":
		return &listeners.Refused{File: a.config.SecretFile, Renew: renew, Err: errors.New("reddit does not accept the application")}
	}
	if err := listeners.CheckStatus(refusal.Response, time.Now()); err != nil {
		return fmt.Errorf("asking Reddit for a token: %w", err)
	}
	return fmt.Errorf("%w: no token in what Reddit answered", listeners.ErrMalformed)
}

// withoutAddress drops the address that http.Client puts into its errors.
func withoutAddress(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
