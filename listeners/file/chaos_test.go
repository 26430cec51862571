package file_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot/listeners"
)

// chaos appends to, rotates and reads one path, with reads that end anywhere.
type chaos struct {
	*testing.T
	*rand.Rand
	path      string
	written   []string
	pending   string // the end of a line whose beginning has been written
	rotations int
	heard     []string
	ids       map[string]bool
	cursor    []byte
}

// append writes lines; the last may arrive in two pieces.
func (c *chaos) append() {
	text := c.pending
	c.pending = ""
	for range c.IntN(40) {
		line := fmt.Sprintf("line %d", len(c.written))
		c.written = append(c.written, line)
		text += ndjson(line)
	}
	if c.IntN(3) == 0 && len(text) > 5 {
		text, c.pending = text[:len(text)-5], text[len(text)-5:]
	}
	write(c.T, c.path, text)
}

func (c *chaos) rotate() {
	write(c.T, c.path, c.pending)
	c.pending = ""
	c.rotations++
	rename(c.T, c.path, fmt.Sprintf("%s.%d", c.path, c.rotations))
	write(c.T, c.path, "")
	c.append()
}

var errCrash = errors.New("crash")

// read listens from the last durable cursor until everything is heard or, at
// some batch, the process dies: before the batch is durable, or right after.
func (c *chaos) read(crashAt int, durable bool) {
	complete := len(c.written)
	if c.pending != "" {
		complete--
	}
	if len(c.heard) >= complete {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := open(c.T, following(c.path)).Listen(ctx, c.cursor, func(_ context.Context, b listeners.Batch) error {
		crashAt--
		if crashAt == 0 && !durable {
			return errCrash
		}
		for _, m := range b.Mentions {
			if c.ids[m.ID] {
				c.Errorf("%s (%s) was heard twice", m.ID, m.Text)
			}
			c.ids[m.ID] = true
			c.heard = append(c.heard, m.Text)
		}
		for _, d := range b.Dead {
			c.Errorf("a dead letter: %s %q", d.Reason, d.Body)
		}
		c.cursor = b.Next
		if crashAt == 0 {
			return errCrash
		}
		if len(c.heard) >= complete {
			cancel()
		}
		return nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		c.Fatalf("heard %d of %d lines", len(c.heard), complete)
	}
}

// Whatever happens to the file and to the reader, each line is heard once and in order.
func TestNothingIsLostOrRepeated(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := &chaos{
				T: t, Rand: rand.New(rand.NewPCG(seed, 1)),
				path: filepath.Join(t.TempDir(), "log"), ids: map[string]bool{},
			}
			write(t, c.path, "")
			for range 25 {
				switch c.IntN(4) {
				case 0:
					c.read(1000, true) // one rotation a downtime is what is promised
					c.rotate()
					c.read(1+c.IntN(2), c.IntN(2) == 0)
					c.read(1000, true)
				case 1:
					c.read(1+c.IntN(2), c.IntN(2) == 0)
				default:
					c.append()
				}
			}
			write(t, c.path, c.pending)
			c.pending = ""
			c.read(1000, true)
			if diff := cmp.Diff(c.written, c.heard); diff != "" {
				t.Errorf("(-written +heard):\n%s", diff)
			}
			if _, err := os.Stat(c.path); err != nil {
				t.Error(err)
			}
		})
	}
}
