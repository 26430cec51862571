package x

import (
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot/listeners"
)

// account is what the parts of one listener share.
type account struct {
	config   Config
	setup    listeners.Setup
	purse    *purse
	standing *standing
	log      *zap.Logger

	stall   time.Duration // see stallAfter
	settles time.Duration // see settles
}

func newAccount(setup listeners.Setup, config Config) *account {
	budget := listeners.NewBudget(listeners.BudgetOptions{
		Name: setup.Name, Unit: "USD", Limits: config.Budget, Tally: setup.Tally, Log: setup.Log,
	})
	return &account{
		config: config, setup: setup, log: setup.Log, standing: newStanding(),
		purse: newPurse(budget, config.Price),
		stall: stallAfter, settles: settles,
	}
}

// api reads the credentials and returns the way to X.
func (a *account) api() (*api, error) {
	k, err := readKeys(a.config.files())
	if err != nil {
		return nil, err
	}
	return &api{
		base: strings.TrimSuffix(a.config.Server, "/"), keys: k, client: a.setup.Client, long: a.setup.Stream,
		stall: a.stall, standing: a.standing,
	}, nil
}
