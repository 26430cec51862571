package main

import (
	"github.com/KimMachineGun/automemlimit/memlimit"
	"go.uber.org/zap"
)

// memoryShare is the part of the memory allowed, by systemd or the machine, from
// which on the garbage collector works harder rather than let the process grow.
// The recovery of a large store after a crash is what needs it.
const memoryShare = 0.75

// limitMemory tells the garbage collector how much memory there is, unless
// GOMEMLIMIT does.
func limitMemory(log *zap.Logger) {
	limit, err := memlimit.Set(memlimit.WithRatio(memoryShare),
		memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)))
	if err != nil {
		log.Debug("memory limit unknown: the garbage collector goes by its own", zap.Error(err))
		return
	}
	log.Debug("memory limit of the garbage collector", zap.Int64("bytes", limit))
}
