package main

import (
	"context"

	"earshot"
	"earshot/rules"
)

// Book is the one that mentions are judged by at the moment.
func (p *pipeline) Book() *rules.Book {
	p.books.RLock()
	defer p.books.RUnlock()
	return p.book
}

// opinions gives edited mentions what models think of them already, as far as they
// say the same: a post of which only the counters changed is not asked of again. It
// asks the log once a batch, if there are models at all. The mentions are the
// pipeline's own.
func (p *pipeline) opinions(ctx context.Context, mentions []earshot.Mention) error {
	if !p.Book().HasModels() {
		return nil
	}
	var keys []string
	for i := range mentions {
		if m := &mentions[i]; m.Change == earshot.Edited && p.known.Has(m.Key()) {
			keys = append(keys, m.Key())
		}
	}
	if len(keys) == 0 {
		return nil
	}
	all, err := p.bus.Opinions(ctx, keys)
	if err != nil {
		return err
	}
	for i := range mentions {
		m := &mentions[i]
		if m.Change != earshot.Edited {
			continue
		}
		said := m.Said()
		for _, o := range all[m.Key()] {
			if o.Of == said {
				m.Opinions = append(m.Opinions, o)
			}
		}
	}
	return nil
}
