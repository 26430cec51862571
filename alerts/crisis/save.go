package crisis

import (
	"bytes"
	"compress/flate"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"time"

	"earshot/alerts/duty"
)

// version is the first byte of a saved watch.
const version = 1

// unpacked bounds what Load unpacks: no watch is so large.
const unpacked = 1 << 20

// ErrVersion says that a watch was saved by another version of earshot. What it
// knew must be learnt again.
var ErrVersion = errors.New("the watch was saved by another version")

// saved is a watch at rest.
type saved struct {
	Brand, Topic string
	Next         int64
	Buckets      []*bucket
	Registry     registry
	Volume, Ill  habit
	Shares       shares
	Lexis        lexis
	Day          []dayHour
	Missed       []span
	Standing     standing
	Unseen       int64
	Zone         string
}

// Save writes down all that the watch knows, in at most 72 kB. What follows on a
// Load is the same as if nothing had happened.
func (w *Watch) Save() ([]byte, error) {
	out := bytes.NewBuffer([]byte{version})
	packer, err := flate.NewWriter(out, flate.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("saving a watch: %w", err)
	}
	err = gob.NewEncoder(packer).Encode(saved{
		w.brand, w.topic, w.next, w.buckets, w.registry, w.volume, w.ill, w.shares, w.lexis, w.day, w.missed, w.standing, w.unseen, w.config.Timezone,
	})
	if err := errors.Join(err, packer.Close()); err != nil {
		return nil, fmt.Errorf("saving a watch: %w", err)
	}
	return out.Bytes(), nil
}

// Load reads what Save wrote. The configuration may be another one.
func Load(c Config, data []byte) (*Watch, error) {
	if len(data) == 0 || data[0] != version {
		return nil, ErrVersion
	}
	packed := flate.NewReader(bytes.NewReader(data[1:]))
	var s saved
	if err := gob.NewDecoder(io.LimitReader(packed, unpacked)).Decode(&s); err != nil {
		return nil, fmt.Errorf("loading a watch: %w", err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("loading a watch: %w", err)
	}
	w := &Watch{
		c.with(), s.Brand, s.Topic, s.Next, s.Buckets, s.Registry, s.Volume, s.Ill, s.Shares, s.Lexis, s.Day, s.Missed, s.Standing, s.Unseen,
	}
	w.place()
	w.move(s.Zone)
	return w, nil
}

// move has habits that were learnt by the clocks of one zone hold in that of the
// configuration.
func (w *Watch) move(from string) {
	if from == w.config.Timezone {
		return
	}
	at := timeOf(w.next)
	was, _ := duty.NewWorkdays(from, duty.Holidays{}).At(at)
	is, _ := w.volume.days.At(at)
	_, before := was.Zone()
	_, now := is.Zone()
	hours := (now - before) / 3600
	w.volume.move(hours)
	w.ill.move(hours)
}

// check finds what could not have been saved.
func (s *saved) check() error {
	for _, b := range s.Buckets {
		if b == nil || len(b.Mentions.Keys) != len(b.Mentions.Values) || len(b.Authors.Keys) != len(b.Authors.Values) ||
			len(b.Texts.Keys) != len(b.Texts.Values) || b.Mentions.More && len(b.Mentions.Keys) == 0 ||
			b.Authors.More && len(b.Authors.Keys) == 0 || b.Texts.More && len(b.Texts.Keys) == 0 {
			return errors.New("a sample does not fit its keys")
		}
	}
	if s.Next < 0 || s.Next > stepOf(time.Unix(1<<40, 0)) {
		return errors.New("its time is out of range")
	}
	if s.Volume.Hours < 0 || s.Ill.Hours < 0 || s.Standing.State == "" {
		return errors.New("it has no state")
	}
	return nil
}
