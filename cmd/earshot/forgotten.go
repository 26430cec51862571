package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"earshot"
)

// Settings that keep out who was forgotten, on the bus and so the same for all
// daemons: the key of the hashes, and a record for each time.
const (
	forgottenBelow = "forgotten"
	forgottenKey   = forgottenBelow + ".key"
)

// forgetRecord is what is remembered of somebody who was forgotten: keyed hashes
// of authors and IDs, one behind the other. Without the key nobody can tell from
// it who that was, and with it only whoever knows whom to ask for.
type forgetRecord struct {
	At      time.Time `json:"at"`
	Reason  string    `json:"reason,omitempty"`
	Authors []byte    `json:"authors,omitempty"`
	IDs     []byte    `json:"ids,omitempty"`
}

// digest is a keyed hash.
type digest [16]byte

func digests(all []byte) []digest {
	var list []digest
	for ; len(all) >= len(digest{}); all = all[len(digest{}):] {
		list = append(list, digest(all[:len(digest{})]))
	}
	return list
}

// sealer makes keyed hashes. It may be used concurrently.
type sealer struct {
	key  []byte
	macs sync.Pool
}

func newSealer(key []byte) *sealer {
	return &sealer{key: key, macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (s *sealer) of(parts ...string) (d digest) {
	mac, _ := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	for _, part := range parts {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	copy(d[:], mac.Sum(nil))
	return d
}

func (s *sealer) author(network, folded string) digest { return s.of("author", network, folded) }

func (s *sealer) id(id string) digest { return s.of("id", id) }

// authorOf is the name an author goes by on a network: the handle, or where there
// are none, the name. Capitals and the @ before it make no difference.
func authorOf(a *earshot.Author) string {
	if a.Handle != "" {
		return foldAuthor(a.Handle)
	}
	return foldAuthor(a.Name)
}

func foldAuthor(s string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), "@"))
}

// forgotten keeps out posts of those who were forgotten. It follows the settings on
// the bus. Its methods may be called concurrently; nil keeps nobody out.
type forgotten struct {
	log *zap.Logger

	mu      sync.RWMutex
	sealer  *sealer
	records map[string]forgetRecord
	out     map[digest]bool
	ready   chan struct{} // closed when the settings have been read once
}

func newForgotten(log *zap.Logger) *forgotten {
	return &forgotten{log: log, records: map[string]forgetRecord{}, ready: make(chan struct{})}
}

// settings is what forgotten needs of the bus.
type settings interface {
	Settings(ctx context.Context, below string, setting func(name string, value []byte), reached func())
}

// Run follows the settings until ctx ends.
func (f *forgotten) Run(ctx context.Context, on settings) {
	var once sync.Once
	on.Settings(ctx, forgottenBelow, f.set, func() { once.Do(func() { close(f.ready) }) })
}

// Ready waits until everything forgotten before is known.
func (f *forgotten) Ready(ctx context.Context) error {
	select {
	case <-f.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *forgotten) set(name string, value []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case name == forgottenKey:
		f.sealer = newSealer(value)
	case value == nil:
		delete(f.records, name)
	default:
		var r forgetRecord
		if err := json.Unmarshal(value, &r); err != nil {
			f.log.Error("who was forgotten cannot be read: the record is passed over", zap.String("setting", name), zap.Error(err))
			return
		}
		f.records[name] = r
	}
	f.out = map[digest]bool{}
	for _, r := range f.records {
		for _, d := range append(digests(r.Authors), digests(r.IDs)...) {
			f.out[d] = true
		}
	}
}

// Keeps reports whether a mention must not be collected: its author was forgotten,
// or it was, or it repeats one that was. Deletions always pass.
func (f *forgotten) Keeps(m *earshot.Mention) bool {
	if f == nil || m.Change == earshot.Deleted {
		return false
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	if len(f.out) == 0 || f.sealer == nil {
		return false
	}
	return f.out[f.sealer.author(m.Network, authorOf(&m.Author))] || f.out[f.sealer.id(m.ID)] ||
		m.RepostOf != "" && f.out[f.sealer.id(m.RepostOf)]
}

// keepOut leaves out the mentions of those who were forgotten.
func (p *pipeline) keepOut(mentions []earshot.Mention) []earshot.Mention {
	for i := range mentions {
		if !p.forgotten.Keeps(&mentions[i]) {
			continue
		}
		kept := append([]earshot.Mention(nil), mentions[:i]...)
		for j := i + 1; j < len(mentions); j++ {
			if !p.forgotten.Keeps(&mentions[j]) {
				kept = append(kept, mentions[j])
			}
		}
		p.metrics.forgotten.Add(float64(len(mentions) - len(kept)))
		return kept
	}
	return mentions
}
