package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"earshot/listeners"
)

const (
	patience = 20 * time.Second // how long Telegram holds its answer back while there is nothing to say
	mostAsk  = 100              // updates in an answer, the most that Telegram gives

	renew = "ask @BotFather for the token, or for a new one with /revoke, and write it into the file"
)

// bot talks to the Bot API. Its token is part of each address, so that no address
// may be shown.
type bot struct {
	file   string // of the token
	server string
	client *http.Client
}

// question is what getUpdates is asked.
type question struct {
	Offset  int64    `json:"offset,omitempty"` // the first update that is wanted; those before are forgotten there
	Limit   int      `json:"limit"`
	Timeout int      `json:"timeout"` // seconds
	Allowed []string `json:"allowed_updates"`
}

// response is what the Bot API wraps everything in.
type response struct {
	OK          bool              `json:"ok"`
	Result      []json.RawMessage `json:"result"`
	Code        int               `json:"error_code"`
	Description string            `json:"description"`
	Parameters  struct {
		RetryAfter int64 `json:"retry_after"` // seconds
	} `json:"parameters"`
}

var tokenForm = regexp.MustCompile(`^([0-9]{1,20}):[A-Za-z0-9_-]{10,100}$`)

// token reads the bot's token and the number of the bot, which is no secret.
func (b *bot) token() (token, number string, err error) {
	token, err = listeners.Credential(b.file, renew)
	if err != nil {
		return "", "", err
	}
	found := tokenForm.FindStringSubmatch(token)
	if found == nil {
		return "", "", &listeners.Refused{File: b.file, Renew: renew, Err: errors.New("it is not of the form 123456:letters")}
	}
	return token, found[1], nil
}

// updates waits for what is new from offset on; 0 means from the first that was
// never confirmed.
func (b *bot) updates(ctx context.Context, token string, offset int64) ([]json.RawMessage, error) {
	ask, err := json.Marshal(question{Offset: offset, Limit: mostAsk, Timeout: int(patience / time.Second), Allowed: []string{
		"message", "edited_message", "channel_post", "edited_channel_post",
	}})
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.server+"/bot"+token+"/getUpdates", bytes.NewReader(ask))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", hush(err, token))
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking Telegram for updates: %w", hush(err, token))
	}
	defer resp.Body.Close() //nolint:errcheck // it is read to its end or not needed
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading what Telegram sent: %w", hush(err, token))
	}
	var answer response
	if err := json.Unmarshal(body, &answer); err != nil && resp.StatusCode == http.StatusOK {
		return nil, fmt.Errorf("%w: reading what Telegram sent: %w", listeners.ErrMalformed, err)
	}
	if answer.OK && resp.StatusCode == http.StatusOK {
		return answer.Result, nil
	}
	return nil, b.explain(resp, answer, token)
}

// explain turns a refusal into an error that says what to do.
func (b *bot) explain(resp *http.Response, a response, token string) error {
	// CheckStatus names the path, which holds the token.
	resp.Request = nil
	err := listeners.CheckStatus(resp, time.Now())
	if err == nil {
		err = fmt.Errorf("%w: neither updates nor a reason", listeners.ErrMalformed)
	}
	if status, ok := errors.AsType[*listeners.StatusError](err); ok {
		status.URL = b.server
	}
	if a.Description != "" {
		err = hush(fmt.Errorf("%w: %.200s", err, a.Description), token)
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusNotFound:
		return &listeners.Refused{File: b.file, Renew: renew, Err: err}
	case resp.StatusCode == http.StatusTooManyRequests:
		if a.Parameters.RetryAfter > 0 && a.Parameters.RetryAfter < 1e6 {
			return &listeners.RetryAfter{Wait: time.Duration(a.Parameters.RetryAfter) * time.Second, Err: err}
		}
		return err
	case resp.StatusCode == http.StatusConflict:
		return fmt.Errorf("another program uses the bot, or it has a webhook; give earshot a bot of its own: %w", err)
	}
	return err
}

// hushed is an error whose text does not hold the token; the original stays
// findable by its kind.
type hushed struct {
	text string
	err  error
}

// Error is the original's text without the token.
func (h *hushed) Error() string { return h.text }

// Unwrap returns the original.
func (h *hushed) Unwrap() error { return h.err }

// hush takes the address and the token out of an error.
func hush(err error, token string) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	text := strings.ReplaceAll(err.Error(), token, "…")
	return &hushed{text: strings.ReplaceAll(text, url.PathEscape(token), "…"), err: err}
}
