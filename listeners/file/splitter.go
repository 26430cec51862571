package file

import (
	"bytes"
	"io"
)

const (
	maxLine   = 1 << 20   // longer lines are not mentions
	keptLine  = 64 << 10  // what a dead letter shows of them
	chunk     = 256 << 10 // read at once
	byteOrder = "\xef\xbb\xbf"
)

// splitter cuts a stream into lines and never holds more than one longest line
// and one chunk of it, however long the lines are.
type splitter struct {
	offset int64 // in the stream, of the line that comes next
	number int   // of the line that comes next, from 1

	buf     []byte
	start   int   // of the unread bytes in buf
	scanned int   // bytes after start that are known to hold no line end
	dropped int64 // bytes of an overlong line that are no longer in buf
}

// line is one line of the stream, without its end.
type line struct {
	text   []byte // valid until the next call of fill
	offset int64
	number int
	long   bool // longer than maxLine; text is its beginning
}

func newSplitter(offset int64, number int) *splitter {
	return &splitter{offset: offset, number: number}
}

// fill reads more of the stream, once.
func (s *splitter) fill(r io.Reader) (int, error) {
	s.shrink()
	if free := cap(s.buf) - len(s.buf); free < chunk {
		grown := make([]byte, len(s.buf), 2*cap(s.buf)+chunk)
		copy(grown, s.buf)
		s.buf = grown
	}
	n, err := r.Read(s.buf[len(s.buf) : len(s.buf)+chunk])
	s.buf = s.buf[:len(s.buf)+n]
	return n, err
}

// shrink forgets what was handed out, and of an overlong line all but its beginning.
func (s *splitter) shrink() {
	n := copy(s.buf, s.buf[s.start:])
	s.buf, s.start = s.buf[:n], 0
	if len(s.buf) > maxLine && s.scanned == len(s.buf) {
		s.dropped += int64(len(s.buf) - keptLine)
		s.buf = s.buf[:keptLine]
		s.scanned = keptLine
	}
}

// next returns the next whole line that has been read, if there is one.
func (s *splitter) next() (line, bool) {
	rest := s.buf[s.start:]
	end := bytes.IndexByte(rest[s.scanned:], '\n')
	if end < 0 {
		s.scanned = len(rest)
		return line{}, false
	}
	return s.take(s.scanned+end, 1), true
}

// last returns what follows the last line end, when the stream has ended there.
func (s *splitter) last() (line, bool) {
	if s.rest() == 0 {
		return line{}, false
	}
	return s.take(len(s.buf)-s.start, 0), true
}

// rest is how many bytes of an unfinished line have been read.
func (s *splitter) rest() int64 { return int64(len(s.buf)-s.start) + s.dropped }

func (s *splitter) take(length, end int) line {
	l := line{text: s.buf[s.start : s.start+length], offset: s.offset, number: s.number}
	whole := int64(length) + s.dropped
	if l.long = whole > maxLine; l.long {
		l.text = l.text[:keptLine]
	}
	s.start += length + end
	s.offset += whole + int64(end)
	s.number++
	s.scanned, s.dropped = 0, 0
	if l.offset == 0 {
		l.text = bytes.TrimPrefix(l.text, []byte(byteOrder))
	}
	l.text = bytes.TrimSuffix(l.text, []byte("\r"))
	return l
}
