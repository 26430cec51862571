package rss

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// What gofeed must never be handed, because it recurses per element, copies the
// namespaces in scope per element and joins text piece by piece.
const (
	maxDepth      = 256     // nested elements
	maxNamespaces = 256     // namespaces in scope at once
	maxCost       = 1 << 30 // bytes copied while parsing, roughly
	maxItemWeight = 10_000  // elements and attributes in an item, or outside the items
)

// outline is where the parts of an XML document lie. It is made in one quick
// pass over the bytes, without building anything.
type outline struct {
	root      string  // local name of the root element, lower case
	from, to  int     // the root element
	items     []piece // items, entries and tombstones, in document order
	first     int     // where the first of them begins
	excess    int     // items that are left out, since there are too many
	around    []frame // the elements around the first item
	channel   bool    // the root has a channel
	stones    bool    // there are tombstones among the items
	truncated bool    // the document ends before its root element does
	refused   bool    // too much outside the items
}

// piece is one item of a document.
type piece struct {
	from, to int
	weight   int  // elements and attributes
	refused  bool // nested too deeply, or too costly to parse
}

// frame is an element that is open.
type frame struct {
	name       []byte
	from, to   int // its start tag
	text       int // bytes of text directly in it so far
	namespaces int // in scope
}

type outliner struct {
	doc    []byte
	out    outline
	stack  []frame
	excess int // elements open beyond maxDepth
	cost   int
	before int // cost before the item that is open
	weight int // of what is open: the item, or all that is around the items
	around int // weight around the items, while an item is open
	item   int // depth of the item that is open, 0 for none
	bad    bool
}

// outlineOf finds the root and the items of an XML document.
func outlineOf(doc []byte) (outline, error) {
	o := &outliner{doc: doc}
	pos := 0
	for o.out.to == 0 {
		i := bytes.IndexByte(doc[pos:], '<')
		if i < 0 {
			break
		}
		o.characters(i)
		next := o.markup(pos + i)
		if next < 0 {
			break
		}
		pos = next
	}
	if o.out.root == "" {
		return outline{}, errors.New("no element in it")
	}
	if o.out.to == 0 {
		o.out.truncated = true
		o.out.to = len(doc)
	}
	return o.out, nil
}

// markup deals with what begins at pos and returns where it ends, -1 when the
// document ends first.
func (o *outliner) markup(pos int) int {
	rest := o.doc[pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return after(rest, "-->", pos)
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		end := after(rest, "]]>", pos)
		if end > 0 {
			o.characters(end - pos)
		}
		return end
	case bytes.HasPrefix(rest, []byte("<?")):
		return after(rest, "?>", pos)
	case bytes.HasPrefix(rest, []byte("<!")):
		return afterDirective(rest, pos)
	case bytes.HasPrefix(rest, []byte("</")):
		end := afterTag(rest, pos)
		if end > pos+1 {
			o.close(tagName(o.doc[pos+2:end-1]), pos, end)
		}
		return end
	case len(rest) > 1 && isNameStart(rest[1]):
		end := afterTag(rest, pos)
		if end > pos+1 {
			o.open(pos, end)
		}
		return end
	}
	return pos + 1
}

func (o *outliner) characters(n int) {
	if len(o.stack) == 0 {
		return
	}
	top := &o.stack[len(o.stack)-1]
	top.text += n
	if n > 0 {
		o.spend(top.text)
	}
}

// spend adds to the cost; what goes beyond the budget is charged to the item,
// so that the others can still be read.
func (o *outliner) spend(n int) {
	o.cost += n
	if o.cost > maxCost {
		o.tooMuch()
	}
}

func (o *outliner) tooMuch() {
	o.cost = o.before
	if o.item > 0 {
		o.bad = true
	} else {
		o.out.refused = true
	}
}

