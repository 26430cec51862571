package x

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"earshot/listeners"
)

// problem is an error as X writes it (RFC 7807), or the older way.
type problem struct {
	Type         string `json:"type"` // https://api.x.com/2/problems/…, formerly of api.twitter.com
	Title        string `json:"title"`
	Detail       string `json:"detail"`
	Message      string `json:"message"` // the older way
	ResourceID   string `json:"resource_id"`
	ResourceType string `json:"resource_type"`
	Period       string `json:"period"` // of a usage cap: Daily, Monthly
	Disconnect   string `json:"disconnect_type"`
	Connection   string `json:"connection_issue"`
	Value        string `json:"value"`
}

// is reports whether the problem is of a kind, whichever the edition.
func (p *problem) is(kind string) bool { return strings.HasSuffix(p.Type, "/problems/"+kind) }

// text is what a person is told, in one line.
func (p *problem) text() string {
	parts := []string{p.Title, p.Detail, p.Message, p.Disconnect, p.Connection}
	var said []string
	for _, part := range parts {
		if part = clean(part, 300); part != "" && (len(said) == 0 || said[len(said)-1] != part) {
			said = append(said, part)
		}
	}
	return strings.Join(said, ": ")
}

func clean(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// gone are the posts that a lookup says are not there for us any more: deleted,
// or of an account that was closed, suspended or made private.
func gone(errs list) []snowflake {
	var ids []snowflake
	gather(errs, func(p problem) {
		if p.ResourceType != "tweet" && p.ResourceType != "post" || !p.is("resource-not-found") && !p.is("not-authorized-for-resource") {
			return
		}
		text := p.ResourceID
		if text == "" {
			text = p.Value
		}
		if id, err := parseID(text); err == nil {
			ids = append(ids, id)
		}
	})
	return ids
}

const (
	maxProblem   = 64 << 10         // bytes of an error that are read
	quietFor     = time.Minute      // after a 429 that does not say how long
	penniless    = 15 * time.Minute // after the credits are used up
	capped       = time.Hour        // after a usage cap, which X lifts when the period ends
	longestReset = 24 * time.Hour   // of a rate limit; X's are of 15 minutes and 24 hours
)

// failure is why an answer is none, or nil. The bridge returns it as an error:
// go-twitter would take a problem+json for a page without posts.
func failure(resp *http.Response, now time.Time) error {
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusCreated { // as rules are
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil {
		body = nil // the status says the most
	}
	problems := problemsOf(body)
	cause := listeners.CheckStatus(resp, now)
	if cause == nil { // a 2xx or 304 that we did not ask for
		return fmt.Errorf("%w: X answered %s", listeners.ErrMalformed, resp.Status)
	}
	var said []string
	kind := ""
	for _, p := range problems {
		said = append(said, p.text())
		if p.is("usage-capped") {
			kind = "usage-capped"
		}
	}
	if text := strings.Join(said, "; "); text != "" {
		cause = fmt.Errorf("%w: %s", cause, clean(text, 600))
	}
	return classify(resp, kind, cause, now)
}

func classify(resp *http.Response, kind string, cause error, now time.Time) error {
	switch {
	case kind == "usage-capped":
		return &listeners.RetryAfter{Wait: capped, Err: cause}
	case resp.StatusCode == http.StatusTooManyRequests:
		wait := quietFor
		if reset := headerTime(resp.Header.Get("x-rate-limit-reset")); reset.After(now) {
			wait = min(reset.Sub(now), longestReset)
		} else if stated, ok := listeners.ParseRetryAfter(resp.Header.Get("Retry-After"), now); ok {
			wait = max(stated, time.Second)
		}
		return &listeners.RetryAfter{Wait: wait, Err: cause}
	case resp.StatusCode == http.StatusPaymentRequired:
		return &listeners.RetryAfter{Wait: penniless, Err: fmt.Errorf("%w: the account's credits are used up; buy more at console.x.com", cause)}
	case resp.StatusCode == http.StatusUnauthorized:
		return &listeners.Refused{Err: cause}
	}
	return cause
}

// problemsOf reads an error body: one problem, or a list of them.
func problemsOf(body []byte) []problem {
	var one struct {
		problem
		Errors list `json:"errors"`
	}
	if json.Unmarshal(body, &one) != nil {
		return nil
	}
	var all []problem
	if one.problem != (problem{}) {
		all = append(all, one.problem)
	}
	gather(one.Errors, func(p problem) { all = append(all, p) })
	return all
}

func headerTime(value string) time.Time {
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// unknownNames reports whether X refused the names in a request, tweet.fields
// where it wants post.fields or the other way round.
func unknownNames(err error) bool {
	var status *listeners.StatusError
	if !errors.As(err, &status) || status.Code != http.StatusBadRequest {
		return false
	}
	text := err.Error()
	return strings.Contains(text, ".fields") || strings.Contains(text, "expansions")
}
