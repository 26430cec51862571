package alerts

import (
	"context"
	"sync"
)

// queue has deliveries of the same case follow each other, in the order in which they
// entered. Its zero value is ready; it may be used concurrently.
type queue struct {
	mu   sync.Mutex
	last map[string]chan struct{} // by case: closed when the latest to enter has left
}

// place is one in a queue.
type place struct {
	queue  *queue
	id     string
	before chan struct{} // nil for the first
	mine   chan struct{}
}

// enter takes the next place for a case.
func (q *queue) enter(id string) place {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.last == nil {
		q.last = map[string]chan struct{}{}
	}
	t := place{queue: q, id: id, before: q.last[id], mine: make(chan struct{})}
	q.last[id] = t.mine
	return t
}

// wait returns when it is this one's turn, or ctx ends; leave must be called once in
// either case.
func (t place) wait(ctx context.Context) (leave func(), err error) {
	if t.before != nil {
		select {
		case <-t.before:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	return t.leave, err
}

func (t place) leave() {
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	if t.queue.last[t.id] == t.mine {
		delete(t.queue.last, t.id)
	}
	close(t.mine)
}
