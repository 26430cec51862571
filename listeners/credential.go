package listeners

import (
	"errors"
	"io"
	"os"
	"strings"

	"earshot"
)

// maxCredential is more than any token has, in bytes.
const maxCredential = 64 << 10

// Credential reads a password, token or key from its file, without the white
// space around it. A file that is missing, empty or far too large is a *Refused
// that names it, so that the runner waits until somebody has written it; renew
// says how a person gets what belongs in it. What was read is never in an error.
func Credential(file, renew string) (string, error) {
	refuse := func(err error) (string, error) {
		return "", &Refused{File: file, Renew: renew, Err: err}
	}
	f, err := os.Open(file)
	if err != nil {
		return refuse(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(f, maxCredential+1))
	secret := strings.TrimSpace(string(content))
	switch {
	case err != nil:
		return refuse(err)
	case len(content) > maxCredential:
		return refuse(errors.New("the file is larger than any credential"))
	case secret == "":
		return refuse(errors.New("the file is empty"))
	}
	return secret, nil
}

// CheckCredential returns what is wrong with naming the file at a key: it must be
// named. Whether it is there yet, the reader of the configuration says.
func CheckCredential(path, file string) earshot.Problems {
	if file != "" {
		return nil
	}
	return earshot.Problems{{Path: path, What: path + " is missing", Hint: "name the file that holds it, so that it is in no configuration"}}
}
