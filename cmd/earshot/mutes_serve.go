package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/mutes"
	"earshot/alerts/noise"
	"earshot/bus"
)

// mutesBelow is where mutes are among the settings.
const mutesBelow = "mutes"

// muteStore keeps mutes among the settings.
type muteStore struct{ *bus.Bus }

func muteSetting(id string) string { return mutesBelow + "." + id }

// Mutes returns all mutes, also those that have ended.
func (s muteStore) Mutes(ctx context.Context) ([]noise.Mute, error) {
	var all []noise.Mute
	err := s.Client().EachSetting(ctx, mutesBelow, func(name string, value []byte) error {
		var m noise.Mute
		if err := json.Unmarshal(value, &m); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		all = append(all, m)
		return nil
	})
	return all, err
}

// Add stores a mute, unless there is or was one of its ID.
func (s muteStore) Add(ctx context.Context, m noise.Mute) error {
	value, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing mute %s: %w", m.ID, err)
	}
	_, err = s.Client().PutSetting(ctx, muteSetting(m.ID), value, 0)
	return err
}

// Drop deletes a mute, once.
func (s muteStore) Drop(ctx context.Context, id string) error {
	value, revision, err := s.Client().SettingAt(ctx, muteSetting(id))
	if err != nil || value == nil {
		return err
	}
	err = s.Client().DropSetting(ctx, muteSetting(id), revision)
	if errors.Is(err, earshot.ErrConflict) {
		return nil // a mute never changes but by being dropped
	}
	return err
}

// serveMutes has the daemon answer what people ask about mutes.
func (d *daemon) serveMutes() error {
	log := d.log.Named("mutes")
	desk := mutes.NewDesk(mutes.Options{
		Store: muteStore{d.bus}, Now: d.now,
		Teams:   func() []string { return teamNames(d.config.Load()) },
		Brands:  func() []string { return brandNames(d.config.Load()) },
		Longest: func() time.Duration { return d.config.Load().Noise.Longest() },
		Changed: func(did, by string, m *noise.Mute) {
			log.Info("mute "+did, zap.String("mute", m.ID), zap.String("by", by), zap.String("team", m.Team), zap.Time("until", m.Until))
		},
	})
	verbs := make([]string, 0, len(mutes.Verbs()))
	for _, verb := range mutes.Verbs() {
		verbs = append(verbs, string(verb))
	}
	return d.bus.ServePeople(bus.Mutes, verbs, func(ctx context.Context, team, person, verb string, request []byte) (any, error) {
		return desk.Serve(ctx, team, person, mutes.Verb(verb), request)
	})
}
