package listeners

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxCredential is more than any key, password or token is long, in bytes.
const maxCredential = 64 << 10

// ReadCredential returns what the file of a *_file key holds, without white space
// around it. Call it from Listen, so that a new credential is found without a
// restart. A file that is missing, unreadable, empty or no credential is a
// *Refused: the source is called again once it changes. renew says how a person
// gets a new one. No error holds anything of the file but its name.
func ReadCredential(file, renew string) (string, error) {
	refuse := func(err error) (string, error) { return "", &Refused{File: file, Renew: renew, Err: err} }
	f, err := os.Open(file)
	if err != nil {
		return refuse(fmt.Errorf("reading it: %w", err))
	}
	defer f.Close() //nolint:errcheck // nothing was written to it
	b, err := io.ReadAll(io.LimitReader(f, maxCredential+1))
	if err != nil {
		return refuse(fmt.Errorf("reading it: %w", err))
	}
	secret := strings.TrimSpace(string(b))
	switch {
	case secret == "":
		return refuse(errors.New("the file is empty"))
	case len(b) > maxCredential, strings.ContainsFunc(secret, func(c rune) bool { return c < ' ' }):
		return refuse(errors.New("the file holds more than one line of text"))
	}
	return secret, nil
}
