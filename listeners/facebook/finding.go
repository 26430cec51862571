package facebook

import (
	"context"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/seen"
)

// finding is what a round has come across.
type finding struct {
	known *seen.Memory
	items map[uint64]bool // of this round
	old   []seen.Item     // heard before, as they are
	fresh []earshot.Mention
	dead  []earshot.DeadLetter
}

// take sorts out what is new or has changed. Pages may overlap when something is
// posted while they are read.
func (f *finding) take(p page) {
	for i := range p.mentions {
		m := &p.mentions[i]
		item := seen.Of(m)
		if f.items[item.Key] {
			continue
		}
		f.items[item.Key] = true
		content, heard := f.known.Said(item.Key)
		switch {
		case heard && content == item.Content:
			f.old = append(f.old, item)
			continue
		case heard:
			m.Change = earshot.Edited
		}
		f.fresh = append(f.fresh, *m)
	}
	for _, d := range p.dead {
		item := deadItem(d)
		if f.items[item.Key] {
			continue
		}
		f.items[item.Key] = true
		if _, heard := f.known.Said(item.Key); heard {
			f.old = append(f.old, item)
			continue
		}
		f.dead = append(f.dead, d)
	}
}

// emitAll emits what is new, some at a time. Each batch remembers its own and what
// was known before.
func (s *source) emitAll(ctx context.Context, st *state, f *finding, emit listeners.Emit) error {
	items, before := f.old, st.Known
	batch := listeners.Batch{Dead: f.dead}
	for _, d := range f.dead {
		items = append(items, deadItem(d))
	}
	for {
		n := min(len(f.fresh), mostAtOnce)
		batch.Mentions, f.fresh = f.fresh[:n], f.fresh[n:]
		for i := range batch.Mentions {
			items = append(items, seen.Of(&batch.Mentions[i]))
		}
		st.Known = before.With(items)
		st.Next = time.Time{}
		if len(f.fresh) == 0 {
			st.Next = time.Now().Add(s.Every).UTC()
		}
		var err error
		if batch.Next, err = encode(st); err != nil {
			return err
		}
		if err := emit(ctx, batch); err != nil {
			return err
		}
		if n > 0 {
			listeners.Report(ctx, listeners.Outlook{Posted: batch.Mentions[n-1].Posted})
		}
		if len(f.fresh) == 0 {
			return nil
		}
		batch = listeners.Batch{}
	}
}
