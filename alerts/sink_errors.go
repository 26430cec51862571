package alerts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// RetryAfter is a failure after which a peer asks to be left alone for a while. All
// deliveries of the sink wait, at most an hour.
type RetryAfter struct {
	Wait time.Duration
	Err  error
}

// Error says what failed.
func (e *RetryAfter) Error() string { return e.Err.Error() }

// Unwrap returns what failed.
func (e *RetryAfter) Unwrap() error { return e.Err }

// Refused is a credential that the peer does not accept. Nothing is sent until File
// changes or the configuration is read again; the alerts wait.
type Refused struct {
	File  string // that holds the credential; empty if it does not come from a file
	Renew string // how a person gets a new one
	Err   error  // what the peer said
}

// Error says which file to renew and how.
func (e *Refused) Error() string {
	where := "the credential"
	if e.File != "" {
		where = "the credential in " + e.File
	}
	return fmt.Sprintf("%s is refused: %v (%s)", where, e.Err, e.Renew)
}

// Unwrap returns what the peer said.
func (e *Refused) Unwrap() error { return e.Err }

// Rejected is an alert that the peer will never take, while it may take others. It is
// set aside.
type Rejected struct{ Err error }

// Error says why.
func (e *Rejected) Error() string { return e.Err.Error() }

// Unwrap returns why.
func (e *Rejected) Unwrap() error { return e.Err }

// ErrGone is wrapped by the error of a sink whose peer wants nothing any more.
// Nothing is sent until the configuration changes; the alerts wait.
var ErrGone = errors.New("gone for good")

// maxSecret is more than any credential has, in bytes.
const maxSecret = 64 << 10

// Secret reads a password, token or address from its file, without the white space
// around it. A file that is missing, empty or far too large is a *Refused that names
// it; renew says how a person gets what belongs in it. What was read is never in an
// error.
func Secret(file, renew string) (string, error) {
	refuse := func(err error) (string, error) { return "", &Refused{File: file, Renew: renew, Err: err} }
	f, err := os.Open(file)
	if err != nil {
		return refuse(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	secret := strings.TrimSpace(string(content))
	switch {
	case err != nil:
		return refuse(err)
	case len(content) > maxSecret:
		return refuse(errors.New("the file is larger than any credential"))
	case secret == "":
		return refuse(errors.New("the file is empty"))
	}
	return secret, nil
}

// reasonOf names the kind of an error with one of a small set of words, fit for a
// label of a metric.
func reasonOf(err error) string {
	var retry *RetryAfter
	var refused *Refused
	var rejected *Rejected
	var timeout interface{ Timeout() bool }
	var connection *net.OpError
	switch {
	case errors.As(err, &refused):
		return "refused_credential"
	case errors.As(err, &rejected):
		return "rejected"
	case errors.Is(err, ErrGone):
		return "gone"
	case errors.As(err, &retry):
		return "rate_limited"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &connection):
		return "network"
	}
	return "other"
}
