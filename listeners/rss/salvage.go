package rss

import (
	"bytes"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// salvage reads the items of a damaged document one by one, so that a fault
// costs the item it is in and no other.
func salvage(doc []byte, o outline) (*document, error) {
	if len(o.items) == 0 {
		if o.truncated {
			return nil, errors.New("it ends before its first item does")
		}
		_, err := parseXML(o.root, doc[o.from:o.to])
		return nil, err
	}
	head := append(bytes.Clone(doc[o.from:o.first]), o.closings()...)
	d, err := parseXML(o.root, head)
	if err != nil {
		head = append(o.openings(doc), o.closings()...)
		if d, err = parseXML(o.root, head); err != nil {
			return nil, err
		}
	}
	d.truncated, d.excess = o.truncated, o.excess
	for _, p := range o.items {
		raw := doc[p.from:p.to]
		if p.refused {
			d.broken = append(d.broken, breakage{raw, "nested too deeply or made to be costly to read"})
			continue
		}
		one, err := o.alone(doc, p)
		if err != nil {
			d.broken = append(d.broken, breakage{raw, "malformed XML: " + err.Error()})
			continue
		}
		d.adopt(one)
	}
	return d, nil
}

// alone reads one item as if the feed had no other.
func (o *outline) alone(doc []byte, p piece) (*document, error) {
	return parseXML(o.root, slices.Concat(o.openings(doc), mend(doc[p.from:p.to]), o.closings()))
}

// adopt adds the items and tombstones of another reading of the same feed.
func (d *document) adopt(one *document) {
	d.Items = append(d.Items, one.Items...)
	maps.Copy(d.extras, one.extras)
	d.tombstones = append(d.tombstones, one.tombstones...)
}

// mend removes from an item what XML forbids and feeds hold all the same:
// control characters, references to them, and a '<' that begins nothing.
func mend(raw []byte) []byte {
	raw = bytes.Map(func(c rune) rune {
		if isLegal(c) {
			return c
		}
		return -1
	}, raw)
	raw = reference.ReplaceAllFunc(raw, func(ref []byte) []byte {
		digits, base := string(ref[2:len(ref)-1]), 10
		if hex := strings.TrimLeft(digits, "xX"); hex != digits {
			digits, base = hex, 16
		}
		if n, err := strconv.ParseInt(digits, base, 32); err == nil && isLegal(rune(n)) {
			return ref
		}
		return nil
	})
	return strayBracket.ReplaceAll(raw, []byte("&lt;$1"))
}

var (
	reference    = regexp.MustCompile(`&#(?:[0-9]+|[xX][0-9a-fA-F]+);`)
	strayBracket = regexp.MustCompile(`<([^A-Za-z_:/!?\x{80}-\x{10ffff}])`)
)

// isLegal reports whether XML 1.0 allows a character.
func isLegal(c rune) bool {
	return c == '\t' || c == '\n' || c == '\r' || c >= ' ' && c <= 0xd7ff || c >= 0xe000 && c <= 0xfffd || c >= 0x10000 && c <= 0x10ffff
}
