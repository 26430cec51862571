package x

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/dghubble/oauth1"

	"earshot/listeners"
)

// keys are the credentials of a listener, read from their files for every
// Listen. A bearer token speaks for an app, the four OAuth 1.0a keys for a user
// of it.
type keys struct {
	files  keyFiles
	bearer string
	user   *oauth1.Config
	token  *oauth1.Token
}

// keyFiles are where the credentials are.
type keyFiles struct {
	Bearer         string
	ConsumerKey    string
	ConsumerSecret string
	AccessToken    string
	AccessSecret   string
}

// user are the files of the user's keys, in the order of their use.
func (f keyFiles) user() []string {
	return []string{f.ConsumerKey, f.ConsumerSecret, f.AccessToken, f.AccessSecret}
}

// renew is what a person does about a credential that X refuses.
const renew = "make new keys at console.x.com, Apps, Keys and tokens, and write them to the file"

func readKeys(files keyFiles) (keys, error) {
	k := keys{files: files}
	var err error
	if files.Bearer != "" {
		if k.bearer, err = readKey(files.Bearer); err != nil {
			return keys{}, err
		}
	}
	if files.ConsumerKey == "" {
		return k, nil
	}
	var read [4]string
	for i, file := range files.user() {
		if read[i], err = readKey(file); err != nil {
			return keys{}, err
		}
	}
	k.user = oauth1.NewConfig(read[0], read[1])
	k.token = oauth1.NewToken(read[2], read[3])
	return k, nil
}

func readKey(file string) (string, error) {
	key, err := listeners.Credential(file, renew)
	if err == nil && strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
		key, err = "", &listeners.Refused{File: file, Renew: renew, Err: errors.New("the file holds something else than one key")}
	}
	return key, err
}

// asUser reports whether a request is signed by the user's keys: X answers what
// concerns the user's own account at a lower price, and has streams and rules for
// apps alone.
func (k *keys) asUser(end endpoint) bool {
	if k.user == nil {
		return false
	}
	return k.bearer == "" || end == endpointMentions
}

// sign returns the client with the credential for the endpoint.
func (k *keys) sign(with *http.Client, end endpoint) (*http.Client, error) {
	next := with.Transport
	signed := *with
	// An API does not move, and a redirect would carry the credential elsewhere.
	signed.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	switch {
	case k.asUser(end):
		ctx := context.WithValue(context.Background(), oauth1.HTTPClient, &http.Client{Transport: next})
		signed.Transport = k.user.Client(ctx, k.token).Transport
	case k.bearer != "":
		signed.Transport = bearerTransport{token: k.bearer, next: next}
	default:
		return nil, errors.New("there is no credential for this: name bearer_token_file")
	}
	return &signed, nil
}

// bearerTransport adds the app's token to requests.
type bearerTransport struct {
	token string
	next  http.RoundTripper
}

// RoundTrip does one exchange.
func (t bearerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+t.token)
	return t.next.RoundTrip(req)
}

// blame completes a refusal with the file that holds what was refused.
func (k *keys) blame(err error, end endpoint) error {
	refused, ok := errors.AsType[*listeners.Refused](err)
	if !ok {
		return err
	}
	file := k.files.Bearer
	if k.asUser(end) {
		file = k.files.AccessToken
	}
	return &listeners.Refused{File: file, Renew: renew, Err: refused.Err}
}
