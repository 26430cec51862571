package listeners

import (
	"context"
	"fmt"
	"time"
)

// emitter is the Emit of one Listen.
type emitter struct {
	part     *part
	over     func() error // why the Listen has been told to stop, nil while it goes on
	revision uint64
	err      error // the first failure; it stays, since nothing may follow a gap
}

// emit is handed to the source.
func (e *emitter) emit(ctx context.Context, batch Batch) error {
	if e.err != nil {
		return e.err
	}
	if err := e.over(); err != nil {
		return err
	}
	p := e.part
	clean, lost := normalise(batch, p.listener, p.Name, time.Now().UTC())
	revision, err := p.options.Log.Commit(ctx, p.listener, p.Name, e.revision, clean)
	if err != nil {
		e.err = fmt.Errorf("storing what was heard: %w", err)
		return e.err
	}
	e.revision = revision
	p.metrics.heard(p.listener, clean, lost)
	p.reportDamage(clean.Mentions)
	p.change(func(s *Status) {
		s.Err = ""
		s.Mentions += int64(len(clean.Mentions))
		s.hear(clean.Mentions)
	})
	return nil
}
