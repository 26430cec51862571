package x

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"earshot/listeners"
)

// purse pays for what X is asked for: always before, with the most that the
// answer can cost, and what did not come is given back. A process that dies in
// between has counted too much, never too little.
type purse struct {
	budget *listeners.Budget
	price  Price
	now    func() time.Time
	turn   chan struct{} // holds one while somebody waits for an answer
}

func newPurse(budget *listeners.Budget, price Price) *purse {
	return &purse{budget: budget, price: price, now: time.Now, turn: make(chan struct{}, 1)}
}

// enter waits until no other part of the listener waits for an answer: what it
// holds for that and gives back would look like money spent.
func (p *purse) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.turn <- struct{}{}:
		return func() { <-p.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// paid is a reservation.
type paid struct {
	amount float64
	day    string
}

// reserve counts an amount.
func (p *purse) reserve(ctx context.Context, amount float64) (paid, error) {
	day := p.now().UTC().Format(time.DateOnly)
	if err := p.budget.Spend(ctx, amount); err != nil {
		return paid{}, fmt.Errorf("paying for what X is asked: %w", err)
	}
	return paid{amount: amount, day: day}, nil
}

// settle gives back what a reservation holds beyond the cost. What was counted
// for a day that is over stays counted: giving it back would open the next day's
// budget.
func (p *purse) settle(ctx context.Context, r paid, cost float64) error {
	rest := r.amount - cost
	if rest <= 0 || p.now().UTC().Format(time.DateOnly) != r.day {
		return nil
	}
	// The answer has come, and what it says must be stored whatever happens here:
	// a context that ends now must not keep the money.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	if err := p.budget.Spend(ctx, -rest); err != nil {
		return fmt.Errorf("giving back what X did not charge: %w", err)
	}
	return nil
}

// failed gives back a reservation whose request has failed, if X says that it did
// or never heard of it. An answer that was lost on its way, or for which nobody
// waited any longer, may have been charged: then the money stays counted.
func (p *purse) failed(ctx context.Context, r paid, err error) error {
	_, answered := errors.AsType[*listeners.StatusError](err)
	sending, ok := errors.AsType[*net.OpError](err)
	if !answered && (!ok || sending.Op != "dial") {
		return nil
	}
	return p.settle(ctx, r, 0)
}

const settleWithin = 5 * time.Second

// sizes are how many posts a page may ask for, the most first: when there is no
// money for a full page, there may be for a small one.
func sizes(most, least int) []int {
	var all []int
	for n := most; n > least; n /= 3 {
		all = append(all, n)
	}
	return append(all, least)
}

// reservePage reserves as much of a page as the budget allows. each is what one
// post can cost.
func (p *purse) reservePage(ctx context.Context, most, least int, each float64) (int, paid, error) {
	var err error
	for _, n := range sizes(most, least) {
		var r paid
		if r, err = p.reserve(ctx, float64(n)*each); err == nil {
			return n, r, nil
		}
		if !errors.Is(err, listeners.ErrSpent) {
			break
		}
	}
	return 0, paid{}, err
}

// easy reports whether so little has been spent that what can wait may spend too.
func (p *purse) easy(ctx context.Context) (bool, error) {
	spent, err := p.budget.Spent(ctx)
	if err != nil {
		return false, err
	}
	for _, s := range spent {
		if s.Limit > 0 && s.Used >= easyShare*s.Limit {
			return false, nil
		}
	}
	return true, nil
}

// easyShare is how much of the budget checking again may find used: the rest is
// for hearing.
const easyShare = 0.8

// worst is the most that one post of a page can cost, the posts it refers to and
// its author included.
func (p *purse) worst(post float64, e edition) float64 {
	if e == postNames {
		return post + mostReferred*p.price.Post + (1+mostReferred)*p.price.Author
	}
	return post + p.price.Author
}

// cost is what an answer costs: its own posts at one price, those referred to at
// the usual one.
func (p *purse) cost(post float64, own int, out translated) float64 {
	return float64(own)*post + float64(max(out.posts-own, 0))*p.price.Post + float64(out.users)*p.price.Author
}
