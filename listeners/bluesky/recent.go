package bluesky

import "github.com/cespare/xxhash/v2"

// mostRecent is how many commits are remembered at least: an hour of the network,
// which is as far as an instance goes back when it takes over.
const mostRecent = 1 << 18

// recent remembers commits that have been heard, for when an instance tells of
// them again. It spares work: should it forget, the log knows what it holds. The
// zero value remembers nothing. Not for concurrent use.
type recent struct{ young, old map[uint64]struct{} }

func (r *recent) has(key uint64) bool {
	if _, ok := r.young[key]; ok {
		return true
	}
	_, ok := r.old[key]
	return ok
}

func (r *recent) add(key uint64) {
	if len(r.young) >= mostRecent {
		r.old, r.young = r.young, nil
	}
	if r.young == nil {
		r.young = map[uint64]struct{}{}
	}
	r.young[key] = struct{}{}
}

// keyOf is the same for a commit at every instance, and never 0.
func keyOf(e *event) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, part := range []string{e.DID, e.Commit.RKey, e.Commit.Rev, e.Commit.Operation} {
		_, _ = d.WriteString(part) // never fails
		_, _ = d.WriteString("\x00")
	}
	return max(d.Sum64(), 1)
}
