package facebook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"earshot/listeners"
)

// graph is the Graph API as one account may use it.
type graph struct {
	base   string // with the version and a slash at the end
	client *http.Client
	token  string
	secret string // of the app; empty if it proves nothing
	file   string // that the token came from
	every  time.Duration
	usage  usage // as the last answer said
}

// get asks for a node or an edge and decodes the answer. Credentials are in the
// header, where no log and no error shows them.
func (g *graph) get(ctx context.Context, path string, params url.Values, into any) error {
	if g.secret != "" {
		mac := hmac.New(sha256.New, []byte(g.secret))
		_, _ = io.WriteString(mac, g.token) // a hash takes everything
		params.Set("appsecret_proof", hex.EncodeToString(mac.Sum(nil)))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.base+path+"?"+params.Encode(), nil)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	req.Header.Set("Accept", "application/json")
	resp, err := g.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking for %s: %w", path, withoutAddress(err))
	}
	defer func() { _ = resp.Body.Close() }() // it has been read
	if known, ok := readUsage(resp.Header); ok {
		g.usage = known
		listeners.Report(ctx, listeners.Outlook{Left: int64(100 - min(known.percent, 100)), Of: 100})
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("reading the answer for %s: %w", path, err)
	}
	var answer struct {
		Error *apiError `json:"error"`
	}
	malformed := json.Unmarshal(body, &answer)
	if answer.Error != nil {
		return g.refusal(answer.Error, resp)
	}
	if err := listeners.CheckStatus(resp, time.Now()); err != nil {
		return err
	}
	if malformed == nil {
		malformed = json.Unmarshal(body, into)
	}
	if malformed != nil {
		return fmt.Errorf("%w: reading the answer for %s: %w", listeners.ErrMalformed, path, malformed)
	}
	return nil
}

// withoutAddress is err without the address that net/http puts into it.
func withoutAddress(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}

// apiError is what the API says went wrong.
type apiError struct {
	Message string `json:"message"`
	Code    int    `json:"code"`
	Subcode int    `json:"error_subcode"`
	Trace   string `json:"fbtrace_id"`
}

// Error says what went wrong, with the numbers that Meta's support asks for.
func (e *apiError) Error() string {
	const longest = 300
	message := strings.Join(strings.Fields(e.Message), " ")
	return fmt.Sprintf("the Graph API answers %q (code %d, subcode %d, trace %s)", message[:min(len(message), longest)], e.Code, e.Subcode, e.Trace)
}

// refusal turns what the API says into what the runner acts on.
func (g *graph) refusal(e *apiError, resp *http.Response) error {
	switch {
	case e.Code == 190 || e.Code == 102 || e.Code == 467: // the token has ended
		return &listeners.Refused{File: g.file, Renew: renewToken, Err: e}
	case e.limits():
		wait := max(g.usage.regain, 5*time.Minute)
		if stated, ok := listeners.ParseRetryAfter(resp.Header.Get("Retry-After"), time.Now()); ok {
			wait = max(wait, stated)
		}
		return &listeners.RetryAfter{Wait: wait, Err: e}
	}
	return e
}

// limits reports whether a limit is reached: of the app, the person, the page or
// the use case.
func (e *apiError) limits() bool {
	switch e.Code {
	case 4, 17, 32, 341, 368, 613:
		return true
	}
	return e.Code >= 80000 && e.Code < 80100
}

// absent reports whether what was asked for is not there for us, and will not be:
// deleted, of somebody private, or beyond what the token may read.
func (e *apiError) absent() bool {
	return e.Code == 100 || e.Code == 10 || e.Code == 803 || e.Code >= 200 && e.Code < 300
}
