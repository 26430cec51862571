package crisis

import (
	"slices"
	"time"
)

// Seen is what a watch must know of one judged mention.
type Seen struct {
	Key        string    // the same for a mention that comes again; an empty one is not counted
	Author     string    // a key of the author, not a name; empty if unknown, which counts as an author of its own
	ID, URL    string    // where a person can look
	Network    string    //
	At         time.Time // when it was posted, but not after it was heard
	Negative   bool      //
	Positive   bool      //
	Reach      int64     // followers of the author
	NewAccount bool      // the account was new when it posted
	Repost     bool      // without words of its own
	Copy       bool      // with the same words as another mention by somebody else
	Text       string    // for words that are new; of no use in reposts
	Rule       string    // that sends it to a team, if any
	Listener   string    // that heard it
}

// reach bounds what a network claims.
func (s *Seen) reach() int64 { return min(max(s.Reach, 0), mostReach) }

func (s *Seen) flags() flags {
	var f flags
	if s.Negative {
		f |= negative
	} else if s.Positive {
		f |= positive
	}
	if s.NewAccount {
		f |= newAccount
	}
	switch {
	case s.Repost:
		f |= repost
	case s.Copy:
		f |= copied
		if s.NewAccount {
			f |= aped
		}
	case s.Negative:
		f |= ownWords
	}
	return f
}

// registry numbers the names of networks, rules and listeners. They are from the
// configuration and few; the last number stands for all that came after it. Its
// field is exported for gob only.
type registry struct{ Names []string }

const nameLimit = 254

func (r *registry) number(name string) uint8 {
	if name == "" {
		return 0
	}
	if at := slices.Index(r.Names, name); at >= 0 {
		return uint8(at + 1)
	}
	if len(r.Names) >= nameLimit || len(name) > idLimit {
		return nameLimit + 1
	}
	r.Names = append(r.Names, name)
	return uint8(len(r.Names))
}

func (r *registry) name(number uint8) string {
	if number == 0 || int(number) > len(r.Names) {
		return "others"
	}
	return r.Names[number-1]
}
