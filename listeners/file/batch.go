package file

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"earshot"
	"earshot/listeners"
)

// mostBytes bounds a batch of very long lines.
const mostBytes = 2 << 20

// collector gathers lines into a batch.
type collector struct {
	network string // of lines that name none
	batch   listeners.Batch
	lines   int
	bytes   int
}

// add takes a line in; id makes the native part of an ID for a line without.
func (c *collector) add(l line, id func(line) string) {
	c.lines++
	c.bytes += len(l.text)
	if len(bytes.TrimSpace(l.text)) == 0 {
		return
	}
	if l.long {
		c.refuse(l, &SyntaxError{Column: maxLine + 1, What: fmt.Sprintf("the line goes on beyond %d bytes", maxLine)})
		return
	}
	m, err := Parse(l.text)
	if err != nil {
		c.refuse(l, err)
		return
	}
	c.name(&m, l, id)
	c.batch.Mentions = append(c.batch.Mentions, m)
}

func (c *collector) refuse(l line, err error) {
	c.batch.Dead = append(c.batch.Dead, earshot.DeadLetter{
		Reason: fmt.Sprintf("line %d, %v", l.number, err),
		Body:   bytes.Clone(l.text[:min(len(l.text), keptLine)]),
	})
}

// name gives the mention an ID and a network, as far as the line has not.
func (c *collector) name(m *earshot.Mention, l line, id func(line) string) {
	network, _, named := strings.Cut(m.ID, ":")
	named = named && networkName.MatchString(network)
	if m.Network == "" {
		m.Network = c.network
		if named {
			m.Network = network
		}
	}
	switch {
	case m.ID == "":
		m.ID = m.Network + ":" + id(l)
	case !named:
		m.ID = m.Network + ":" + m.ID
	}
}

func (c *collector) full() bool { return c.lines >= mostLines || c.bytes >= mostBytes }

func (c *collector) reset() { c.batch, c.lines, c.bytes = listeners.Batch{}, 0, 0 }

// fingerprint is the part of a line's ID that tells it from another line at the
// same place of another file.
func fingerprint(text []byte) string { return strconv.FormatUint(xxhash.Sum64(text), 36) }
