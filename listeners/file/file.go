// Package file hears mentions that somebody else writes down: NDJSON, one mention
// a line, appended to a file or written to a named pipe. It is what replays and
// tests are made of. What lines may hold is in the vocabulary (earshot.Mention);
// {"text": …} is enough.
package file

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// Config is the section of a listener of the type file.
type Config struct {
	Path    string `yaml:"path" jsonschema:"required,description=The file or named pipe to read: absolute or relative to the folder of the configuration"`
	Follow  bool   `yaml:"follow" jsonschema:"description=Go on when the end is reached and hear what is appended; rotation and truncation are noticed"`
	Network string `yaml:"network" jsonschema:"description=The network of lines that name none"`
}

// Driver returns the driver.
func Driver() listeners.Driver {
	defaults := Config{Follow: true, Network: "file"}
	return listeners.Driver{
		Config: defaults,
		Open: func(setup listeners.Setup) ([]listeners.Part, error) {
			config := defaults
			if err := setup.Decode(&config); err != nil {
				return nil, err
			}
			if problems := config.check(); len(problems) > 0 {
				return nil, problems
			}
			return []listeners.Part{{Name: config.Path, Source: newSource(config, setup.Log)}}, nil
		},
	}
}

var networkName = regexp.MustCompile(`^[a-z0-9-]+$`)

func (c Config) check() earshot.Problems {
	var problems earshot.Problems
	if c.Path == "" {
		problems = append(problems, earshot.Problem{
			Path: "path", What: "path is missing", Hint: "add path: /var/lib/mentions.ndjson",
		})
	}
	if !networkName.MatchString(c.Network) {
		problems = append(problems, earshot.Problem{
			Path: "network", What: "network is not a name of a-z, 0-9 and -", Hint: "leave it out, or write forum for example",
		})
	}
	return problems
}

const (
	tick      = 50 * time.Millisecond // lines that arrive within it are one batch
	mostLines = 500                   // a batch is not larger, so that the first lines do not wait for the last
)

// source is one path. Only a pipe's state is held between two Listens.
type source struct {
	Config
	log  *zap.Logger
	name string // in the IDs of lines that have none
	pipe *pipe  // once the path has turned out to be one
}

func newSource(c Config, log *zap.Logger) *source {
	if log == nil {
		log = zap.NewNop()
	}
	return &source{Config: c, log: log, name: plainName(c.Path)}
}

// plainName is the last element of the path, fit for an ID.
func plainName(path string) string {
	return unfit.ReplaceAllString(filepath.Base(path), "_")
}

var unfit = regexp.MustCompile(`[^\pL\pN._-]`)

// Listen reads from the cursor to the end and, when it follows, on.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	info, err := s.appear(ctx)
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeNamedPipe != 0 {
		if s.pipe == nil {
			s.pipe = newPipe(s.name)
		}
		return s.pipe.listen(ctx, s, emit)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is neither a file nor a named pipe", s.Path)
	}
	at, err := readCursor(from)
	if err != nil {
		return err
	}
	return s.tail(ctx, at, emit)
}

// appear waits until there is something at the path.
func (s *source) appear(ctx context.Context) (os.FileInfo, error) {
	info, err := os.Stat(s.Path)
	if err == nil || !os.IsNotExist(err) || !s.Follow {
		return info, err
	}
	s.log.Info("nothing to read yet, waiting for the file to appear", zap.String("path", s.Path))
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ticker.C:
		}
		if info, err := os.Stat(s.Path); err == nil || !os.IsNotExist(err) {
			return info, err
		}
	}
}
