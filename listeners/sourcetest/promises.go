package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"earshot"
	"earshot/listeners"
)

func (s *suite) hearsInOrder() {
	s.publish(5)
	src := s.network.Open()
	emit, five := s.saving(5)
	l := s.listen(src, nil, emit)
	l.until(five, "the first posts were heard")
	l.stop()

	_, from := s.durable()
	emit, eight := s.saving(8)
	l = s.listen(src, from, emit)
	for range 3 {
		s.publish(1)
	}
	l.until(eight, "posts made while it listened were heard")
	l.stop()
	s.checkHeard()
}

// resumes restarts the process after every batch.
func (s *suite) resumes() {
	s.publish(7)
	for round := 0; ; round++ {
		before, from := s.durable()
		if before >= len(s.published) {
			break
		}
		if round == 2 {
			s.publish(4)
		}
		emit, one := s.saving(before + 1)
		l := s.listen(s.network.Open(), from, emit)
		l.until(one, "the next batch was heard")
		l.stop()
	}
	s.checkHeard()

	// With nothing left to hear, a restart must not repeat anything.
	heard, from := s.durable()
	emit, more := s.saving(heard + 1)
	l := s.listen(s.network.Open(), from, emit)
	s.publish(1)
	l.until(more, "a post after the restart was heard")
	l.stop()
	s.checkHeard()
}

func (s *suite) hearsWhatItMissed() {
	for range 4 {
		s.publish(3)
		_, from := s.durable()
		emit, all := s.saving(len(s.published))
		l := s.listen(s.network.Open(), from, emit)
		l.until(all, "the posts were heard")
		l.stop()
	}
	s.checkHeard()
}

func (s *suite) survivesEmitErrors() { s.failEmits(s.network.Open()) }

func (s *suite) restartsAfterEmitErrors() { s.failEmits(nil) }

// failEmits refuses the first batch of every second Listen, of src or of a new
// source each time.
func (s *suite) failEmits(src listeners.Source) {
	for range 3 {
		s.publish(3)
		s.refuseOne(src)
		_, from := s.durable()
		emit, all := s.saving(len(s.published))
		l := s.listen(s.sourceOr(src), from, emit)
		l.until(all, "what an emit had failed for was heard again")
		l.stop()
	}
	s.checkHeard()
}

func (s *suite) sourceOr(src listeners.Source) listeners.Source {
	if src == nil {
		return s.network.Open()
	}
	return src
}

func (s *suite) refuseOne(src listeners.Source) {
	var calls atomic.Int32
	_, from := s.durable()
	l := s.listen(s.sourceOr(src), from, func(_ context.Context, b listeners.Batch) error {
		if len(b.Mentions) == 0 && calls.Load() == 0 {
			s.save(b) // moves the cursor alone
			return nil
		}
		calls.Add(1)
		return errEmit
	})
	if err := l.wait(); !errors.Is(err, errEmit) {
		s.Errorf("Listen returned %v, not the error of Emit", err)
	}
	if n := calls.Load(); n != 1 {
		s.Errorf("Emit was called %d times after it had failed", n-1)
	}
}

func (s *suite) stopsWhenIdle() {
	s.publish(1)
	emit, one := s.saving(1)
	l := s.listen(s.network.Open(), nil, emit)
	l.until(one, "a post was heard")
	l.stop()
}

func (s *suite) stopsInEmit() {
	s.publish(2)
	inside := make(chan struct{})
	var once sync.Once
	src := s.network.Open()
	l := s.listen(src, nil, func(ctx context.Context, b listeners.Batch) error {
		if len(b.Mentions) == 0 {
			return nil
		}
		once.Do(func() { close(inside) })
		<-ctx.Done()
		return ctx.Err()
	})
	l.until(inside, "an emit was under way")
	l.stop()

	emit, two := s.saving(2)
	l = s.listen(src, nil, emit)
	l.until(two, "the interrupted batch was heard again")
	l.stop()
	s.checkHeard()
}

func (s *suite) stopsWhileStalled() {
	if s.network.Stall == nil {
		s.Skip("this network cannot hang")
	}
	asked := s.network.Stall()
	emit, _ := s.saving(1)
	l := s.listen(s.network.Open(), nil, emit)
	l.until(asked, "the network was asked")
	l.stop()
}

func (s *suite) neverStarts() {
	s.publish(1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.network.Open().Listen(ctx, nil, func(ctx context.Context, _ listeners.Batch) error { return ctx.Err() })
	}()
	select {
	case <-ended:
	case <-time.After(s.Patience):
		s.Fatal("Listen goes on with a context that had ended before")
	}
}

// foreignCursor listens from bytes that the source never wrote.
func (s *suite) foreignCursor() {
	for _, foreign := range []string{
		"x", "\x00\x01\x02", "not a cursor", `"text"`, `[1,2,3]`, `{"v":999999}`, `{"v":"one","offset":{}}`,
		strings.Repeat("[", 100_000), strings.Repeat("\xff", 70_000),
	} {
		s.publish(1) // each time: what was pushed and accepted is not offered again
		heard := make(chan struct{})
		var once sync.Once
		l := s.listen(s.network.Open(), earshot.Cursor(foreign), func(_ context.Context, b listeners.Batch) error {
			if len(b.Mentions) > 0 {
				once.Do(func() { close(heard) })
			}
			return nil
		})
		select {
		case <-heard:
		case <-l.ended:
			if l.err == nil {
				s.Errorf("cursor %.20q: Listen ended without an error", foreign)
			}
		case <-time.After(s.Patience):
			s.Errorf("cursor %.20q: neither an error nor a fresh start", foreign)
		}
		l.stop()
	}
}

// damagedCursor listens from a good cursor that was cut or has one byte changed.
// It may well be a valid one still, so that all it promises is to live.
func (s *suite) damagedCursor() {
	s.publish(3)
	emit, all := s.saving(3)
	l := s.listen(s.network.Open(), nil, emit)
	l.until(all, "the posts were heard")
	l.stop()
	_, good := s.durable()

	step := max(1, len(good)/12)
	for at := 0; at < len(good); at += step {
		s.endure(good[:at])
		changed := bytes.Clone(good)
		changed[at] ^= 0x15
		s.endure(changed)
	}
	s.endure(append(bytes.Clone(good), good...))
}

func (s *suite) endure(cursor earshot.Cursor) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	emitted := make(chan struct{}, 1)
	l := s.listen(s.network.Open(), cursor, func(context.Context, listeners.Batch) error {
		select {
		case emitted <- struct{}{}:
		default:
		}
		return nil
	})
	select {
	case <-emitted:
	case <-l.ended:
	case <-ctx.Done():
	}
	l.stop()
}
