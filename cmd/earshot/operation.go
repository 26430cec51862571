package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"earshot"
	"earshot/alerts"
	"earshot/listeners"
)

// heartbeatTeam is told of heartbeats, so that no person is.
const heartbeatTeam = "heartbeat"

// silenceUrgency is high: what is not heard in the meantime may be a crisis.
const silenceUrgency = 70 * earshot.Unit

// operation is the listener that hears earshot itself.
func (d *daemon) operation(c *Config) listeners.Listener {
	l := listeners.Listener{Name: listeners.Operation, Type: "operation", Parts: []listeners.Part{
		listeners.NewSilence(listeners.SilenceOptions{
			Status: d.everybodysStatus, Acting: d.acting,
			Tally: d.bus.Tally(), Log: d.log.Named("silence"), Every: d.look,
		}),
	}}
	if len(c.Sinks) > 0 {
		l.Parts = append(l.Parts, d.sinkPart())
		l.Fingerprint = "sinks"
	}
	if c.Heartbeat.on() {
		l.Parts = append(l.Parts, listeners.NewHeartbeat(c.Heartbeat.Every))
		l.Fingerprint += c.Heartbeat.Every.String()
	}
	return l
}

func (d *daemon) acting() bool { return d.engineState.Load() == alerting }

// everybodysStatus is how the listeners of all daemons on the bus are doing.
func (d *daemon) everybodysStatus(ctx context.Context) (map[string][]listeners.Status, error) {
	replies, err := d.bus.Ask(ctx, askSources, nil)
	if err != nil {
		return nil, err
	}
	all := map[string][]listeners.Status{}
	for _, r := range replies {
		var some []listeners.Status
		if r.Error == "" {
			err = json.Unmarshal(r.Answer, &some)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the answer of the daemon on %s: %w", r.Host, err)
		}
		all[fmt.Sprintf("%s/%d", r.Host, r.PID)] = some
	}
	return all, nil
}

// operationVerdicts are what the book would say of what earshot says of itself.
func operationVerdicts(m *earshot.Mention) []earshot.Verdict {
	v := earshot.Verdict{
		Brand: earshot.All, Relevance: earshot.Unit, Topics: []string{},
		Reasons: []earshot.Reason{{Of: earshot.OfRelevance, Rule: "operation", Weight: earshot.Unit}},
		Routes:  []earshot.Route{{Team: heartbeatTeam, Kind: earshot.KindSilence}},
	}
	if m.Channel == listeners.ChannelSilence {
		v.Urgency = silenceUrgency
		v.Reasons = append(v.Reasons, earshot.Reason{Of: earshot.OfUrgency, Rule: "silence", Weight: silenceUrgency})
		v.Routes = []earshot.Route{{Team: earshot.Ops, Kind: earshot.KindSilence}}
	}
	return []earshot.Verdict{v}
}

// withOperation adds what every daemon has to what the configuration asks for: the
// brand that stands for the operation and the teams that hear of it.
func withOperation(c alerts.Config) alerts.Config {
	c.Brands = append(c.Brands, alerts.Brand{Name: earshot.All})
	for _, name := range []string{earshot.Ops, heartbeatTeam} {
		if !slices.ContainsFunc(c.Teams, func(t alerts.Team) bool { return t.Name == name }) {
			c.Teams = append(slices.Clip(c.Teams), alerts.Team{Name: name})
		}
	}
	return c
}
