package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"earshot"
)

// disk watches the space that an embedded store has.
type disk struct {
	dir     string
	reserve int64 // free bytes below which new posts are refused
}

// space is the size of a file system in bytes.
type space struct{ free, total int64 }

func statDisk(dir string) (space, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return space{}, fmt.Errorf("looking at the disk of %s: %w", dir, err)
	}
	return space{free: int64(s.Bavail) * s.Bsize, total: int64(s.Blocks) * s.Bsize}, nil
}

// room is nil while posts may be stored, and wraps ErrFull when the rest of the
// disk is for alerts and cases only.
// There is nothing to watch at an external server (nil).
func (d *disk) room() error {
	if d == nil {
		return nil
	}
	return d.atLeast(d.reserve)
}

// lastRoom is the same for alerts and cases. A disk that is full to the last byte
// leaves the server stuck until it is restarted; it must not come to that.
func (d *disk) lastRoom() error {
	if d == nil {
		return nil
	}
	return d.atLeast(d.reserve / 4)
}

func (d *disk) atLeast(free int64) error {
	s, err := statDisk(d.dir)
	if err != nil {
		return err
	}
	if s.free < free {
		return fmt.Errorf("%w: %d MB free on the disk of %s, %d MB are kept in reserve (free some space, or lower bus.reserve)",
			earshot.ErrFull, s.free/1e6, d.dir, free/1e6)
	}
	return nil
}

// usage returns how much a store takes and what space its disk has.
func (d *disk) usage(store string) (int64, space, error) {
	s, err := statDisk(d.dir)
	if err != nil {
		return 0, s, err
	}
	var used int64
	err = filepath.WalkDir(store, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			used += info.Size()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return 0, s, fmt.Errorf("measuring the store: %w", err)
	}
	return used, s, nil
}
