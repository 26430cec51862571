package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/cmd/earshot/strict"
	"earshot/listeners"
	"earshot/systemd"
)

// reloads reads the configuration again whenever asked, until ctx ends.
func (d *daemon) reloads(ctx context.Context, asked <-chan os.Signal) {
	for {
		select {
		case <-asked:
		case <-ctx.Done():
			return
		}
		d.notify(systemd.Reloading())
		if err := d.reload(ctx); err != nil {
			d.notReloaded(err)
		}
		d.notify(systemd.Ready(d.summary()))
	}
}

// notReloaded says what is wrong with the new configuration, one entry each, and
// then that it was not taken over.
func (d *daemon) notReloaded(err error) {
	var invalid *ConfigError
	if !errors.As(err, &invalid) {
		d.log.Error("configuration not reloaded, the old one goes on", zap.Error(err))
		return
	}
	d.sayFindings(invalid.Findings)
	d.log.Error("configuration not reloaded, the old one goes on", zap.String("summary", invalid.Summary()))
}

func (d *daemon) sayFindings(findings []strict.Finding) {
	for _, f := range findings {
		level := zap.ErrorLevel
		if f.Warning {
			level = zap.WarnLevel
		}
		d.log.Log(level, "configuration", zap.String("at", f.Position()), zap.String("what", f.What), zap.String("hint", f.Hint))
	}
}

func (d *daemon) notify(err error) {
	if err != nil {
		d.log.Warn("systemd is not listening", zap.Error(err))
	}
}

// reloadPatience is how long the bus may take to let new teams in. An operator
// waits for the answer.
const reloadPatience = 5 * time.Second

// reload does first all that can fail and then changes over: brands and rules
// between two batches, teams and listeners at once.
func (d *daemon) reload(ctx context.Context) error {
	old := d.config.Load()
	next, err := Load(old.File)
	if err != nil {
		return err
	}
	d.sayFindings(next.Warnings)
	network, err := d.networkOf(next)
	if err != nil {
		return err
	}
	parts, err := d.open(next, network)
	if err != nil {
		return err
	}
	posts, err := d.openSinks(ctx, next)
	if err != nil {
		return err
	}
	if err := d.setTeams(ctx, old, next); err != nil {
		return err
	}
	if problems := d.engine.Reload(alertsConfig(next)); problems.Fatal() {
		return errors.Join(problems, d.setTeams(ctx, next, old))
	}
	d.pipeline.Use(next.Book)
	d.config.Store(next)
	select {
	case d.reloaded <- struct{}{}:
	default:
	}
	if err := d.runner.Reload(ctx, parts); err != nil {
		return err
	}
	if err := d.courier.Reload(posts); err != nil {
		return err
	}
	if old := d.network.Swap(network); old != network {
		old.CloseIdleConnections()
	}
	d.log.Info("configuration reloaded", zap.Int("brands", len(next.Rules.Brands)), zap.Int("rules", len(next.Rules.Rules)),
		zap.Int("teams", len(next.Teams)), zap.Int("listeners", len(next.Listeners)), zap.Int("sinks", len(next.Sinks)))
	d.sayWhatWaits(next)
	d.sayFormer()
	return nil
}

// setTeams gives the teams and users of a configuration their access, or leaves
// it to those of the old one.
func (d *daemon) setTeams(ctx context.Context, old, next *Config) error {
	set := func(c *Config) error {
		ctx, cancel := context.WithTimeout(ctx, reloadPatience)
		defer cancel()
		return d.bus.SetTeams(ctx, teamNames(c), c.Bus.Users)
	}
	if err := set(next); err != nil {
		return errors.Join(err, set(old))
	}
	return nil
}

// sayWhatWaits names the sections that only a restart takes over.
func (d *daemon) sayWhatWaits(next *Config) {
	old := d.began
	busOld, busNext := old.Bus, next.Bus
	busOld.Users, busNext.Users = nil, nil
	for _, section := range []struct {
		name    string
		changed bool
	}{
		{"state", old.State != next.State},
		{"bus", !reflect.DeepEqual(busOld, busNext)},
		{"http", old.HTTP != next.HTTP},
		{"inbox", old.Inbox != next.Inbox},
		{"retention", old.Retention != next.Retention},
		{"log", old.Log != next.Log},
	} {
		if section.changed {
			d.log.Warn("a changed section takes effect after a restart", zap.String("section", section.name))
		}
	}
}

// networkOf is the one way out of all listeners, the present one as long as its
// section stays what it is: limits per host hold for old and new listeners alike.
func (d *daemon) networkOf(c *Config) (*listeners.Network, error) {
	if n := d.network.Load(); n != nil && reflect.DeepEqual(d.config.Load().Client, c.Client) {
		return n, nil
	}
	return listeners.NewNetwork(c.Client)
}

// open makes the parts of all listeners. It starts nothing.
func (d *daemon) open(c *Config, network *listeners.Network) ([]listeners.Listener, error) {
	all := make([]listeners.Listener, len(c.Listeners), len(c.Listeners)+1)
	for i, l := range c.Listeners {
		log := d.log.Named("listeners").With(zap.String("source", l.Name))
		setup := c.setup(l, network, d.around, log)
		parts, err := l.open(setup)
		if problems := earshot.Problems(nil); errors.As(err, &problems) && !problems.Fatal() {
			err = nil // Load has said so already
		}
		if err != nil {
			return nil, fmt.Errorf("opening listener %s: %w", l.Name, err)
		}
		all[i] = listeners.Listener{
			Name: l.Name, Type: l.Type, Parts: parts, Quiet: l.Common.Quiet, Silence: l.Common.Silence,
			Fingerprint: l.Fingerprint + earshot.Key(fmt.Sprintf("%+v", c.Client)) + searched(l, setup),
		}
	}
	return append(all, d.operation(c)), nil
}

// searched changes when what a listener has its network search for does. A
// changed way out, too, is a changed listener: it holds both.
func searched(l ListenerConfig, setup listeners.Setup) string {
	if !drivers()[l.Type].Searches {
		return ""
	}
	var texts []string
	for _, q := range setup.Queries {
		texts = append(texts, q.Text)
	}
	return earshot.Key(fmt.Sprintf("%q %q", texts, setup.Handles))
}

func alertsConfig(c *Config) alerts.Config {
	config := alerts.Config{Teams: c.Teams, Bands: c.Bands, MaxAge: c.AlertMaxAge, Crises: c.Crisis, Noise: c.Noise, Routes: c.Routing}
	for _, b := range c.Rules.Brands {
		brand := alerts.Brand{Name: b.Name, Domains: b.Owned.Domains}
		for _, topic := range b.Topics {
			if topic.Danger {
				brand.Danger = append(brand.Danger, topic.Name)
			}
		}
		config.Brands = append(config.Brands, brand)
	}
	return withOperation(config)
}

func teamNames(c *Config) []string {
	names := make([]string, len(c.Teams))
	for i, team := range c.Teams {
		names[i] = team.Name
	}
	return names
}

// brandNames are all brands that alerts are raised for, the operation among them.
func brandNames(c *Config) []string {
	names := []string{earshot.All}
	for _, brand := range c.Rules.Brands {
		names = append(names, brand.Name)
	}
	return names
}
