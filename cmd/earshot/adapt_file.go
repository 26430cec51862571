package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"earshot/rules/adapt"
)

// layers reads what was learnt for each brand. A file that is not there yet is no
// mistake: a layer taken back leaves none.
func (l *loader) layers() map[string]*adapt.Layer {
	layers := map[string]*adapt.Layer{}
	for i, b := range l.file.Brands {
		if b.Adapt == "" {
			continue
		}
		layer, err := readLayer(b.Adapt, b.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			l.problem(fmt.Sprintf("brands[%d].adapt", i), "reading what was learnt: "+cause(err), "take it back: earshot adapt undo "+b.Name)
		default:
			layers[b.Name] = layer
		}
	}
	return layers
}

func readLayer(path, brand string) (*adapt.Layer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(f, adapt.MaxFile+1))
	if err != nil {
		return nil, err
	}
	return adapt.Read(data, brand)
}

// olderLayers are the layers that were replaced, the newest last.
func olderLayers(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var older []string
	for _, e := range entries {
		if stamp, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+"."); ok && isStamp(stamp) && e.Type().IsRegular() {
			older = append(older, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	slices.Sort(older)
	return older, nil
}

// layerStamp is when a layer was replaced, to the microsecond, in its file's name.
const layerStamp = "20060102T150405.000000Z"

func isStamp(s string) bool {
	return len(s) == len(layerStamp) && strings.Trim(s, "0123456789TZ.") == ""
}

// writeLayer puts a layer in the place of the last, which stays beside it. A crash
// leaves the one or the other.
func writeLayer(path string, layer *adapt.Layer, stamp string) error {
	data, err := layer.Write()
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // it is gone when all went well
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	if err := os.Link(path, path+"."+stamp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// undoLayer takes a layer back. It returns the one before it, which holds again, ""
// for none.
func undoLayer(path string) (before string, err error) {
	older, err := olderLayers(path)
	if err != nil {
		return "", err
	}
	if len(older) == 0 {
		return "", os.Remove(path)
	}
	before = older[len(older)-1]
	return before, os.Rename(before, path)
}
