package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"go.uber.org/zap"

	"earshot/alerts/noise"
)

// followMutes has the engine know of mutes as people set them, until ctx ends.
func (d *daemon) followMutes(ctx context.Context) {
	log := d.log.Named("mutes")
	held := map[string]noise.Mute{}
	complete := false
	tell := func() {
		mutes := make([]noise.Mute, 0, len(held))
		for _, id := range slices.Sorted(maps.Keys(held)) {
			mutes = append(mutes, held[id])
		}
		d.engine.Mute(mutes)
	}
	set := func(name string, value []byte) {
		delete(held, name)
		if value != nil {
			var mute noise.Mute
			if err := json.Unmarshal(value, &mute); err != nil {
				log.Error("a mute that cannot be read holds nothing back", zap.String("setting", name), zap.Error(err))
			} else {
				held[name] = mute
			}
		}
		if complete {
			tell()
		}
	}
	d.bus.Settings(ctx, mutesBelow, set, func() {
		if !complete {
			complete = true
			tell()
			close(d.muted)
		}
	})
}
