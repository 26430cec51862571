package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"earshot"
)

// However often the daemon is killed while authors edit and delete, in the end
// nobody reads a word of what they took back, and each case counts who is left.
// The server that dies with the daemon may leave bytes of a message that it was
// just overwriting, which is why the files are not looked at here.
func TestTakenBackKilled(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	const posts = 40
	post := func(n int, text string, more ...string) string {
		return line(fmt.Sprintf("forum:%d", n), "@jane", "acme makes me furious, "+text, more...)
	}
	var lines []string
	for n := range posts {
		lines = append(lines, post(n, "my heirloom broke"))
	}
	for n := range posts {
		if n%2 == 0 {
			lines = append(lines, fmt.Sprintf(`{"id":"forum:%d","network":"forum","change":"deleted"}`, n))
		} else {
			lines = append(lines, post(n, "my bicycle broke", `,"change":"edited"`))
		}
	}
	h.hears(post(posts, "first of all"))
	h.alerts(earshot.BecauseNew, 1)
	for n, moment := range milliseconds(40, 70, 110, 160, 220) {
		h.hears(strings.Join(lines[len(lines)*n/5:len(lines)*(n+1)/5], "\n"))
		h.live(t, moment)
		h.kill()
		h.start()
	}
	eventually(t, "all cases are as their posts are", func() error {
		open := 0
		for _, c := range lastStates(t, h.js) {
			open += c.Count
		}
		if open != posts/2+1 {
			return fmt.Errorf("%d mentions are in cases, not %d", open, posts/2+1)
		}
		return nil
	})
	eventually(t, "what was taken back is gone", func() error { return h.unread("heirloom") })
	quoted := map[string]int{}
	for _, a := range h.alerts(earshot.BecauseNew, 0) {
		if a.Mention != nil && a.Mention.Text != "" {
			quoted[a.Mention.ID]++
		}
	}
	for n := range posts + 1 {
		if want := n % 2; n < posts && quoted[fmt.Sprintf("forum:%d", n)] > want {
			t.Errorf("post %d is quoted by %d alerts", n, quoted[fmt.Sprintf("forum:%d", n)])
		}
	}
	h.stop(t)
}

func milliseconds(list ...int) []time.Duration {
	all := make([]time.Duration, len(list))
	for i, n := range list {
		all[i] = time.Duration(n) * time.Millisecond
	}
	return all
}

// unread finds a text in what can be read of the store.
func (h *house) unread(text string) error {
	for stream, subject := range map[string]string{
		"EARSHOT_MENTIONS": "earshot.>", "EARSHOT_ALERTS": "earshot.>", "EARSHOT_CASES": "earshot.>",
	} {
		for _, body := range readAll(h.t, h.js, stream, subject) {
			if strings.Contains(string(body), text) {
				return fmt.Errorf("%s is in %s", text, body)
			}
		}
	}
	return nil
}
