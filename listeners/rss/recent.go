package rss

import (
	"bytes"
	"hash/maphash"
	"time"

	"earshot/listeners/seen"
)

// recent spares a Listen from parsing items that it has heard as they are: most
// of a feed is the same from one fetch to the next. It is no state, only a
// shortcut: without it the whole document is read and the same items are heard.
type recent struct {
	seed   maphash.Seed
	traces map[uint64]trace // of the last document, by the raw bytes of its items
}

// trace is what came of an item.
type trace struct {
	seen.Item
	raw    uint64
	posted time.Time
}

func newRecent() *recent { return &recent{seed: maphash.MakeSeed()} }

// read parses a whole, harmless document without the items it knows. It returns
// nil when gofeed cannot read the document.
func (r *recent) read(doc []byte, o outline) *document {
	usable := r != nil && !o.stones && len(o.items) <= maxItems
	if usable && len(r.traces) > 0 {
		if d := r.readRest(doc, o); d != nil {
			return d
		}
	}
	d, err := parseXML(o.root, doc[o.from:o.to])
	if err != nil {
		return nil
	}
	if usable {
		raws := make([]uint64, len(o.items))
		for i, p := range o.items {
			raws[i] = r.hash(doc[p.from:p.to])
		}
		d.label(raws)
	}
	return d
}

// readRest reads what is left of a document when the known items are cut out of it.
func (r *recent) readRest(doc []byte, o outline) *document {
	var rest bytes.Buffer
	var kept []trace
	var fresh []uint64
	from := o.from
	for _, p := range o.items {
		raw := r.hash(doc[p.from:p.to])
		t, known := r.traces[raw]
		if !known {
			fresh = append(fresh, raw)
			continue
		}
		kept = append(kept, t)
		rest.Write(doc[from:p.from])
		from = p.to
	}
	if len(kept) == 0 {
		return nil
	}
	rest.Write(doc[from:o.to])
	d, err := parseXML(o.root, rest.Bytes())
	if err != nil || !d.label(fresh) {
		return nil
	}
	d.kept = kept
	return d
}

func (r *recent) hash(raw []byte) uint64 { return maphash.Bytes(r.seed, raw) }

// label notes which bytes each item came from, and reports whether that is known.
func (d *document) label(raws []uint64) bool {
	if len(raws) != len(d.Items) {
		return false
	}
	for i, item := range d.Items {
		e := d.extras[item]
		e.raw = raws[i]
		d.extras[item] = e
	}
	return true
}
