package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"earshot"
	"earshot/bus"
	"earshot/cmd/earshot/model"
	"earshot/listeners"
)

// modelsBelow is where records of models lie in the tally. No listener has such a
// name.
const modelsBelow = "_models"

// newModelCalls counts what becomes of mentions that a model is to be asked of.
func newModelCalls(reg prometheus.Registerer) *prometheus.CounterVec {
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "earshot", Subsystem: "model", Name: "mentions_total",
		Help: "Mentions that a model was to be asked of, by what became of them: answered, cached (the answer to the same words), failed, spent (no budget), late (changed or gone meanwhile), old.",
	}, []string{"model", "outcome"})
	reg.MustRegister(calls)
	return calls
}

// models has the models of the present configuration asked, until ctx ends. The
// pipeline never waits for them: they read the log as alerts do.
func (d *daemon) models(ctx context.Context) error {
	for ctx.Err() == nil {
		config := d.config.Load()
		asking, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		for _, c := range config.Models {
			running.Go(func() { d.model(asking, config, c) })
		}
		for unchanged := true; unchanged; {
			select {
			case <-d.reloaded:
				unchanged = modelsFingerprint(config) == modelsFingerprint(d.config.Load())
			case <-ctx.Done():
				unchanged = false
			}
		}
		stop()
		running.Wait()
	}
	return nil
}

// modelsFingerprint changes when anything does that models hold for long.
func modelsFingerprint(c *Config) string {
	var owned []string
	for _, b := range c.Rules.Brands {
		owned = append(owned, b.Owned.Handles...)
	}
	return fmt.Sprintf("%+v %+v %q", c.Models, c.Client, owned)
}

// model asks one model whenever that is this daemon's to do, until ctx ends.
func (d *daemon) model(ctx context.Context, config *Config, c model.Config) {
	log := d.log.Named("models").With(zap.String("model", c.Name))
	for ctx.Err() == nil {
		err := d.leased(ctx, "model-"+c.Name, func(ctx context.Context) error {
			a, err := d.asker(ctx, config, c, log)
			if err != nil {
				return err
			}
			defer a.network.CloseIdleConnections()
			return a.run(ctx)
		})
		if err != nil && ctx.Err() == nil {
			log.Warn("the model is not asked for a moment", zap.Error(err))
			pauseFor(ctx, 10*time.Second)
		}
	}
}

// asker makes what asks a model. Its way out is guarded as that of listeners is,
// and as fast as its own section says.
func (d *daemon) asker(ctx context.Context, config *Config, c model.Config, log *zap.Logger) (*asker, error) {
	options := config.Client
	options.PerSecond, options.Burst, options.Concurrent = 1000, c.Concurrent, c.Concurrent
	options.MaxBody, options.Timeout = mostAnswer, c.Timeout
	network, err := listeners.NewNetwork(options)
	if err != nil {
		return nil, err
	}
	key, err := pseudonymKey(ctx, d.bus.Tally())
	if err != nil {
		return nil, err
	}
	var owned []string
	for _, b := range config.Rules.Brands {
		for _, account := range b.Owned.Handles {
			_, handle := earshot.SplitHandle(account)
			owned = append(owned, handle)
		}
	}
	return newAsker(&asker{
		config: c, log: log, network: network, bus: d.bus, tally: d.bus.Tally(), calls: d.modelCalls,
		pipeline: d.pipeline, model: model.New(c, network.Client, key, owned),
		read: func(after uint64) mentionReader { return d.bus.Mentions(after) },
		budget: listeners.NewBudget(listeners.BudgetOptions{
			Name: modelsBelow + "." + c.Name, Unit: "units", Limits: c.Budget, Tally: d.bus.Tally(), Log: log,
		}),
	}), nil
}

// mostAnswer is how long an answer may be, in bytes.
const mostAnswer = 256 << 10

// pseudonymKey returns the key that people's names are replaced with, the same for
// all daemons on the bus. It is made up once.
func pseudonymKey(ctx context.Context, tally listeners.Tally) ([]byte, error) {
	for {
		key, revision, err := tally.Load(ctx, modelsBelow+".key")
		if err != nil || len(key) > 0 {
			return key, err
		}
		key = []byte(rand.Text() + rand.Text())
		if _, err = tally.Save(ctx, modelsBelow+".key", key, revision); err == nil || !errors.Is(err, earshot.ErrConflict) {
			return key, err
		}
	}
}

// progress is how far a model has come in the log. It is a hint that spares work:
// what has an opinion is not asked again, wherever reading begins.
type progress struct {
	Sequence uint64 `json:"sequence"`
}

// resume returns where a model goes on: never before what was stored when it was
// asked for the first time.
func (a *asker) resume(ctx context.Context) (progress, error) {
	var p progress
	data, revision, err := a.tally.Load(ctx, a.progressKey())
	if err != nil {
		return p, err
	}
	a.revision = revision
	if len(data) > 0 {
		if err := json.Unmarshal(data, &p); err != nil {
			return p, fmt.Errorf("reading how far the model has come: %w", err)
		}
		return p, nil
	}
	if p.Sequence, err = a.bus.Newest(ctx); err != nil {
		return p, err
	}
	return p, a.save(ctx, p)
}

func (a *asker) save(ctx context.Context, p progress) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	a.revision, err = a.tally.Save(ctx, a.progressKey(), data, a.revision)
	return err
}

func (a *asker) progressKey() string { return modelsBelow + "." + a.config.Name + ".progress" }

// reviser is what an asker needs of the bus.
type reviser interface {
	Newest(ctx context.Context) (uint64, error)
	Revise(ctx context.Context, was earshot.Stored, now earshot.Mention, verdict earshot.Verdict, source string) error
}

// mentionReader reads the log in order.
type mentionReader interface {
	Next(ctx context.Context, most int) ([]earshot.Stored, error)
	Close()
}

var _ mentionReader = (*bus.Reader)(nil)
