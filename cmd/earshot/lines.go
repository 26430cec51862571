package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"earshot/listeners/file"
)

// Sizes of what eachLine reads at once and of the longest line.
const (
	chunkSize = 256 << 10
	maxLine   = 4 << 20
)

// lineWork turns one line, without its line end, into output. Its error is told
// and the next line is read. It is called from several goroutines.
type lineWork func(number int, line []byte, out *bytes.Buffer) error

// chunk is a run of whole lines on its way through the workers.
type chunk struct {
	first int // number of its first line
	data  []byte
	long  bool // the line is longer than maxLine; data is its beginning
	out   bytes.Buffer
	bad   bytes.Buffer // messages
	count int          // lines
	wrong int          // lines with a mistake
	done  chan struct{}
}

// lineCount is what eachLine has seen.
type lineCount struct{ lines, bad int }

// eachLine works on the lines of in on all cores and writes what comes of them in
// their order to out, mistakes as name:line:column to errs. It reads no further
// ahead than the workers can chew, and writes as soon as a chunk is done.
func eachLine(ctx context.Context, name string, in io.Reader, out, errs io.Writer, work lineWork) (lineCount, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := runtime.GOMAXPROCS(0)
	todo, order := make(chan *chunk), make(chan *chunk, 2*workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for c := range todo {
				c.run(name, work)
				close(c.done)
			}
		})
	}
	read := make(chan error, 1)
	go func() {
		defer close(order)
		defer close(todo)
		read <- splitChunks(in, func(c *chunk) error {
			for _, to := range []chan *chunk{order, todo} {
				select {
				case to <- c:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}()
	total, err := drain(ctx, order, out, errs)
	cancel()
	if err != nil {
		return total, err
	}
	wg.Wait()
	return total, <-read
}

// drain writes chunks in their order.
func drain(ctx context.Context, order <-chan *chunk, out, errs io.Writer) (lineCount, error) {
	var total lineCount
	for {
		var c *chunk
		var ok bool
		select {
		case c, ok = <-order:
		case <-ctx.Done():
			return total, ctx.Err()
		}
		if !ok {
			return total, nil
		}
		select {
		case <-c.done:
		case <-ctx.Done():
			return total, ctx.Err()
		}
		total.lines += c.count
		total.bad += c.wrong
		if _, err := errs.Write(c.bad.Bytes()); err != nil {
			return total, fmt.Errorf("writing errors: %w", err)
		}
		if _, err := out.Write(c.out.Bytes()); err != nil {
			return total, fmt.Errorf("writing output: %w", err)
		}
	}
}

func (c *chunk) run(name string, work lineWork) {
	rest := c.data
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		number := c.first + c.count
		c.count++
		rest = after
		err := errors.New("the line is longer than 4 MiB")
		if !c.long && len(line) <= maxLine {
			err = work(number, bytes.TrimSuffix(line, []byte("\r")), &c.out)
		}
		if err == nil {
			continue
		}
		c.wrong++
		column, what := 1, err.Error()
		if syntax, ok := errors.AsType[*file.SyntaxError](err); ok {
			column, what = syntax.Column, syntax.What
		}
		fmt.Fprintf(&c.bad, "%s:%d:%d: %s\n", name, number, column, what)
	}
}

// splitChunks hands on what in holds in chunks of whole lines, each as soon as
// there is one, so that a slow writer sees answers at once.
func splitChunks(in io.Reader, emit func(*chunk) error) error {
	number, skipping := 1, false
	buffer := make([]byte, 0, chunkSize)
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, make([]byte, cap(buffer))...)[:len(buffer)]
		}
		n, err := in.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if skipping {
			buffer, skipping = skipLine(buffer)
		}
		end := bytes.LastIndexByte(buffer, '\n') + 1
		if err != nil && !skipping {
			end = len(buffer)
		}
		if end > 0 {
			c := &chunk{first: number, data: buffer[:end], done: make(chan struct{})}
			number += bytes.Count(c.data, []byte("\n"))
			buffer = append(make([]byte, 0, chunkSize), buffer[end:]...)
			if err := emit(c); err != nil {
				return err
			}
		}
		if len(buffer) > maxLine {
			if err := emit(&chunk{first: number, data: []byte("\n"), long: true, done: make(chan struct{})}); err != nil {
				return err
			}
			number++
			buffer, skipping = buffer[:0], true
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading input: %w", err)
		}
	}
}

// skipLine drops the rest of a line that is too long.
func skipLine(buffer []byte) (rest []byte, skipping bool) {
	if _, after, ended := bytes.Cut(buffer, []byte("\n")); ended {
		return append(buffer[:0], after...), false
	}
	return buffer[:0], true
}
