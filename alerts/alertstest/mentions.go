package alertstest

import (
	"context"
	"slices"
	"sync"

	"earshot"
)

// Mentions is an alerts.Mentions in memory. The zero Mentions is empty and ready.
type Mentions struct {
	Size func(limit int) int // how many to hand out at most; nil for as many as are asked for

	mu   sync.Mutex
	list []earshot.Stored
	next int
	more chan struct{}
}

// Add puts mentions at the end of the log.
func (m *Mentions) Add(list ...earshot.Stored) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, list...)
	close(m.waiting())
	m.more = nil
}

// Rewind lets the log be read from its beginning again.
func (m *Mentions) Rewind() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next = 0
}

// Next returns the mentions that follow.
func (m *Mentions) Next(ctx context.Context, limit int) ([]earshot.Stored, error) {
	for {
		batch, more := m.take(limit)
		if len(batch) > 0 {
			return batch, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (m *Mentions) take(limit int) ([]earshot.Stored, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Size != nil {
		limit = min(limit, m.Size(limit))
	}
	end := min(len(m.list), m.next+limit)
	batch := m.list[m.next:end:end]
	m.next = end
	return batch, m.waiting()
}

func (m *Mentions) last(brand, mention string) (earshot.Stored, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range slices.Backward(m.list) {
		if s.Brand == brand && s.Mention.Key() == mention {
			return s, true
		}
	}
	return earshot.Stored{}, false
}

// erase leaves nothing of what a mention said before. Its place is kept, since
// readers go by it.
func (m *Mentions) erase(version earshot.Stored) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.list {
		if s := &m.list[i]; s.Brand == version.Brand && s.Mention.ID == version.Mention.ID && s.Sequence < version.Sequence {
			s.Mention = earshot.Mention{ID: s.Mention.ID, Network: s.Mention.Network, Change: earshot.Deleted}
			s.Verdict = nil
		}
	}
}

func (m *Mentions) waiting() chan struct{} {
	if m.more == nil {
		m.more = make(chan struct{})
	}
	return m.more
}
