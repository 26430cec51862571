package x

import "context"

// prepaid are posts of the stream that are paid for and have not come.
type prepaid struct {
	purse *purse
	each  float64 // what one can cost
	left  int
	last  paid // the newest reservation; those before it are used up first
	held  int  // posts that it paid for
}

const (
	prepaidPosts = 60 // that are paid for at once
	// underWay is how many posts may be on their way when the stream is closed
	// for want of money: X charges them.
	underWay = 20
)

// begin pays for the first.
func (p *prepaid) begin(ctx context.Context) error {
	p.each = p.purse.worst(p.purse.price.Post, tweetNames)
	return p.more(ctx)
}

func (p *prepaid) more(ctx context.Context) error {
	n, r, err := p.purse.reservePage(ctx, prepaidPosts, underWay+1, p.each)
	if err != nil {
		return err
	}
	p.left += n
	p.last, p.held = r, n
	return nil
}

// post counts one that came.
func (p *prepaid) post(ctx context.Context) error {
	if p.left--; p.left > underWay {
		return nil
	}
	return p.more(ctx)
}

// end gives back what did not come, unless the money is at an end and what is on
// its way must be paid with it.
func (p *prepaid) end(ctx context.Context, spent bool) error {
	if spent || p.left <= 0 {
		return nil
	}
	rest := float64(min(p.left, p.held)) * p.each
	return p.purse.settle(ctx, paid{amount: rest, day: p.last.day}, 0)
}
