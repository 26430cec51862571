// Package facebook hears Facebook pages and Instagram accounts by Meta's Graph API:
// posts, comments and mentions, delivered by webhook and asked for, which together
// are heard once. It writes nothing and reads no private messages. Receiving is the
// inbox's business, retries the runner's; both are in listeners.
package facebook

import (
	"net/http"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// The networks that mentions are of.
const (
	facebook  = "facebook"
	instagram = "instagram"
)

// Driver is the facebook kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: open}
}

// open makes a part of each account that is asked, and one of what is delivered.
// Problems that are warnings only come with the parts.
func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	problems := config.check()
	if problems.Fatal() {
		return nil, problems
	}
	var parts []listeners.Part
	if config.VerifyTokenFile != "" {
		parts = append(parts, listeners.Part{Name: "deliveries", Source: &deliveries{
			Config: config, listener: setup.Name, inbox: setup.Inbox, client: setup.Client, log: setup.Log,
		}})
	}
	for _, account := range config.Accounts {
		if network, id := account.id(); config.Poll {
			parts = append(parts, listeners.Part{Name: network + " " + id, Source: newSource(config, account, setup.Client, setup.Log)})
		}
	}
	if len(problems) > 0 {
		return parts, problems
	}
	return parts, nil
}

func newSource(config Config, account Account, client *http.Client, log *zap.Logger) *source {
	return &source{Config: config, account: account, client: client, log: log}
}

// source asks for what is new on one account.
type source struct {
	Config
	account Account
	client  *http.Client
	log     *zap.Logger
}

// graph returns a client of the API that speaks for the account.
func (c *Config) graph(client *http.Client, account Account) (*graph, error) {
	g := &graph{base: c.API + "/" + c.Version + "/", client: client, file: account.TokenFile, every: c.Every}
	var err error
	if g.token, err = listeners.Credential(account.TokenFile, renewToken); err != nil {
		return nil, err
	}
	if c.AppSecretFile != "" {
		if g.secret, err = listeners.Credential(c.AppSecretFile, renewSecret); err != nil {
			return nil, err
		}
	}
	return g, nil
}

const (
	renewToken  = "make a new page access token as docs/sources/facebook.md says and write it to the file"
	renewSecret = "copy the app secret from the app's basic settings at developers.facebook.com to the file"
)

// deleted is a mention that its author took back.
func deleted(id string) earshot.Mention {
	return earshot.Mention{ID: id, Change: earshot.Deleted}
}

// unix reads a time in seconds, or in milliseconds as some deliveries have it.
func unix(n int64) time.Time {
	const latest = 1 << 36 // as seconds, the year 4147
	switch {
	case n <= 0:
		return time.Time{}
	case n > latest:
		return time.UnixMilli(n).UTC()
	}
	return time.Unix(n, 0).UTC()
}
