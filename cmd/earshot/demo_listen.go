package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"earshot"
	"earshot/bus"
)

// audience are the teams' subscriptions.
type audience struct {
	group   errgroup.Group
	clients []*bus.Client
	leave   context.CancelCauseFunc
}

// subscribe listens as each team does, with the team's own credential: what the
// demo vouches for is what teams receive. When it returns, no alert is missed any
// more. The context it returns ends with ctx, and when a subscription fails.
func (d *demo) subscribe(ctx context.Context, url string, log *zap.Logger) (*audience, context.Context, error) {
	a := &audience{}
	ctx, a.leave = context.WithCancelCause(ctx)
	for _, team := range d.teams() {
		if err := a.join(ctx, team, url, d, log); err != nil {
			return nil, ctx, errors.Join(fmt.Errorf("subscribing as %s: %w", team, err), a.close())
		}
	}
	return a, ctx, nil
}

// join subscribes as one team and hands what it is told to the demo.
func (a *audience) join(ctx context.Context, team, url string, d *demo, log *zap.Logger) error {
	client, err := bus.Dial(url, bus.Login{User: team, PasswordFile: teamCredential(d.dir, team)}, log)
	if err != nil {
		return err
	}
	a.clients = append(a.clients, client)
	alerts, err := client.Subscribe("earshot.alerts." + team + ".>")
	if err != nil {
		return err
	}
	a.group.Go(func() error {
		defer alerts.Close()
		for {
			_, heard, err := alerts.Next(ctx)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				a.leave(err)
				return fmt.Errorf("listening as %s: %w", team, err)
			}
			d.hear(heard)
		}
	})
	return nil
}

// close ends the subscriptions, and says if one of them had failed.
func (a *audience) close() error {
	a.leave(nil)
	err := a.group.Wait()
	for _, client := range a.clients {
		client.Close()
	}
	return err
}

// hear is called with every alert.
func (d *demo) hear(a earshot.Alert) {
	if d.ledger.Enter(a) {
		d.printer.alert(a)
	}
}

// teamCredential is where the daemon leaves the password of a team.
func teamCredential(dir, team string) string { return filepath.Join(dir, "credentials", team) }
