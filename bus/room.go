package bus

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot"
)

// What can run short, each for itself.
const (
	ofDisk   = "disk"
	ofAlerts = "alerts"
	ofCases  = "cases"
	ofPosts  = "posts"
)

// hints say what helps, and what goes on meanwhile.
var hints = map[string]string{
	ofAlerts: " (new posts wait at their sources until there is room: raise bus.max_bytes, or shorten the retention)",
	ofCases:  " (new posts wait at their sources until there is room: raise bus.max_bytes, or shorten the retention)",
	ofPosts:  " (alerts and cases go on: raise bus.max_bytes, shorten the retention, or narrow the queries)",
}

// shortage is why something has no room.
type shortage struct {
	err      error
	measured bool      // by the size of the stream, not by a write that was refused
	at       time.Time // when it was last noticed
}

// shortOf names what lies in a stream.
func shortOf(stream string) string {
	switch stream {
	case streamAlerts:
		return ofAlerts
	case streamCases:
		return ofCases
	}
	return ofPosts
}

// room is nil while new posts may be stored. Without room for alerts there is none
// for posts either: they would be stored, and nobody told of them. They wait at
// their sources instead.
func (b *Bus) room() error {
	err := b.disk.room()
	b.noteShort(ofDisk, err)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, what := range []string{ofAlerts, ofCases} {
		if s, short := b.short[what]; short {
			return fmt.Errorf("no room for %s: %w", what, s.err)
		}
	}
	return nil
}

// lastRoom is the same for alerts and cases, which may take what posts may not.
func (b *Bus) lastRoom() error {
	err := b.disk.lastRoom()
	if err != nil {
		b.noteShort(ofDisk, err)
	}
	return err
}

// shortages says for a person what has no room, the gravest first.
func (b *Bus) shortages() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, what := range []string{ofDisk, ofAlerts, ofCases, ofPosts} {
		if s, short := b.short[what]; short {
			all = append(all, fmt.Sprintf("no room for %s: %v%s", what, s.err, hints[what]))
		}
	}
	return strings.Join(all, "; ")
}

// noteShort remembers whether the last write of something found room. Errors of
// other kinds tell nothing.
func (b *Bus) noteShort(what string, err error) {
	full := errors.Is(err, earshot.ErrFull)
	if err != nil && !full {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.short[what]
	switch {
	case full:
		b.setShort(what, shortage{err: err, at: time.Now()})
	case !was.measured:
		b.clearShort(what)
	}
}

// Of its limit, a stream of alerts or cases keeps the last tenth for posts that
// are already stored.
const keepPercent = 90

// refusedFor is how long a refused write counts for, though the stream is below
// its limit: something else was full then, and nobody may have written since.
const refusedFor = time.Minute

// noteLevel remembers whether a stream that posts depend on is nearly full.
func (b *Bus) noteLevel(stream string, bytes uint64, limit int64) {
	what := shortOf(stream)
	if what == ofPosts {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	was, short := b.short[what]
	switch {
	case limit > 0 && bytes >= uint64(limit)/100*keepPercent:
		b.setShort(what, shortage{
			err:      fmt.Errorf("%w: they take %.1f of %.1f MB, and the rest is kept for posts already stored", earshot.ErrFull, float64(bytes)/1e6, float64(limit)/1e6),
			measured: true, at: time.Now(),
		})
	case short && (was.measured || time.Since(was.at) > refusedFor):
		b.clearShort(what)
	}
}

// setShort notes a shortage, and says so when it is new.
func (b *Bus) setShort(what string, s shortage) {
	_, was := b.short[what]
	b.short[what] = s
	b.metrics.full(true)
	if !was {
		b.log.Error("no room in the store: new posts are refused until there is", zap.String("what", what), zap.Error(s.err))
	}
}

func (b *Bus) clearShort(what string) {
	if _, was := b.short[what]; !was {
		return
	}
	delete(b.short, what)
	b.metrics.full(len(b.short) > 0)
	b.log.Info("there is room in the store again", zap.String("what", what))
}
