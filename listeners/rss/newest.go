package rss

import (
	"bytes"
	"slices"

	"github.com/mmcdole/gofeed"
)

// What no feed has more of; of a longer one the newest items are heard. An
// element takes a hundred times its bytes once it is parsed, so that it is not
// enough to limit the bytes.
const (
	maxItems  = 20_000
	maxWeight = 100_000 // elements and attributes in all items together
)

// elementBytes is how many bytes of text an element is as costly as.
const elementBytes = 200

// weigh is about how many elements and attributes, or values, a document has.
func weigh(doc []byte) int {
	marks := []string{"{", "[", ","}
	if bytes.HasPrefix(doc, []byte("<")) {
		marks = []string{"<", "="}
	}
	weight := 1
	for _, mark := range marks {
		weight += bytes.Count(doc, []byte(mark))
	}
	return weight
}

// add notes an item. It forgets those in the middle when there are so many that
// neither the first nor the last they could be among.
func (o *outline) add(p piece) {
	if len(o.items) == 0 {
		o.first = p.from
	}
	if len(o.items) == 3*maxItems {
		o.items = slices.Delete(o.items, maxItems, 2*maxItems)
		o.excess += maxItems
	}
	o.items = append(o.items, p)
}

// keepNewest leaves the items out that are too many. Feeds list the newest first,
// unless the dates of the first and the last item say otherwise.
func (o *outline) keepNewest(doc []byte) {
	n := len(o.items)
	if fitting(o.items) == n {
		return
	}
	if o.rises(doc) {
		slices.Reverse(o.items)
		o.items = o.items[:fitting(o.items)]
		slices.Reverse(o.items)
	} else {
		o.items = o.items[:fitting(o.items)]
	}
	o.excess += n - len(o.items)
}

// fitting is how many items are not too many, from the first on.
func fitting(items []piece) int {
	weight := 0
	for i, p := range items[:min(len(items), maxItems)] {
		if !p.refused {
			weight += p.weight
		}
		if weight > maxWeight {
			return i
		}
	}
	return min(len(items), maxItems)
}

func (o *outline) rises(doc []byte) bool {
	return isBefore(o.sole(doc, o.items[0]), o.sole(doc, o.items[len(o.items)-1]))
}

// sole is what one item of the document says, nil when it cannot be read.
func (o *outline) sole(doc []byte, p piece) *gofeed.Item {
	if p.refused {
		return nil
	}
	one, err := o.alone(doc, p)
	if err != nil || len(one.Items) != 1 {
		return nil
	}
	return one.Items[0]
}

func isBefore(a, b *gofeed.Item) bool {
	return a != nil && b != nil && !posted(a).IsZero() && posted(a).Before(posted(b))
}
