package bus

import (
	"fmt"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// serverLog hands what the server has to say to the daemon's log, from warnings
// up: the rest is of no use to people who run earshot. It knows better than the
// server what they must look into.
type serverLog struct{ log *zap.Logger }

func (l serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Debugf(string, ...any)           {}
func (l serverLog) Tracef(string, ...any)           {}
func (l serverLog) Warnf(format string, v ...any)   { l.say(zapcore.WarnLevel, format, v) }
func (l serverLog) Errorf(format string, v ...any)  { l.say(zapcore.ErrorLevel, format, v) }
func (l serverLog) Fatalf(format string, v ...any)  { l.say(zapcore.ErrorLevel, format, v) }

func (l serverLog) say(level zapcore.Level, format string, v []any) {
	// The passwords stand in a configuration that exists in memory only.
	if strings.HasPrefix(format, "Plaintext passwords") {
		return
	}
	said := fmt.Sprintf(format, v...)
	switch {
	case recovery(said):
		level = zapcore.InfoLevel
	case level == zapcore.ErrorLevel && ofClient(said):
		level = zapcore.WarnLevel
	}
	l.log.Log(level, "nats server", zap.String("said", said))
}

// ofClient reports whether the server complains about one of its clients: a
// password that is wrong, a subject that is not allowed. Whoever may connect can
// cause that, and nothing is wrong with the daemon. The server begins such
// messages with who the client is.
func ofClient(said string) bool {
	client, _, found := strings.Cut(said, " - cid:")
	return found && !strings.Contains(client, " ")
}

// recovery reports whether the server says that it rebuilds an index which is
// older than its messages, as it is after every kill and power cut.
func recovery(said string) bool {
	if !strings.HasPrefix(said, "Filestore [") {
		return false
	}
	for _, normal := range []string{
		"] Stream state outdated, ",
		"] Stream state detected prior state, ",
		"] Recovering stream state from index errored: prior state file",
		" state is outdated; attempting to recover using ",
	} {
		if strings.Contains(said, normal) {
			return true
		}
	}
	return false
}
