package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"earshot/listeners"
)

// verifier finds out whether a delivery is from whom we know.
type verifier struct {
	kind, header string
	tolerance    time.Duration
	secrets      []string
	standard     []*standardwebhooks.Webhook
}

// newVerifier reads the secrets. What is wrong with them is a *listeners.Refused.
func newVerifier(c *Config) (*verifier, error) {
	refuse := func(err error) error {
		return &listeners.Refused{File: c.SecretFile, Renew: "put the secret that the sender has into the file", Err: err}
	}
	content, err := os.ReadFile(c.SecretFile)
	if err != nil {
		if pathError, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathError.Err
		}
		return nil, refuse(fmt.Errorf("reading it: %w", err))
	}
	v := &verifier{kind: c.Signature, header: c.Header, tolerance: c.Tolerance, secrets: linesOf(string(content))}
	if len(v.secrets) == 0 {
		return nil, refuse(errors.New("reading it: it is empty"))
	}
	if c.Signature != standard {
		return v, nil
	}
	for _, secret := range v.secrets {
		w, err := standardwebhooks.NewWebhook(secret)
		if err != nil { // which quotes nothing that could be said here
			return nil, refuse(errors.New("it is no secret of Standard Webhooks: whsec_ and base64"))
		}
		v.standard = append(v.standard, w)
	}
	return v, nil
}

// Reasons for a 401. They tell the sender what to look at, and a stranger nothing.
var (
	errUnsigned  = errors.New("the signature is missing")
	errSignature = errors.New("the signature is not of this body with our secret")
	errToken     = errors.New("the token is missing or not ours")
)

// verify returns what the delivery is known by, empty if it can be sent again
// without harm, or why it is refused.
func (v *verifier) verify(d *listeners.Delivery) (id string, err error) {
	switch v.kind {
	case standard:
		return v.verifyStandard(d)
	case github:
		return v.verifyGitHub(d)
	}
	return "", v.verifyToken(d)
}

func (v *verifier) verifyStandard(d *listeners.Delivery) (string, error) {
	for _, name := range []string{standardwebhooks.HeaderWebhookID, standardwebhooks.HeaderWebhookTimestamp, standardwebhooks.HeaderWebhookSignature} {
		if d.Header.Get(name) == "" {
			return "", fmt.Errorf("%w: there is no header %s", errUnsigned, name)
		}
	}
	seconds, err := strconv.ParseInt(d.Header.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return "", errors.New("the timestamp is not in seconds since 1970")
	}
	// The library's own tolerance is fixed and measured when it is called, not when
	// the delivery arrived.
	at := time.Unix(seconds, 0)
	if at.Before(d.Received.Add(-v.tolerance)) || at.After(d.Received.Add(v.tolerance)) {
		return "", fmt.Errorf("the timestamp is more than %s away from our clock, which says %d", v.tolerance, d.Received.Unix())
	}
	for _, w := range v.standard {
		if w.VerifyIgnoringTimestamp(d.Body, d.Header) == nil {
			return d.Header.Get(standardwebhooks.HeaderWebhookID), nil
		}
	}
	return "", errSignature
}

// verifyGitHub checks an HMAC of the body. Its ID is the body itself: no header is
// part of what is signed.
func (v *verifier) verifyGitHub(d *listeners.Delivery) (string, error) {
	written := strings.TrimSpace(d.Header.Get(v.header))
	if written == "" {
		return "", fmt.Errorf("%w: there is no header %s", errUnsigned, v.header)
	}
	written = strings.TrimPrefix(written, "sha256=")
	given, err := hex.DecodeString(written)
	if err != nil {
		if given, err = base64.StdEncoding.DecodeString(written); err != nil { // as some shops do
			return "", errSignature
		}
	}
	for _, secret := range v.secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(d.Body)
		if hmac.Equal(given, mac.Sum(nil)) {
			sum := sha256.Sum256(d.Body)
			return string(sum[:]), nil
		}
	}
	return "", errSignature
}

func (v *verifier) verifyToken(d *listeners.Delivery) error {
	scheme, given, _ := strings.Cut(d.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return errToken
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(given)))
	for _, secret := range v.secrets {
		if want := sha256.Sum256([]byte(secret)); subtle.ConstantTimeCompare(sum[:], want[:]) == 1 {
			return nil
		}
	}
	return errToken
}

// linesOf are the secrets in a file, one a line.
func linesOf(content string) []string {
	var secrets []string
	for line := range strings.Lines(content) {
		if line = strings.TrimSpace(line); line != "" {
			secrets = append(secrets, line)
		}
	}
	return secrets
}
