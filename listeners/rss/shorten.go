package rss

import "bytes"

// maxRun is more text in one piece than is kept of any title or body, so that
// what is cut here is cut there too, and said.
const maxRun = 2 << 20

// shorten cuts what is longer than most in one piece out of an XML document, in
// place: text, comments and the like, which the parser would copy several times.
func shorten(doc []byte, most int) []byte {
	if len(doc) <= most {
		return doc
	}
	out, pos := 0, 0
	keep := func(from, to int) { out += copy(doc[out:], doc[from:to]) }
	for pos < len(doc) {
		end := len(doc)
		if i := bytes.IndexByte(doc[pos:], '<'); i >= 0 {
			end = pos + i
		}
		keep(pos, pos+runLength(doc[pos:end], most))
		pos = end
		b := sectionAt(doc[pos:])
		inside := pos + len(b.from)
		keep(pos, min(inside, len(doc)))
		if pos = inside; b.to == "" {
			continue
		}
		i := bytes.Index(doc[inside:], []byte(b.to))
		if i < 0 {
			break // it is truncated here, however much follows
		}
		keep(inside, inside+runLength(doc[inside:inside+i], most))
		keep(inside+i, inside+i+len(b.to))
		pos = inside + i + len(b.to)
	}
	return doc[:out]
}

// brackets are what a section without markup is between.
type brackets struct{ from, to string }

var sections = []brackets{{"<![CDATA[", "]]>"}, {"<!--", "-->"}, {"<?", "?>"}}

// sectionAt is the kind that begins with doc; a single byte has no end.
func sectionAt(doc []byte) brackets {
	for _, b := range sections {
		if bytes.HasPrefix(doc, []byte(b.from)) {
			return b
		}
	}
	return brackets{from: "<"}
}

// runLength is how much of a run of text is kept: whole characters and references.
func runLength(run []byte, most int) int {
	if len(run) <= most {
		return len(run)
	}
	const longestReference = 12
	n := most
	for n > 0 && run[n]&0xc0 == 0x80 {
		n--
	}
	if i := bytes.LastIndexByte(run[max(0, n-longestReference):n], '&'); i >= 0 {
		n = max(0, n-longestReference) + i
	}
	return n
}
