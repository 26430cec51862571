// Package likeness says how much two texts are the same, from prints that hold
// no words: of short texts by runs of characters, of articles by pairs of words.
// It does not know mentions, stories or time; alerts/story does.
package likeness

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	rows  = 128 // values of a print, each of another random choice of shingles
	bands = 32  // groups of rows that lead from one print to those like it
	band  = rows / bands
)

// What makes two texts alike, measured in docs/benchmarks.md (Stories). Below
// least, people write the same by chance; up to ample, more must be the same.
const (
	least      = 24  // rows filled by the longer text: about 27 characters
	leastCut   = 20  // by the shorter one, which may have lost its end
	leastWords = 5   //
	ample      = 40  // rows filled: about 50 characters
	ofShort    = 0.5 // of ample texts
	ofArticle  = 0.4
	perRow     = 0.01 // more likeness for each row short of ample
)

// Alike returns how much two texts are the same and whether that is enough to
// call one a copy of the other.
func (p *Print) Alike(q *Print) (like float64, alike bool) {
	like = p.Like(q)
	size := min(p.Size(), q.Size())
	switch {
	case size < leastCut || max(p.Size(), q.Size()) < least:
		return like, false
	case p.Long:
		return like, like >= ofArticle
	}
	return like, like >= ofShort+perRow*float64(max(ample-size, 0))
}

// Print is what is kept of a text. Equal texts have equal prints; the text cannot
// be read from it. The zero value is the print of no text.
type Print struct {
	Exact  uint64 // of the whole text
	Rows   [rows]uint8
	Filled [2]uint64 // which rows have a value of their own, a bit each
	Long   bool
}

// Size is how much there is to compare: about as many as shingles that differ, up
// to 128.
func (p *Print) Size() int { return bits.OnesCount64(p.Filled[0]) + bits.OnesCount64(p.Filled[1]) }

// Like estimates which share of what is in either text is in both, [0,1].
func (p *Print) Like(q *Print) float64 {
	if p.Long != q.Long {
		return 0
	}
	if p.Exact == q.Exact && p.Rows == q.Rows {
		return 1
	}
	same, of := 0, 0
	for i := range p.Filled {
		of += bits.OnesCount64(p.Filled[i] | q.Filled[i])
		same += bits.OnesCount64(p.Filled[i] & q.Filled[i] & equal(p.Rows[i*64:], q.Rows[i*64:]))
	}
	if of == 0 {
		return 0
	}
	return float64(same) / float64(of)
}

// equal says which of 64 rows agree, a bit each, eight rows at a time.
func equal(a, b []uint8) uint64 {
	const low, gather = 0x7f7f7f7f7f7f7f7f, 0x0102040810204080
	var agree uint64
	for i := range 8 {
		x := binary.LittleEndian.Uint64(a[i*8:]) ^ binary.LittleEndian.Uint64(b[i*8:])
		zero := ^((x&low + low) | x | low) // the high bit of each byte that is zero
		agree |= zero >> 7 * gather >> 56 << (i * 8)
	}
	return agree
}

const printBytes = 1 + 8 + 16 + rows

// Bytes is the form in which a print is stored.
func (p *Print) Bytes() []byte {
	b := make([]byte, 0, printBytes)
	sort := byte(0)
	if p.Long {
		sort = 1
	}
	b = append(b, sort)
	b = binary.LittleEndian.AppendUint64(b, p.Exact)
	b = binary.LittleEndian.AppendUint64(b, p.Filled[0])
	b = binary.LittleEndian.AppendUint64(b, p.Filled[1])
	return append(b, p.Rows[:]...)
}

// PrintOf reads what Bytes wrote.
func PrintOf(b []byte) (Print, error) {
	var p Print
	if len(b) != printBytes || b[0] > 1 {
		return p, fmt.Errorf("a print of %d bytes is not one of this version", len(b))
	}
	p.Long = b[0] == 1
	p.Exact = binary.LittleEndian.Uint64(b[1:])
	p.Filled = [2]uint64{binary.LittleEndian.Uint64(b[9:]), binary.LittleEndian.Uint64(b[17:])}
	copy(p.Rows[:], b[25:])
	return p, nil
}
