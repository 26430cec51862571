// Package story says which mentions belong together: reposts, quotes, threads,
// those that share a page, copies and edited copies. It remembers a bounded number
// of them and gives out records from which another process goes on. It decides
// nothing about cases, knows no clock and stores nothing; alerts does.
package story

import (
	"container/list"
	"time"

	"earshot"
	"earshot/alerts/likeness"
)

// Options bound the index.
type Options struct {
	Prints  int           // mentions remembered, the newest; 0 for 100,000
	Window  time.Duration // how far apart in time likeness and shared pages join; 0 for 72 hours
	Stories int           // stories remembered beyond their last remembered mention; 0 for 10,000
}

// How says what makes a mention part of a story.
type How string

// What joins mentions, in the order in which it is named when there is more.
const (
	First  How = "first"  // nothing: a story begins with it
	Repost How = "repost" // it repeats a mention without words of its own
	Quote  How = "quote"  // it comments on one
	Copy   How = "copy"   // it says the same, more or less
	Thread How = "thread" // it is of one conversation
	Link   How = "link"   // it is about the same page
)

// Place is where a mention belongs.
type Place struct {
	Story      string   // ID
	How        How      //
	Of         string   // key of the mention that it repeats, resembles or answers, as far as known
	Similarity float64  // to the mention that it resembles most, [0,1]; 0 if it resembles none
	Short      bool     // its text is too short for likeness to mean anything
	Merged     []string // IDs of stories that it turned out to be one with; Story is their name from now on
	Count      int      // mentions in the story
}

// Index knows which stories there are. It is not for concurrent use.
//
// It assumes that new mentions have rising sequences. After Restore the newest
// mentions are placed again, in their order: they find their stories and are not
// counted twice.
type Index struct {
	options Options
	reader  likeness.Reader
	recent  *likeness.Shelf[*mark] // of the remembered mentions
	kept    *likeness.Shelf[*mark] // of stories, which outlast their mentions
	posts   []*post                // ring of the remembered mentions; nil for those taken back
	placed  int                    // mentions ever put into the ring
	mine    map[uint64]*post       // the remembered mentions by their name
	names   map[uint64]*name       // what a mention may refer to
	stories map[string]*story      // those with a body, and aliases of them
	idle    *list.List             // *story: with a body and no remembered mention, the longest silent first
	changed []*story               // with a body, since the last call of Changed
	gone    []Record               // stories that were forgotten or became another's, since then
	found   []likeness.Match[*mark]
}

// mark is what a print leads to.
type mark struct {
	story  *story
	key    string // of the mention
	born   uint64 // its sequence
	author uint64
	at     int64 // when it was heard, Unix nanoseconds
	off    bool  // taken back or forgotten
}

// name is what mentions refer to: a mention, or a page.
type name struct {
	story *story
	how   How
	of    string // key of the mention that brought it
	at    int64  // when it was last used
	refs  int
}

// story is one story, or an alias of another.
type story struct {
	id     string
	brand  string
	born   uint64 // sequence of its first mention
	parent *story // the story that it is an alias of
	live   int    // remembered mentions in it
	only   *post  // of a story without a body: its mention
	body   *body  // from the second mention on

	aliases []string // IDs of stories that became part of it
}

// New makes an empty index.
func New(o Options) *Index {
	if o.Prints <= 0 {
		o.Prints = 100_000
	}
	if o.Window <= 0 {
		o.Window = 72 * time.Hour
	}
	if o.Stories <= 0 {
		o.Stories = 10_000
	}
	return &Index{
		options: o,
		recent:  likeness.NewShelf[*mark](o.Prints),
		kept:    likeness.NewShelf[*mark](o.Prints),
		mine:    map[uint64]*post{},
		names:   map[uint64]*name{},
		stories: map[string]*story{},
		idle:    list.New(),
	}
}

// Story returns a copy of what is known of a story, by any name it ever had; nil
// when there is none, it is forgotten, or it is still one mention.
func (x *Index) Story(id string) *earshot.Story {
	s, ok := x.stories[id]
	if !ok {
		return nil
	}
	return s.root().body.story()
}

// root is the story that an alias is one of.
func (s *story) root() *story {
	for s.parent != nil {
		if s.parent.parent != nil {
			s.parent = s.parent.parent
		}
		s = s.parent
	}
	return s
}

// older reports whether s began before t. Of two that began with the same
// mention the one that is known from a record is the older one.
func (s *story) older(t *story) bool {
	if s.born != t.born {
		return s.born < t.born
	}
	return s.restored() && !t.restored()
}

func (s *story) restored() bool { return s.body != nil && s.body.restored }
