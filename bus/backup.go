package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// manifest is what a backup says of itself. It is written last: a folder without
// it is no backup.
type manifest struct {
	Schema  int              `json:"schema"`
	At      time.Time        `json:"at"`
	Streams []streamManifest `json:"streams"`
}

// streamManifest is one stream of a backup. Config and state are the server's own
// words, kept as they came.
type streamManifest struct {
	Name   string          `json:"name"`
	File   string          `json:"file"`
	SHA256 string          `json:"sha256"`
	Config json.RawMessage `json:"config"`
	State  json.RawMessage `json:"state"`
}

const manifestFile = "backup.json"

// backupStreams lists what a backup holds. Alerts come before cases and cases
// before mentions: what refers to something is copied before it, so that even a
// backup of a store that was written to would hold no alert whose mention it
// lacks. Mentions it holds beyond the progress are dealt with again after a
// restore, as after a crash.
func backupStreams() []string {
	return []string{streamAlerts, streamCases, streamMentions, streamDrill, streamSinks, streamSettings}
}

// BackupProgress is told how many of the bytes are copied.
type BackupProgress func(done, total int64)

// Backup copies the streams of a running daemon into an empty folder. The
// daemon's writers wait meanwhile, so that the copy is of one moment; nothing is
// lost by that, since sources wait too.
func (c *Client) Backup(ctx context.Context, dir string, progress BackupProgress) (err error) {
	release, err := c.hold(ctx)
	if err != nil {
		return fmt.Errorf("holding the daemon: %w", err)
	}
	// The manifest makes it a backup, so it comes after the proof that the hold held.
	m, err := backup(ctx, c.link, dir, progress)
	if err = errors.Join(err, release()); err != nil {
		return err
	}
	return m.write(dir)
}

// BackupAtRest copies the streams of a state directory that no daemon uses.
func BackupAtRest(ctx context.Context, stateDir, dir string, log *zap.Logger, progress BackupProgress) (err error) {
	b, err := openAtRest(ctx, stateDir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close(context.WithoutCancel(ctx))) }()
	m, err := backup(ctx, b.link, dir, progress)
	if err != nil {
		return err
	}
	return m.write(dir)
}

// hold stops the daemon's writers until release is called, which fails when the
// hold did not last.
func (c *Client) hold(ctx context.Context) (release func() error, err error) {
	ask := func(r holdRequest) (holdRequest, error) {
		data, err := json.Marshal(r)
		if err != nil {
			return r, err
		}
		answer, err := c.link.nc.Request(subjectHold, data, 2*answerWait)
		if errors.Is(err, nats.ErrNoResponders) {
			return r, errors.New("no daemon answers there")
		}
		if err != nil {
			return r, err
		}
		if err := json.Unmarshal(answer.Data, &r); err != nil {
			return r, err
		}
		if r.Error != "" {
			return r, errors.New(r.Error)
		}
		return r, nil
	}
	held, err := ask(holdRequest{})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for sleep(ctx, holdFor/4) == nil {
			if _, err := ask(held); err != nil {
				return
			}
		}
	}()
	return func() error {
		stop()
		<-done
		held.End = true
		_, err := ask(held)
		return err
	}, nil
}

func backup(ctx context.Context, l *link, dir string, progress BackupProgress) (*manifest, error) {
	if err := emptyDir(dir); err != nil {
		return nil, err
	}
	var done, total int64
	for _, name := range backupStreams() {
		stream, err := l.js.Stream(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("looking at stream %s: %w", name, err)
		}
		total += int64(stream.CachedInfo().State.Bytes)
	}
	m := &manifest{Schema: Schema, At: time.Now().UTC()}
	for _, name := range backupStreams() {
		s, err := snapshot(ctx, l, name, dir, func(n int) {
			done += int64(n)
			if progress != nil {
				// Snapshots are compressed: the total is an upper bound.
				progress(min(done, total), total)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("copying stream %s: %w", name, err)
		}
		m.Streams = append(m.Streams, s)
	}
	if progress != nil {
		progress(total, total)
	}
	return m, nil
}

func (m *manifest) write(dir string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, manifestFile), append(data, '\n'), 0o600)
}

// emptyDir makes a folder, or makes sure that it is empty.
func emptyDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making %s: %w", dir, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a folder of its own for each backup", dir)
	}
	return nil
}

// snapshot copies one stream into a file.
func snapshot(ctx context.Context, l *link, name, dir string, copied func(int)) (streamManifest, error) {
	s := streamManifest{Name: name, File: name + ".snapshot"}
	inbox := l.nc.NewInbox()
	chunks := make(chan *nats.Msg, 256)
	sub, err := l.nc.ChanSubscribe(inbox, chunks)
	if err != nil {
		return s, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	request, err := json.Marshal(map[string]any{"deliver_subject": inbox, "chunk_size": 256 << 10})
	if err != nil {
		return s, err
	}
	answer, err := l.nc.Request("$JS.API.STREAM.SNAPSHOT."+name, request, 4*answerWait)
	if err != nil {
		return s, err
	}
	var start struct {
		Config, State json.RawMessage
		Error         *jetstream.APIError
	}
	if err := json.Unmarshal(answer.Data, &start); err != nil {
		return s, err
	}
	if start.Error != nil {
		return s, start.Error
	}
	s.Config, s.State = start.Config, start.State
	f, err := os.OpenFile(filepath.Join(dir, s.File), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return s, err
	}
	sum := sha256.New()
	err = receive(ctx, chunks, f, sum, copied)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return s, err
	}
	s.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return s, nil
}

// receive writes the chunks of a snapshot until its end.
func receive(ctx context.Context, chunks <-chan *nats.Msg, to io.Writer, sum hash.Hash, copied func(int)) error {
	to = io.MultiWriter(to, sum)
	stalled := time.NewTimer(4 * answerWait)
	defer stalled.Stop()
	for {
		select {
		case m := <-chunks:
			if len(m.Data) == 0 {
				if code := m.Header.Get("Status"); code != "" && code != "204" {
					return fmt.Errorf("the server says: %s %s", code, m.Header.Get("Description"))
				}
				return nil
			}
			if _, err := to.Write(m.Data); err != nil {
				return err
			}
			copied(len(m.Data))
			if m.Reply != "" {
				if err := m.Respond(nil); err != nil {
					return err
				}
			}
			stalled.Reset(4 * answerWait)
		case <-stalled.C:
			return errors.New("the server sends no more")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
