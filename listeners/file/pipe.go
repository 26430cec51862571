package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"

	"earshot/listeners"
)

// pipe reads a named pipe. What was read cannot be read again, so it keeps what
// is not durable yet from one Listen to the next.
type pipe struct {
	collector
	split *splitter
	name  string // unlike that of any other run, since offsets begin at 0 again
}

func newPipe(name string) *pipe {
	return &pipe{split: newSplitter(0, 1), name: name + ":" + strconv.FormatInt(time.Now().UnixNano(), 36)}
}

func (p *pipe) listen(ctx context.Context, s *source, emit listeners.Emit) error {
	p.network = s.Network
	if err := p.flush(ctx, emit); err != nil {
		return err
	}
	// Without O_NONBLOCK, opening would wait for a writer and could not be stopped.
	f, err := os.OpenFile(s.Path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	stop := context.AfterFunc(ctx, func() {
		_ = f.SetReadDeadline(time.Now()) // wakes the read; it finds that ctx has ended
	})
	defer stop()
	for {
		if err := p.gather(ctx, f); err != nil {
			return err
		}
		if err := p.flush(ctx, emit); err != nil {
			return err
		}
	}
}

// gather reads lines until the batch is full or its first line has waited for a tick.
func (p *pipe) gather(ctx context.Context, f *os.File) error {
	if err := f.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	for waiting := false; ; {
		for !p.full() {
			l, ok := p.split.next()
			if !ok {
				break
			}
			p.add(l, p.id)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if p.full() {
			return nil
		}
		if p.lines > 0 && !waiting {
			waiting = true
			if err := f.SetReadDeadline(time.Now().Add(tick)); err != nil {
				return fmt.Errorf("reading %s: %w", f.Name(), err)
			}
		}
		_, err := p.split.fill(f)
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			return ctx.Err()
		case errors.Is(err, io.EOF):
			return p.writerLeft(ctx)
		default:
			return fmt.Errorf("reading %s: %w", f.Name(), err)
		}
	}
}

// writerLeft ends the line the last writer left unfinished and waits a tick, so
// that a pipe without writers is not read in circles.
func (p *pipe) writerLeft(ctx context.Context) error {
	if l, ok := p.split.last(); ok {
		p.add(l, p.id)
	}
	if p.lines > 0 {
		return nil
	}
	timer := time.NewTimer(tick)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pipe) flush(ctx context.Context, emit listeners.Emit) error {
	if len(p.batch.Mentions)+len(p.batch.Dead) > 0 {
		if err := emit(ctx, p.batch); err != nil {
			return err
		}
	}
	p.reset()
	return nil
}

func (p *pipe) id(l line) string {
	return p.name + ":" + strconv.FormatInt(l.offset, 10)
}