func (o *outliner) open(pos, end int) {
	tag := o.doc[pos+1 : end-1]
	empty := bytes.HasSuffix(tag, []byte("/"))
	if len(o.stack) >= maxDepth {
		if !empty {
			o.excess++
		}
		o.tooMuch()
		return
	}
	f := frame{name: tagName(tag), from: pos, to: end, namespaces: bytes.Count(tag, []byte("xmlns"))}
	if n := len(o.stack); n > 0 {
		f.namespaces += o.stack[n-1].namespaces
	} else {
		o.out.root, o.out.from = localName(f.name), pos
	}
	if len(o.stack) == 1 && localName(f.name) == "channel" {
		o.out.channel = true
	}
	if o.item == 0 && o.isItem(f.name) {
		o.begin()
	}
	o.stack = append(o.stack, f)
	o.weight += 1 + bytes.Count(tag, []byte("="))
	if f.namespaces > maxNamespaces || o.weight > maxItemWeight {
		o.tooMuch()
	}
	o.spend(48 * f.namespaces)
	if empty {
		o.close(f.name, end, end)
	}
}

// isItem reports whether an element that is about to open is an item: a child of
// the root or, in RSS, of its channel.
func (o *outliner) isItem(name []byte) bool {
	switch localName(name) {
	case "item", "entry":
	case "deleted-entry":
		o.out.stones = true
	default:
		return false
	}
	return len(o.stack) == 1 || len(o.stack) == 2 && localName(o.stack[1].name) == "channel"
}

func (o *outliner) begin() {
	o.item, o.before, o.bad = len(o.stack)+1, o.cost, false
	o.around, o.weight = o.weight, 0
	if o.out.around == nil {
		o.out.around = slices.Clone(o.stack)
	}
}

// close ends the innermost open element of that name and those left open within
// it, as the XML decoder does when it is not strict.
func (o *outliner) close(name []byte, from, to int) {
	if o.excess > 0 {
		if o.item == 0 || !bytes.Equal(o.stack[o.item-1].name, name) {
			o.excess--
			return
		}
		o.excess = 0
	}
	for i, v := range slices.Backward(o.stack) {
		if !bytes.Equal(v.name, name) {
			continue
		}
		if o.item > i {
			end := to
			if o.item > i+1 {
				end = from // the item itself was never closed
			}
			o.out.add(piece{from: o.stack[o.item-1].from, to: end, weight: o.weight, refused: o.bad})
			o.item, o.weight = 0, o.around
		}
		o.stack = o.stack[:i]
		if i == 0 {
			o.out.to = to
		}
		return
	}
}

// after returns where the first end in rest ends, counted from the document's
// start, or -1.
func after(rest []byte, end string, pos int) int {
	i := bytes.Index(rest, []byte(end))
	if i < 0 {
		return -1
	}
	return pos + i + len(end)
}

// afterTag is after for a tag, whose quoted values may hold a '>'. A '<' before
// its end says that it is no tag, only a '<' that was not escaped.
func afterTag(rest []byte, pos int) int {
	quote := byte(0)
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '<':
			return pos + 1
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return pos + i + 1
		case (c == '"' || c == '\'') && (rest[i-1] == '=' || rest[i-1] == ' '):
			quote = c
		}
	}
	return -1
}

// afterDirective is after for <!DOCTYPE …>, whose internal subset nests and may
// hold comments with apostrophes.
func afterDirective(rest []byte, pos int) int {
	depth := 0
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case '<':
			if !bytes.HasPrefix(rest[i:], []byte("<!--")) {
				depth++
				continue
			}
			end := after(rest[i:], "-->", i)
			if end < 0 {
				return -1
			}
			i = end - 1
		case '>':
			if depth--; depth == 0 {
				return pos + i + 1
			}
		case '"', '\'':
			end := bytes.IndexByte(rest[i+1:], c)
			if end < 0 {
				return -1
			}
			i += end + 1
		}
	}
	return -1
}

func isNameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == ':' || c >= 0x80
}

// tagName is the name at the beginning of a tag's inside, with its prefix.
func tagName(tag []byte) []byte {
	if i := bytes.IndexAny(tag, " \t\r\n/>"); i >= 0 {
		return tag[:i]
	}
	return tag
}

func localName(name []byte) string {
	return strings.ToLower(string(name[bytes.LastIndexByte(name, ':')+1:]))
}

// openings are the start tags of the elements around the items, and closings
// their end tags.
func (o *outline) openings(doc []byte) []byte {
	var b []byte
	for _, f := range o.around {
		b = append(b, doc[f.from:f.to]...)
	}
	return b
}

func (o *outline) closings() []byte {
	var b []byte
	for _, f := range slices.Backward(o.around) {
		b = append(b, "</"...)
		b = append(b, f.name...)
		b = append(b, '>')
	}
	return b
}
