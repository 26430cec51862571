package main

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// surroundings are the parts of a running daemon that drivers are handed.
type surroundings struct {
	inbox  *listeners.Inbox
	tally  listeners.Tally
	stored listeners.Stored
}

// nothingRuns is what drivers are handed while a configuration is only looked at.
func nothingRuns() surroundings {
	return surroundings{
		inbox: listeners.NewInbox("", nil),
		tally: noTally{},
		stored: func(context.Context, string, func(earshot.Mention) error) error {
			return errNothingRuns
		},
	}
}

var errNothingRuns = errors.New("no daemon runs: the configuration is only looked at")

// noTally keeps nothing.
type noTally struct{}

func (noTally) Load(context.Context, string) ([]byte, uint64, error) { return nil, 0, errNothingRuns }

func (noTally) Save(context.Context, string, []byte, uint64) (uint64, error) {
	return 0, errNothingRuns
}

// setup is what every driver is handed.
func (c *Config) setup(l ListenerConfig, network *listeners.Network, around surroundings, log *zap.Logger) listeners.Setup {
	network = network.Limited(l.Common.Limit)
	setup := listeners.Setup{
		Client: network.Client, Stream: network.Stream, Dial: network.Dial,
		Inbox: around.inbox, Tally: around.tally, Stored: around.stored, Log: log,
	}
	var queries map[string]*earshot.Query
	if c.Book != nil {
		queries = c.Book.Queries()
	}
	for _, brand := range c.Rules.Brands {
		if q := queries[brand.Name]; q != nil {
			setup.Queries = append(setup.Queries, *q)
		}
		setup.Handles = append(setup.Handles, brand.Owned.Handles...)
	}
	return setup
}
