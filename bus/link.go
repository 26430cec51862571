package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// errAway says that it is unknown what became of a request: the server is away,
// was lost on the way, or is not ready. Such a request is asked again, after
// looking what became of it.
var errAway = errors.New("the server is away")

const (
	answerWait = 15 * time.Second // longer than a leader election takes
	firstPause = 20 * time.Millisecond
	maxPause   = 2 * time.Second
)

// link is the connection to the server, made again for ever when it is lost.
type link struct {
	nc  *nats.Conn
	js  jetstream.JetStream
	log *zap.Logger

	mu    sync.Mutex
	epoch context.Context    //nolint:containedctx // it is the life of the present connection, and ends when that is lost
	lose  context.CancelFunc //
	up    chan struct{}      // closed while connected
}

// dialServer connects to the embedded server without a socket.
func dialServer(s *server, log *zap.Logger) (*link, error) {
	return dial("nats://in-process", log,
		nats.InProcessServer(s.nats), nats.UserInfo(daemonUser, s.password))
}

// dialExternal connects to the configured server and waits for it until ctx ends.
func dialExternal(ctx context.Context, c Config, log *zap.Logger) (*link, error) {
	options, err := c.clientOptions()
	if err != nil {
		return nil, err
	}
	var said error
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		l, err := dial(c.URL, log, options...)
		if err == nil {
			return l, nil
		}
		if errors.Is(err, nats.ErrAuthorization) {
			return nil, fmt.Errorf("connecting to %s: %w", withoutPassword(c.URL), err)
		}
		if said == nil || said.Error() != err.Error() {
			log.Warn("waiting for the bus", zap.String("url", withoutPassword(c.URL)), zap.Error(err))
		}
		said = err
		if sleep(ctx, jitter(pause)) != nil {
			return nil, fmt.Errorf("connecting to %s: %w (%w)", withoutPassword(c.URL), err, ctx.Err())
		}
	}
}

func (c Config) clientOptions() ([]nats.Option, error) {
	var options []nats.Option
	if c.CredsFile != "" {
		options = append(options, nats.UserCredentials(c.CredsFile))
	}
	if c.NkeyFile != "" {
		option, err := nats.NkeyOptionFromSeed(c.NkeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading the nkey: %w", err)
		}
		options = append(options, option)
	}
	if c.User != "" {
		password, err := readSecret(c.PasswordFile)
		if err != nil {
			return nil, err
		}
		options = append(options, nats.UserInfo(c.User, password))
	}
	if c.TLS.CAFile != "" {
		options = append(options, nats.RootCAs(c.TLS.CAFile))
	}
	if c.TLS.CertFile != "" {
		options = append(options, nats.ClientCert(c.TLS.CertFile, c.TLS.KeyFile))
	}
	return options, nil
}

func dial(address string, log *zap.Logger, options ...nats.Option) (*link, error) {
	l := &link{log: log, up: make(chan struct{})}
	l.epoch, l.lose = context.WithCancel(context.Background())
	options = append([]nats.Option{
		nats.Name("earshot"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(200 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 200*time.Millisecond),
		nats.Timeout(handshakeWait),
		nats.PingInterval(10 * time.Second),
		// Nothing may be sent later than we believe: what cannot go out now fails now.
		nats.ReconnectBufSize(-1),
		nats.IgnoreAuthErrorAbort(),
		nats.DisconnectErrHandler(l.onLost),
		nats.ReconnectHandler(l.onBack),
		nats.ErrorHandler(l.onError),
	}, options...)
	nc, err := nats.Connect(address, options...)
	if err != nil {
		return nil, err
	}
	l.nc = nc
	if l.js, err = jetstream.New(nc); err != nil {
		nc.Close()
		return nil, err
	}
	close(l.up)
	return l, nil
}

func (l *link) onLost(nc *nats.Conn, err error) {
	if nc.IsClosed() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose()
	select {
	case <-l.up:
		l.up = make(chan struct{})
		l.log.Warn("lost the bus", zap.Error(err))
	default:
	}
}

func (l *link) onBack(*nats.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch, l.lose = context.WithCancel(context.Background())
	select {
	case <-l.up:
	default:
		close(l.up)
		l.log.Info("the bus is back")
	}
}

func (l *link) onError(_ *nats.Conn, sub *nats.Subscription, err error) {
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	l.log.Warn("bus error", zap.String("subject", subject), zap.Error(err))
}

func (l *link) connected() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.up:
		return true
	default:
		return false
	}
}

// attempt returns a context for one request: it ends with ctx, when the
// connection is lost, and when the answer takes too long.
func (l *link) attempt(ctx context.Context) (context.Context, context.CancelFunc) {
	l.mu.Lock()
	epoch := l.epoch
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	stop := context.AfterFunc(epoch, cancel)
	return ctx, func() { stop(); cancel() }
}

// pause waits for d and then until the server is there.
func (l *link) pause(ctx context.Context, d time.Duration) error {
	if err := sleep(ctx, jitter(d)); err != nil {
		return err
	}
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retry calls f until it knows its outcome.
func (l *link) retry(ctx context.Context, f func() error) error {
	for wait := firstPause; ; wait = min(2*wait, maxPause) {
		err := f()
		if !errors.Is(err, errAway) {
			return err
		}
		if l.pause(ctx, wait) != nil {
			return fmt.Errorf("%w (%w)", ctx.Err(), err)
		}
	}
}

func (l *link) close() {
	l.nc.Close()
	l.lose()
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jitter spreads callers that failed together.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// withoutPassword is an address fit for logs and errors.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(an address that cannot be read)"
	}
	return u.Redacted()
}
