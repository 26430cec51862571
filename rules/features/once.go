package features

// once remembers which runs of characters a post has had. Where a script has no
// spaces, common runs are in every sentence: how often says how long a post is, not
// what it means.
type once struct {
	hashes []uint32 // by their lowest bits, or in the next free place; 0 is free
	count  int
}

const places = 4096 // a post has half as many different runs at most; further ones do not count

func (o *once) forget() {
	if o.count > 0 {
		clear(o.hashes)
		o.count = 0
	}
}

// first reports whether a hash is new, and remembers it.
func (o *once) first(hash uint32) bool {
	if o.hashes == nil {
		o.hashes = make([]uint32, places)
	}
	hash |= 1 << 31 // never 0
	for i := hash % places; ; i = (i + 1) % places {
		switch o.hashes[i] {
		case hash:
			return false
		case 0:
			if o.count == places/2 {
				return false
			}
			o.hashes[i] = hash
			o.count++
			return true
		}
	}
}
