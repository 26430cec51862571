// Package sinktest holds the promises every sink keeps, as one suite that each driver
// runs against a stand-in of its peer: what it delivers has a key, errors are of the
// kind that has the courier do the right thing, no secret is ever told, hostile texts
// are made harmless, and nothing is left running. What a message looks like is tested
// in the driver.
package sinktest

import (
	"crypto/tls"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"earshot/alerts"
	"earshot/alerts/wording"
)

// Mode is how a peer treats what it is told.
type Mode string

// The modes.
const (
	Works   Mode = "works"
	Fails   Mode = "fails"   // a temporary error, such as 503
	Limits  Mode = "limits"  // too many requests: come back in 7 seconds
	Rejects Mode = "rejects" // this alert never, others perhaps
	Refuses Mode = "refuses" // the credential is not accepted
	Leaks   Mode = "leaks"   // an error that repeats all that was sent, secrets too
	Cuts    Mode = "cuts"    // hangs up without a word
	Hangs   Mode = "hangs"   // takes everything and says nothing
)

// Wait is what a peer asks for that limits.
const Wait = 7 * time.Second

// Harness is what a driver brings to the suite.
type Harness struct {
	Driver   alerts.SinkDriver
	New      func(t *testing.T) Peer // a peer that works and was told nothing, closed by t.Cleanup
	Verbatim bool                    // it sends data to programs, which nothing is taken out of
}

// Peer is a stand-in for what a sink tells, under the test's control.
type Peer struct {
	Decode  func(config any) error                   // fills the driver's configuration, so that it reaches the peer
	Secrets []string                                 // that must never be told anybody but the peer
	Mode    func(Mode) bool                          // changes what happens from now on; false if the peer knows no such thing
	Told    func() []string                          // what was accepted, in order, decoded as the programs of people would
	Key     func(d alerts.Delivery) string           // what must be in the message, so that the peer knows it again
	Check   func(t *testing.T, hostile, told string) // further looks at a hostile text as it was told; may be nil
	TLS     *tls.Config                              // nil for the usual
	State   alerts.SinkState                         // nil for one in memory
}

// suite is one promise being checked.
type suite struct {
	*testing.T
	Harness

	peer Peer
	logs *observer.ObservedLogs
}

// Run checks every promise. It looks for goroutines left behind, so the test that
// calls it must not run in parallel with others.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, p := range []struct {
		name  string
		check func(*suite)
	}{
		{"delivers what it is given, with a key", (*suite).delivers},
		{"sends the same key again for the same alert", (*suite).repeats},
		{"follows a case to its end", (*suite).follows},
		{"tells errors apart", (*suite).tellsErrorsApart},
		{"never tells a secret", (*suite).keepsSecrets},
		{"waits for a credential that is not there yet", (*suite).awaitsCredential},
		{"makes hostile texts harmless", (*suite).endures},
		{"stops promptly while the peer hangs", (*suite).stops},
		{"does not begin when it is over already", (*suite).neverStarts},
	} {
		t.Run(p.name, func(t *testing.T) {
			running := goleak.IgnoreCurrent()
			// The inner test closes the peer before goroutines are counted.
			t.Run("peer", func(t *testing.T) {
				s := &suite{T: t, Harness: h, peer: h.New(t)}
				p.check(s)
				s.checkLogs()
			})
			goleak.VerifyNone(t, running)
		})
	}
}

// open makes the sink as the daemon does.
func (s *suite) open() alerts.Sink {
	s.Helper()
	sink, err := s.tryOpen(s.peer.Decode)
	if err != nil {
		s.Fatalf("opening the sink: %v", err)
	}
	return sink
}

func (s *suite) tryOpen(decode func(any) error) (alerts.Sink, error) {
	core, logs := observer.New(zapcore.DebugLevel)
	if s.logs == nil {
		s.logs = logs
	}
	words, problems := wording.New(wording.Options{Team: "cs"})
	if problems.Fatal() {
		s.Fatal(problems)
	}
	state := s.peer.State
	if state == nil {
		state = NewOutbox()
	}
	client := alerts.NewSinkClient(s.peer.TLS)
	s.Cleanup(client.CloseIdleConnections)
	return s.Driver.Open(alerts.SinkSetup{
		Name: "test", Team: "cs", Client: client, TLS: s.peer.TLS, Words: words, State: state,
		Act: noAct, Log: zap.New(core), Decode: decode,
	})
}
