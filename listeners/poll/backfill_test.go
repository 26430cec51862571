package poll_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"earshot/listeners"
	"earshot/listeners/poll/polltest"
)

// A backfill hears what was posted since, and no more; interrupted, it goes on
// where it was.
func TestBackfill(t *testing.T) {
	for name, tt := range map[string]struct {
		options polltest.Options
		url     string
	}{
		"newest first": {polltest.Options{PerPage: 4}, "/posts?page={page}"},
		"windows":      {polltest.Options{PerPage: 4, Pages: 2}, "/posts?page={page}&until={until:unix}"},
		"oldest first": {polltest.Options{PerPage: 4, Oldest: true}, "/posts?since={since:unix}&page={page}"},
	} {
		t.Run(name, func(t *testing.T) {
			s := network(t, tt.options)
			for i := 1; i <= 30; i++ {
				s.Add(polltest.Post{Text: fmt.Sprintf("post %d", i), Created: time.Now().Unix() - int64(31-i)*3600})
			}
			b := try(t, section(t, s, "url: "+s.URL+tt.url, "paging: {more: more, most: 2}"))
			source, ok := b.parts[0].Source.(listeners.Backfiller)
			if !ok {
				t.Fatal("it cannot")
			}
			since := time.Now().Add(-20*time.Hour - 30*time.Minute)
			done := 0.0
			for range 20 { // interrupted after each batch
				ctx, stop := context.WithCancel(listeners.WithReport(t.Context(), func(o listeners.Outlook) { done = max(done, o.Done) }))
				err := source.Backfill(ctx, since, b.cursor, func(ctx context.Context, batch listeners.Batch) error {
					if err := ctx.Err(); err != nil {
						return err
					}
					defer stop()
					return b.save(ctx, batch)
				})
				stop()
				if err == nil {
					break
				}
			}
			heard := map[string]int{}
			for _, text := range b.heard() {
				heard[text]++
			}
			for i := 1; i <= 30; i++ {
				if n := heard[fmt.Sprintf("post %d", i)]; n > 0 != (i > 10) {
					t.Errorf("post %d was heard %d times", i, n)
				}
			}
			if done < 0.9 || done > 1 {
				t.Errorf("it said that %v was done", done)
			}
		})
	}
}

// A backfill does not go on from a cursor that it did not write.
func TestBackfillForeignCursor(t *testing.T) {
	s := network(t, polltest.Options{})
	b := try(t, section(t, s))
	source := b.parts[0].Source.(listeners.Backfiller)
	for _, foreign := range []string{"x", `{"v":99}`, "[]"} {
		if err := source.Backfill(t.Context(), time.Now(), []byte(foreign), b.save); err == nil {
			t.Errorf("%s was taken", foreign)
		}
	}
}
