package mastodon

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/mattn/go-mastodon"

	"earshot"
	"earshot/listeners/seen"
)

// cursorVersion changes when an older program could misread what is written.
const cursorVersion = 1

const (
	window   = 40  // posts of a page; so many of the newest are read again in every round
	mostKept = 200 // posts that are known, so that the cursor stays small
	mostDead = 100 // dead letters that are known
)

// state is where a part stands: its cursor. IDs grow with time on every kind of
// server, in length or in the order of their characters, and that is all that is
// assumed of them.
type state struct {
	Version int         `json:"v"`
	Floor   mastodon.ID `json:"floor,omitempty"` // asking begins after it
	Known   []known     `json:"known,omitempty"` // oldest first
	Turn    mastodon.ID `json:"turn,omitempty"`  // the post that was looked up last
	Since   time.Time   `json:"since,omitzero"`  // how far back the first contact reaches
	Dead    []uint64    `json:"dead,omitempty"`  // what was no post and is read again with every page
}

// known is a post that was heard.
type known struct {
	Page    mastodon.ID `json:"p"`           // see post.page
	ID      mastodon.ID `json:"i,omitempty"` // at this server, if it is not Page
	Mention string      `json:"m"`           // its ID without the network
	Content uint32      `json:"c"`           // what it said
	Private bool        `json:"x,omitempty"` // for those it was written to
	Hidden  bool        `json:"h,omitempty"` // it is there and not in the timeline any more
}

func (k *known) local() mastodon.ID {
	if k.ID == "" {
		return k.Page
	}
	return k.ID
}

func knownOf(p *post) known {
	k := known{
		Page: p.page, Mention: p.mention.ID[len(network)+1:], Content: seen.ContentOf(&p.mention),
		Private: p.mention.Visibility == earshot.Private,
	}
	if p.id != p.page {
		k.ID = p.id
	}
	return k
}

// deletion is the mention that takes the post back.
func (k *known) deletion() earshot.Mention {
	m := earshot.Mention{ID: network + ":" + k.Mention, Network: network, Change: earshot.Deleted}
	if k.Private {
		m.Visibility = earshot.Private
	}
	return m
}

var errForeign = errors.New("it is of another version")

// readState returns what a cursor says, or a fresh state with an error.
func readState(from earshot.Cursor) (*state, error) {
	fresh := &state{Version: cursorVersion}
	if len(from) == 0 {
		return fresh, nil
	}
	st := &state{}
	if err := json.Unmarshal(from, st); err != nil {
		return fresh, fmt.Errorf("reading cursor: %w", err)
	}
	if st.Version != cursorVersion || len(st.Known) > 2*mostKept {
		return fresh, fmt.Errorf("reading cursor: %w", errForeign)
	}
	return st, nil
}

func (st *state) write() (earshot.Cursor, error) {
	b, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("writing cursor: %w", err)
	}
	return b, nil
}

// clone returns a state that can change without this one.
func (st *state) clone() *state {
	other := *st
	other.Known, other.Dead = slices.Clone(st.Known), slices.Clone(st.Dead)
	return &other
}

// find returns the post of a mention, nil if it is not known.
func (st *state) find(mention string) *known {
	native := strings.TrimPrefix(mention, network+":")
	for i := range st.Known {
		if st.Known[i].Mention == native {
			return &st.Known[i]
		}
	}
	return nil
}

// at returns the post with an ID at the server, nil if it is not known.
func (st *state) at(id mastodon.ID) *known {
	for i := range st.Known {
		if st.Known[i].local() == id {
			return &st.Known[i]
		}
	}
	return nil
}

// add makes a post known, in the order of the timeline.
func (st *state) add(k known) {
	at, _ := slices.BinarySearchFunc(st.Known, k, func(a, b known) int { return a.Page.Compare(b.Page) })
	st.Known = slices.Insert(st.Known, at, k)
	if len(st.Known) > mostKept {
		st.Known = slices.Delete(st.Known, 0, len(st.Known)-mostKept)
	}
}

// mourn returns the dead letters that are not known, and knows them.
func (st *state) mourn(dead []earshot.DeadLetter) (fresh []earshot.DeadLetter) {
	for _, d := range dead {
		key := xxhash.Sum64(d.Body)
		if slices.Contains(st.Dead, key) {
			continue
		}
		st.Dead = append(st.Dead, key)
		fresh = append(fresh, d)
	}
	st.Dead = st.Dead[max(0, len(st.Dead)-mostDead):]
	return fresh
}

func (st *state) drop(mention string) {
	st.Known = slices.DeleteFunc(st.Known, func(k known) bool { return network+":"+k.Mention == mention })
}

// settle lets the next round begin after all but the newest posts, which it reads
// again: posts that other servers sent late stand among them, and edits.
func (st *state) settle() {
	switch n := len(st.Known); {
	case n > window:
		st.Floor = max2(st.Floor, st.Known[n-window-1].Page)
	case n > 0 && st.Floor == "":
		st.Floor = st.Known[0].Page
	}
}
