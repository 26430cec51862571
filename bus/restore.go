package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// openAtRest opens an embedded store that nobody else may reach.
func openAtRest(ctx context.Context, stateDir string, log *zap.Logger) (*Bus, error) {
	if _, err := os.Stat(filepath.Join(stateDir, "bus")); err != nil {
		return nil, fmt.Errorf("there is no store: %w", err)
	}
	return Open(ctx, Options{Dir: stateDir, Log: log, Standalone: true})
}

// Restore makes a state directory of a backup. It refuses a directory that
// already has a store, and leaves nothing behind when it fails. Sequences stay
// what they were, so that cursors, cases and progress mean the same.
func Restore(ctx context.Context, dir, stateDir string, log *zap.Logger, progress BackupProgress) (err error) {
	m, err := readManifest(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(stateDir, 0o750); err != nil {
		return fmt.Errorf("making the state directory: %w", err)
	}
	state, err := openState(stateDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.close()) }()
	target := filepath.Join(stateDir, "bus")
	if _, err := os.Stat(target); err == nil {
		return fmt.Errorf("%s already has a store: nothing was touched; move it away, or restore into another state directory", stateDir)
	}
	// Inside the state directory, so that the last step is a rename.
	work := filepath.Join(stateDir, "restoring")
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := restoreInto(ctx, m, dir, work, log, progress); err != nil {
		return err
	}
	if err := syncTree(work); err != nil {
		return fmt.Errorf("syncing the restored store: %w", err)
	}
	// The version goes first: without a store it means nothing, while a store
	// without it would be taken for an older one.
	if err := os.Rename(filepath.Join(work, "version"), filepath.Join(stateDir, "version")); err != nil {
		return fmt.Errorf("moving the restored version: %w", err)
	}
	if err := os.Rename(filepath.Join(work, "bus"), target); err != nil {
		return fmt.Errorf("moving the restored store: %w", err)
	}
	return syncPath(stateDir)
}

// syncTree makes a folder last with everything in it.
func syncTree(root string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() && !e.Type().IsRegular() {
			return err
		}
		return syncPath(path)
	})
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func readManifest(dir string) (*manifest, error) {
	data, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, fmt.Errorf("%s holds no complete backup: %w", dir, err)
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("reading %s: %w", manifestFile, err)
	}
	if err := checkSchema(m.Schema, "backup "+dir); err != nil {
		return nil, err
	}
	for _, s := range m.Streams {
		if s.File != filepath.Base(s.File) {
			return nil, fmt.Errorf("reading %s: file %q lies outside the backup", manifestFile, s.File)
		}
	}
	return &m, nil
}

func restoreInto(ctx context.Context, m *manifest, dir, work string, log *zap.Logger, progress BackupProgress) (err error) {
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	server, err := startServer(ctx, Options{Dir: work, Log: log, Standalone: true, restoring: true}, &disk{dir: work})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.close(context.WithoutCancel(ctx))) }()
	l, err := dialServer(server, log)
	if err != nil {
		return err
	}
	defer l.close()
	var done, total int64
	for _, s := range m.Streams {
		info, err := os.Stat(filepath.Join(dir, s.File))
		if err != nil {
			return fmt.Errorf("the backup is incomplete: %w", err)
		}
		total += info.Size()
	}
	for _, s := range m.Streams {
		err := restoreStream(ctx, l, s, dir, func(n int) {
			done += int64(n)
			if progress != nil {
				progress(done, total)
			}
		})
		if err != nil {
			return fmt.Errorf("restoring stream %s: %w", s.Name, err)
		}
	}
	return nil
}

func restoreStream(ctx context.Context, l *link, s streamManifest, dir string, sent func(int)) error {
	f, err := os.Open(filepath.Join(dir, s.File))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != s.SHA256 {
		return fmt.Errorf("%s is not what was backed up (its checksum differs)", s.File)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	to, err := beginRestore(ctx, l, s)
	if err != nil {
		return err
	}
	if err := sendChunks(ctx, l, to, f, sent); err != nil {
		return err
	}
	return verify(ctx, l, s)
}

// restoreChunk is small because the server gives up a restore when it needs more
// than five seconds to unpack one, and what is in it is compressed.
const restoreChunk = 16 << 10

// How long the server may take for a chunk, and for taking the stream into use
// after the last one, when it reads all of it.
const (
	chunkWait = 4 * answerWait
	adoptWait = time.Hour
)

func sendChunks(ctx context.Context, l *link, to string, from io.Reader, sent func(int)) error {
	chunk := make([]byte, restoreChunk)
	for {
		n, err := io.ReadFull(from, chunk)
		if n > 0 {
			if err := sendChunk(ctx, l, to, chunk[:n], chunkWait); err != nil {
				return err
			}
			sent(n)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return sendChunk(ctx, l, to, nil, adoptWait)
		}
		if err != nil {
			return err
		}
	}
}

// beginRestore tells the server what will come and returns where to send it.
func beginRestore(ctx context.Context, l *link, s streamManifest) (string, error) {
	config, err := withoutLimit(s.Config)
	if err != nil {
		return "", err
	}
	request, err := json.Marshal(map[string]json.RawMessage{"config": config, "state": s.State})
	if err != nil {
		return "", err
	}
	wait, cancel := context.WithTimeout(ctx, chunkWait)
	defer cancel()
	answer, err := l.nc.RequestWithContext(wait, "$JS.API.STREAM.RESTORE."+s.Name, request)
	if err != nil {
		return "", err
	}
	var begun struct {
		DeliverSubject string              `json:"deliver_subject"`
		Error          *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &begun); err != nil {
		return "", err
	}
	if begun.Error != nil {
		return "", begun.Error
	}
	return begun.DeliverSubject, nil
}

// withoutLimit takes the byte limit off a stream: the disk it is restored to may
// be smaller, and the daemon sets the limit anew when it starts.
func withoutLimit(config json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(config, &fields); err != nil {
		return nil, err
	}
	fields["max_bytes"] = json.RawMessage("-1")
	return json.Marshal(fields)
}

// sendChunk sends a piece of a snapshot, or nothing for its end, and returns what
// the server says of it.
func sendChunk(ctx context.Context, l *link, to string, chunk []byte, patience time.Duration) error {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := l.nc.RequestWithContext(wait, to, chunk)
	if err != nil || len(answer.Data) == 0 {
		return err
	}
	var said struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &said); err != nil {
		return err
	}
	if said.Error != nil {
		return said.Error
	}
	return nil
}

// verify compares a restored stream with what was backed up.
func verify(ctx context.Context, l *link, s streamManifest) error {
	var want jetstream.StreamState
	if err := json.Unmarshal(s.State, &want); err != nil {
		return err
	}
	stream, err := l.js.Stream(ctx, s.Name)
	if err != nil {
		return err
	}
	got := stream.CachedInfo().State
	if got.Msgs != want.Msgs || got.LastSeq != want.LastSeq {
		return fmt.Errorf("%d messages up to %d arrived of %d up to %d", got.Msgs, got.LastSeq, want.Msgs, want.LastSeq)
	}
	return nil
}
