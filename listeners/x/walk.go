package x

import (
	"context"
	"fmt"
	"slices"
	"time"

	"earshot/listeners"
)

// search is one thing that X is asked for again and again.
type search struct {
	key   string // that its progress is found by
	end   endpoint
	most  int // posts of a page
	least int
	price float64       // of a post that is found
	back  time.Duration // how far X looks back; 0 for any time

	// ask gets the page of at most count posts after since and, unless that is 0,
	// before until.
	ask func(b *bridge, since, until snowflake, count int) ([]tweet, error)
}

// keywords is a search for what people write.
func keywords(query string, price Price) search {
	return search{
		key: query, end: endpointSearch, most: 100, least: 10, price: price.Post, back: searchedBack,
		ask: func(b *bridge, since, until snowflake, count int) ([]tweet, error) {
			return b.search(query, since, until, count)
		},
	}
}

// mentionsOf is a search for what mentions an account.
func mentionsOf(user snowflake, price Price) search {
	return search{
		key: "mentions", end: endpointMentions, most: 100, least: 5, price: price.Mention,
		ask: func(b *bridge, since, until snowflake, count int) ([]tweet, error) {
			return b.mentions(user, since, until, count)
		},
	}
}

const (
	// searchedBack is how far back the recent search looks, less what a request
	// may take to arrive.
	searchedBack = 7*24*time.Hour - 2*time.Minute
	// pagesAtOnce bounds what is held in memory before it is stored.
	pagesAtOnce = 5
)

// piece walks on, for at most so many pages, and returns what was not heard
// before, oldest first, and whether the walk is through. With an error it returns
// what came before that, which is paid for and must be stored first.
func (s *search) piece(ctx context.Context, acc *account, a *api, p *progress) (found []tweet, over bool, err error) {
	b := &bridge{api: a, ctx: ctx}
	until, lowest := p.Until, p.Until
	for range pagesAtOnce {
		var tweets []tweet
		tweets, err = s.page(acc, b, p.Since, until)
		if err != nil {
			break
		}
		if p.Began == 0 {
			p.Began = max(idAt(a.now().Add(-acc.settles)), p.Since)
		}
		for _, t := range tweets {
			id := snowflake(t.ID)
			if id > 0 && (lowest == 0 || id < lowest) {
				lowest = id
			}
			found = append(found, t)
		}
		if over = b.answer.next == ""; over {
			break
		}
		if b.answer.next == b.token {
			err = fmt.Errorf("%w: X's page names itself as the next", listeners.ErrMalformed)
			break
		}
		b.token = b.answer.next
	}
	if err == nil && !over && lowest == p.Until {
		err = fmt.Errorf("%w: X names ever more pages and sends no posts", listeners.ErrMalformed)
	}
	return s.advance(p, found, lowest, over), over, err
}

// advance moves the progress over what was found and leaves out what was heard.
func (s *search) advance(p *progress, found []tweet, lowest snowflake, over bool) []tweet {
	slices.SortStableFunc(found, func(a, b tweet) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	found = slices.CompactFunc(found, func(a, b tweet) bool { return a.ID == b.ID && a.ID != 0 })
	found = slices.DeleteFunc(found, func(t tweet) bool { return p.has(snowflake(t.ID)) })
	for _, t := range found {
		if snowflake(t.ID) > p.Began {
			p.heard(snowflake(t.ID))
		}
	}
	p.Until = lowest
	if over {
		p.settle(p.Began)
		p.Until, p.Began = 0, 0
	}
	return found
}

// page pays for and gets one page.
func (s *search) page(acc *account, b *bridge, since, until snowflake) ([]tweet, error) {
	leave, err := acc.purse.enter(b.ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	each := acc.purse.worst(s.price, b.api.edition(s.end))
	count, reserved, err := acc.purse.reservePage(b.ctx, s.most, s.least, each)
	if err != nil {
		return nil, err
	}
	tweets, err := s.ask(b, since, until, count)
	if err != nil {
		if settled := acc.purse.failed(b.ctx, reserved, err); settled != nil {
			return nil, fmt.Errorf("%w; %w", err, settled)
		}
		return nil, err
	}
	// What came is stored even if the money cannot be given back: too much is
	// counted then, which is safe.
	if err := acc.purse.settle(b.ctx, reserved, acc.purse.cost(s.price, len(tweets), b.answer)); err != nil {
		acc.log.Warn("counting what a page cost", zapError(err))
	}
	return tweets, nil
}

// reach is the oldest post that X still finds.
func (s *search) reach(now time.Time) snowflake {
	if s.back == 0 {
		return 1
	}
	return idAt(now.Add(-s.back))
}
