package listeners_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"earshot"
	"earshot/listeners"
)

// shelf is a log and a network that disagree more and more.
type shelf struct {
	stored  []earshot.Mention
	network map[string]earshot.Mention
	asked   int
	fail    error
}

func newShelf(n int) *shelf {
	s := &shelf{network: map[string]earshot.Mention{}}
	for i := range n {
		m := earshot.Mention{
			ID: fmt.Sprintf("board:%d", i), Network: "board", Listener: "board", Text: "words",
			URL: "https://board.example/", Conversation: "board:0", Visibility: earshot.Private,
			Heard: time.Date(2026, 11, 1, 0, 0, i, 0, time.UTC),
		}
		s.stored, s.network[m.ID] = append(s.stored, m), m
	}
	return s
}

func (s *shelf) recheck() *listeners.Recheck {
	return &listeners.Recheck{
		Network: "board", Listener: "board", Every: time.Hour, Most: 100,
		Stored: func(_ context.Context, _ string, each func(earshot.Mention) error) error {
			for _, m := range s.stored {
				if err := each(m); err != nil {
					return err
				}
			}
			return nil
		},
		Ask: func(_ context.Context, ids []string) (map[string]earshot.Mention, error) {
			s.asked += len(ids)
			if s.fail != nil {
				return nil, s.fail
			}
			found := map[string]earshot.Mention{}
			for _, id := range ids {
				if m, ok := s.network[id]; ok {
					found[id] = m
				}
			}
			return found, nil
		},
	}
}

// during runs a recheck for a while and returns what it said, and its cursor.
func (s *shelf) during(t *testing.T, d time.Duration, from earshot.Cursor) (said []string, cursor earshot.Cursor, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	cursor = from
	err = s.recheck().Listen(ctx, from, func(_ context.Context, b listeners.Batch) error {
		for _, m := range b.Mentions {
			said = append(said, string(m.Change)+" "+m.ID)
			if m.Visibility != earshot.Private || m.Change == earshot.Edited && (m.URL == "" || m.Conversation == "" || m.Text == "") {
				t.Errorf("the lookup makes it forget: %+v", m)
			}
		}
		cursor = b.Next
		return nil
	})
	return said, cursor, err
}

// What was deleted or edited is said in the next round; what is missing only when
// it is missing twice; a restart does not begin anew.
func TestRecheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(5)
		said, cursor, _ := s.during(t, 30*time.Minute, nil)
		if s.asked != 0 || len(said) > 0 {
			t.Errorf("asked %d at once", s.asked)
		}
		s.network["board:1"] = earshot.Mention{ID: "board:1", Change: earshot.Deleted}
		edited := s.network["board:2"]
		edited.Text, edited.URL, edited.Conversation = "other words", "", "" // a lookup knows less
		s.network["board:2"] = edited
		delete(s.network, "board:3")
		moved := s.network["board:4"]
		moved.URL = ""
		s.network["board:4"] = moved
		said, cursor, _ = s.during(t, time.Hour, cursor)
		if want := []string{"deleted board:1", "edited board:2"}; !slices.Equal(said, want) || s.asked != 5 {
			t.Errorf("asked %d times; it says %q, want %q", s.asked, said, want)
		}
		said, cursor, _ = s.during(t, time.Hour, cursor)
		if !slices.Contains(said, "deleted board:3") {
			t.Errorf("a post that was missing twice is kept: %q", said)
		}
		s.stored = nil
		if said, _, err := s.during(t, time.Hour, cursor); len(said) > 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with an empty log: %q, %v", said, err)
		}
	})
}

// More posts than fit into memory are read in pieces, each post once; a failure
// resumes within the round.
func TestRecheckInPieces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(12_000)
		_, cursor, _ := s.during(t, time.Minute, nil)
		_, cursor, _ = s.during(t, time.Hour, cursor)
		if s.asked < 12_000 || s.asked > 12_010 {
			t.Errorf("asked about %d posts", s.asked)
		}
		s.fail = errors.New("no")
		if _, _, err := s.during(t, 2*time.Hour, cursor); !errors.Is(err, s.fail) {
			t.Errorf("%v", err)
		}
	})
}
