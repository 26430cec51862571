package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// shapeStarts ends the key of a word with holes that is a prefix.
const shapeStarts = "*"

// shapes are the lengths of words with holes and where the holes are. A token is
// compared with all words of a shape at once.
type shapes struct {
	any   bool
	whole [MaxHoled + 1][]shape // by letters
	start []shape
}

type shape struct {
	letters int
	holes   [MaxHoles]int8 // places of letters, -1 for none
}

func (s *shapes) add(key string) {
	key, starts := strings.CutSuffix(key, shapeStarts)
	made := shape{holes: [MaxHoles]int8{-1, -1, -1}}
	hole := 0
	for _, r := range key {
		if r == Hole && hole < MaxHoles {
			made.holes[hole] = int8(made.letters)
			hole++
		}
		made.letters++
	}
	if made.letters > MaxHoled {
		return
	}
	to := &s.whole[made.letters]
	if starts {
		to = &s.start
	}
	if !slices.Contains(*to, made) {
		*to = append(*to, made)
	}
	s.any = true
}

func (d *Dict) lookupShapes(dst []int32, key []byte) []int32 {
	letters := 0
	for i := 0; i < len(key) && letters <= MaxHoled; letters++ {
		_, n := utf8.DecodeRune(key[i:])
		i += n
	}
	if letters <= MaxHoled {
		for i := range d.shapes.whole[letters] {
			dst = d.fill(dst, key, &d.shapes.whole[letters][i], "")
		}
	}
	for i := range d.shapes.start {
		if s := &d.shapes.start[i]; s.letters <= letters {
			dst = d.fill(dst, key, s, shapeStarts)
		}
	}
	return dst
}

// fill looks for the word that the token's key fills, if its letters are put
// through the shape.
func (d *Dict) fill(dst []int32, key []byte, s *shape, ending string) []int32 {
	var room [(MaxHoled + 1) * utf8.UTFMax]byte
	masked, at := room[:0], 0
	for letter := range s.letters {
		_, n := utf8.DecodeRune(key[at:])
		if slices.Contains(s.holes[:], int8(letter)) {
			masked = utf8.AppendRune(masked, Hole)
		} else {
			masked = append(masked, key[at:at+n]...)
		}
		at += n
	}
	if id := d.find(append(masked, ending...)); id >= 0 {
		dst = append(dst, id)
	}
	return dst
}
