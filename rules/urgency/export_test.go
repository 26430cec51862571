package urgency

import (
	"io/fs"

	"earshot/rules/linear"
)

// Headers are what the weights of the trained heads say of themselves.
func Headers() map[Head]linear.Header {
	all := map[Head]linear.Header{}
	for h, m := range loadModels() {
		all[h] = m.Header
	}
	return all
}

// Weights are the files of the trained heads.
func Weights() fs.FS { return weights }

// MeterOf is a meter that knows only the trained heads of some files.
func MeterOf(files fs.FS) (*Meter, error) {
	m, err := readModels(files)
	return &Meter{models: m}, err
}
