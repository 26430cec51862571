package file

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/cespare/xxhash/v2"

	"earshot"
)

// cursorVersion changes when older cursors cannot be understood any more.
const cursorVersion = 1

// headSize is how much of a file's beginning tells it from another.
const headSize = 1 << 10

// position is the cursor: how far in which file.
type position struct {
	Version    int    `json:"v"`
	Inode      uint64 `json:"inode"`
	Head       uint64 `json:"head,string"` // hash of the first HeadSize bytes
	HeadSize   int64  `json:"head_size"`   // as much as was read by then, at most headSize
	Offset     int64  `json:"offset"`      // of the next line
	Line       int    `json:"line"`        // its number, from 1
	Generation int    `json:"generation"`  // how many files at the path came before
}

// readCursor understands what position.cursor wrote. An empty cursor is the
// beginning.
func readCursor(c earshot.Cursor) (position, error) {
	if len(c) == 0 {
		return position{}, nil
	}
	var p position
	if err := json.Unmarshal(c, &p); err != nil {
		return p, fmt.Errorf("reading the cursor: it is damaged or of another source: %w", err)
	}
	switch {
	case p.Version != cursorVersion:
		return p, fmt.Errorf("reading the cursor: its version is %d, not %d (an older earshot does not understand a newer one)",
			p.Version, cursorVersion)
	case p.Offset < 0 || p.Line < 1 || p.HeadSize < 0 || p.HeadSize > headSize || p.HeadSize > p.Offset || p.Generation < 0:
		return p, fmt.Errorf("reading the cursor: it is damaged: %+v", p)
	}
	return p, nil
}

func (p position) cursor() (earshot.Cursor, error) {
	p.Version = cursorVersion
	return json.Marshal(p)
}

// known reports whether the position is in a file at all.
func (p position) known() bool { return p.Version != 0 }

// fits reports whether the position is one of this file: it is as long, begins
// the same and, unless the beginning alone says enough, is the same inode. The
// device does not count: its number may change when the machine starts.
func (p position) fits(f *os.File, info os.FileInfo) (bool, error) {
	if info.Size() < p.Offset || p.Inode != inode(info) && p.HeadSize < headSize {
		return false, nil
	}
	if p.HeadSize == 0 {
		return true, nil
	}
	head, err := hashHead(f, p.HeadSize)
	return head == p.Head, err
}

// note remembers how the file begins, as soon as enough of it has been read.
func (p *position) note(f *os.File) error {
	size := min(p.Offset, headSize)
	if size == p.HeadSize {
		return nil
	}
	head, err := hashHead(f, size)
	if err != nil {
		return err
	}
	p.Head, p.HeadSize = head, size
	return nil
}

func hashHead(f *os.File, size int64) (uint64, error) {
	digest := xxhash.New()
	if _, err := io.Copy(digest, io.NewSectionReader(f, 0, size)); err != nil {
		return 0, fmt.Errorf("reading the beginning of %s: %w", f.Name(), err)
	}
	return digest.Sum64(), nil
}

func inode(info os.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Ino
	}
	return 0
}
