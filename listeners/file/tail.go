package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"earshot/listeners"
)

// reader reads one file from one position on.
type reader struct {
	collector
	name  string
	file  *os.File
	at    position // durable, but for the generation's file
	split *splitter
	emit  listeners.Emit
}

// tail reads the files that are at the path, one after the other.
func (s *source) tail(ctx context.Context, at position, emit listeners.Emit) error {
	for {
		r, err := s.open(at, emit)
		if err != nil {
			return err
		}
		err = s.read(ctx, r)
		_ = r.file.Close() // it was only read
		if !errors.Is(err, errReplaced) {
			return err
		}
		at = r.at
	}
}

// errReplaced ends a file in whose place there is another, or the same anew.
var errReplaced = errors.New("the file was replaced")

// read reads to the end and, when following, until the file is replaced.
func (s *source) read(ctx context.Context, r *reader) error {
	if err := r.drain(ctx); err != nil {
		return err
	}
	if !s.Follow {
		if err := r.finish(ctx); err != nil {
			return err
		}
		if s.elsewhere(r.file) {
			return errReplaced
		}
		<-ctx.Done()
		return ctx.Err()
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	replaced := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		same, err := r.intact()
		switch {
		case err != nil:
			return err
		case !same:
			return errReplaced
		}
		if err := r.drain(ctx); err != nil {
			return err
		}
		if replaced { // a tick ago: whoever wrote to the old file has had time to finish
			if err := r.finish(ctx); err != nil {
				return err
			}
			return errReplaced
		}
		replaced = s.elsewhere(r.file)
	}
}

// elsewhere reports whether the path leads to another file than f by now.
func (s *source) elsewhere(f *os.File) bool {
	there, err := os.Stat(s.Path)
	if err != nil {
		return false // renamed, and the next one is not there yet
	}
	here, err := f.Stat()
	return err == nil && !os.SameFile(here, there)
}

// open opens the file the position is in, which may have been renamed while
// nobody read, or else the file at the path, from its beginning.
func (s *source) open(at position, emit listeners.Emit) (*reader, error) {
	f, err := os.Open(s.Path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	fits, err := at.fits(f, info)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if at.known() && !fits {
		if old, found := s.renamed(at); found {
			_ = f.Close() // it comes next
			return s.reader(old, at, emit)
		}
		at = position{Generation: at.Generation + 1}
	}
	if !at.known() {
		at.Version, at.Line = cursorVersion, 1
	}
	at.Inode = inode(info)
	return s.reader(f, at, emit)
}

// renamed finds the file of a position, or a copy of it, under another name in
// the same folder, as log rotation leaves it, if it holds something not read yet.
func (s *source) renamed(at position) (*os.File, bool) {
	if at.HeadSize == 0 {
		return nil, false
	}
	dir := filepath.Dir(s.Path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, false
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() <= at.Offset {
			continue
		}
		f, err := os.Open(filepath.Join(dir, entry.Name()))
		if err != nil {
			continue
		}
		if fits, err := at.fits(f, info); fits && err == nil {
			return f, true
		}
		_ = f.Close() // it was only looked at
	}
	return nil, false
}

func (s *source) reader(f *os.File, at position, emit listeners.Emit) (*reader, error) {
	if _, err := f.Seek(at.Offset, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("going to where %s was left: %w", f.Name(), err), f.Close())
	}
	return &reader{
		collector: collector{network: s.Network},
		name:      s.name,
		file:      f,
		at:        at,
		split:     newSplitter(at.Offset, at.Line),
		emit:      emit,
	}, nil
}

// intact reports whether the file still holds what was read of it.
func (r *reader) intact() (bool, error) {
	info, err := r.file.Stat()
	if err != nil {
		return false, err
	}
	read := r.split.offset + r.split.rest()
	if info.Size() == read {
		return true, nil
	}
	if info.Size() < read {
		return false, nil
	}
	return r.at.fits(r.file, info)
}

// drain emits all whole lines up to the end of the file.
func (r *reader) drain(ctx context.Context) error {
	for {
		for l, ok := r.split.next(); ok; l, ok = r.split.next() {
			r.add(l, r.id)
			if r.full() {
				if err := r.flush(ctx); err != nil {
					return err
				}
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.split.fill(r.file)
		if n == 0 && errors.Is(err, io.EOF) {
			return r.flush(ctx)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading %s: %w", r.file.Name(), err)
		}
	}
}

// finish takes what follows the last line end for a line: nobody will end it.
func (r *reader) finish(ctx context.Context) error {
	if l, ok := r.split.last(); ok {
		r.add(l, r.id)
	}
	return r.flush(ctx)
}

func (r *reader) flush(ctx context.Context) error {
	if r.lines == 0 {
		return nil
	}
	next := r.at
	next.Offset, next.Line = r.split.offset, r.split.number
	if err := next.note(r.file); err != nil {
		return err
	}
	cursor, err := next.cursor()
	if err != nil {
		return err
	}
	r.batch.Next = cursor
	if err := r.emit(ctx, r.batch); err != nil {
		return err
	}
	r.at = next
	r.reset()
	return nil
}

// id is stable: reading the file again gives the same, and so does reading it
// under another listener. The generation keeps a line apart from one with the
// same words at the same place of an earlier file.
func (r *reader) id(l line) string {
	parts := []string{r.name, strconv.FormatInt(l.offset, 10), fingerprint(l.text)}
	if r.at.Generation > 0 {
		parts = append(parts, strconv.Itoa(r.at.Generation))
	}
	return strings.Join(parts, ":")
}
