package bluesky

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2"
	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

const (
	mostProfiles  = 20_000         // that are remembered
	profileLasts  = 24 * time.Hour // until it is asked for again
	profilesAsked = 25             // at once; source: the lexicon app.bsky.actor.getProfiles
	profilePause  = time.Minute    // after a failure nobody asks for so long
	maxProfiles   = 1 << 20        // bytes of an answer
)

// profiles finds out who wrote a post: the stream tells no more than a permanent
// name. It asks only for authors of posts that may concern a brand, and what it
// cannot find out is left open. Not for concurrent use.
type profiles struct {
	client *http.Client
	api    string
	wanted *interest
	log    *zap.Logger
	known  *lru.Cache[string, acquaintance]
	rest   time.Time // until then nobody asks
}

// acquaintance is somebody who has been asked for.
type acquaintance struct {
	author earshot.Author
	until  time.Time // it is believed
}

func newProfiles(client *http.Client, api string, queries []earshot.Query, log *zap.Logger) (*profiles, error) {
	cache, err := lru.New[string, acquaintance](mostProfiles)
	if err != nil {
		return nil, fmt.Errorf("remembering profiles: %w", err)
	}
	return &profiles{client: client, api: strings.TrimRight(api, "/"), wanted: interestOf(queries), log: log, known: cache}, nil
}

func (p *profiles) learn(did string, author earshot.Author) {
	p.known.Add(did, acquaintance{author: author, until: time.Now().Add(profileLasts)})
}

// renamed notes the handle that an account has taken.
func (p *profiles) renamed(did, handle string) {
	if who, ok := p.known.Peek(did); ok {
		who.author.Handle = "@" + handle
		p.known.Add(did, who)
	}
}

// introduce completes the authors of the mentions that may concern a brand.
func (p *profiles) introduce(ctx context.Context, mentions []earshot.Mention) {
	var ask []string
	var of []*earshot.Mention
	asked := map[string]bool{}
	for i := range mentions {
		m := &mentions[i]
		if m.Change == earshot.Deleted || !p.wanted.in(m) {
			continue
		}
		of = append(of, m)
		did := m.Author.Handle
		if who, ok := p.known.Get(did); !asked[did] && (!ok || time.Now().After(who.until)) {
			asked[did] = true
			ask = append(ask, did)
		}
	}
	for len(ask) > 0 && time.Now().After(p.rest) {
		n := min(len(ask), profilesAsked)
		if err := p.ask(ctx, ask[:n]); err != nil && ctx.Err() == nil {
			p.log.Warn("authors stay unknown for a while", zap.NamedError("err", err), zap.Duration("wait", profilePause))
			p.rest = time.Now().Add(profilePause)
		}
		ask = ask[n:]
	}
	for _, m := range of {
		if who, ok := p.known.Get(m.Author.Handle); ok {
			m.Author = who.author
		}
	}
}

// profile is what the network tells of somebody. Source: the lexicon
// app.bsky.actor.defs#profileViewDetailed.
type profile struct {
	DID          string    `json:"did"`
	Handle       string    `json:"handle"`
	Name         string    `json:"displayName"`
	Followers    int64     `json:"followersCount"`
	Created      time.Time `json:"createdAt"`
	Verification struct {
		Status string `json:"verifiedStatus"`
	} `json:"verification"`
}

func (p *profiles) ask(ctx context.Context, dids []string) error {
	address := p.api + "/xrpc/app.bsky.actor.getProfiles?" + url.Values{"actors": dids}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("asking for profiles: %w", err)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking for profiles: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if err := listeners.CheckStatus(resp, time.Now()); err != nil {
		return fmt.Errorf("asking for profiles: %w", err)
	}
	var answer struct {
		Profiles []profile `json:"profiles"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxProfiles)).Decode(&answer); err != nil {
		return fmt.Errorf("%w: reading profiles: %w", listeners.ErrMalformed, err)
	}
	for _, did := range dids { // who is not in the answer is not asked for again
		p.learn(did, earshot.Author{Handle: did})
	}
	for _, one := range answer.Profiles {
		author := earshot.Author{
			Handle: one.DID, Name: one.Name, Followers: one.Followers, Created: one.Created,
			Verified: one.Verification.Status == "valid",
		}
		if one.Handle != "" && one.Handle != "handle.invalid" {
			author.Handle = "@" + one.Handle
		}
		p.learn(one.DID, author)
	}
	return nil
}
