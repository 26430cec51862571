package bus

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
)

// MaxPayload is the largest message of the embedded server.
const MaxPayload = 8 << 20

// handshakeWait is how long a client may take to say who it is, and the server to
// believe it. The two seconds that are usual are little on a machine that starts
// everything at once, and whoever misses them is told that it was refused.
const handshakeWait = 10 * time.Second

// server is the embedded NATS server.
type server struct {
	nats     *natsserver.Server
	log      *zap.Logger
	config   Config
	dir      string
	listen   string // address, or empty for in-process only
	sync     string // how often it syncs: always, or a duration
	maxStore int64
	password string // the daemon's own
	text     string // the configuration it runs with
}

// startServer starts a server on the store under o.Dir and returns when it has
// recovered its streams.
func startServer(ctx context.Context, o Options, d *disk) (*server, error) {
	used, space, err := d.usage(filepath.Join(o.Dir, "bus"))
	if err != nil {
		return nil, err
	}
	s := &server{log: o.Log, config: o.Config, dir: o.Dir, listen: o.Config.Listen, sync: "always"}
	if o.restoring {
		s.sync = "24h"
	}
	if s.listen == "" {
		s.listen = DefaultListen
	}
	if o.Standalone {
		s.listen = ""
	}
	// The server's own limit fails cleanly where a full disk does not, and lies
	// below the one for posts, so that alerts still pass.
	s.maxStore = max(used+space.free-d.reserve/4, 64<<20)
	if s.password, err = freshPassword(o.Dir); err != nil {
		return nil, err
	}
	options, err := s.options(o.Teams, o.Config.Users)
	if err != nil {
		return nil, err
	}
	if s.nats, err = natsserver.NewServer(options); err != nil {
		return nil, fmt.Errorf("starting the bus: %w", err)
	}
	s.nats.SetLoggerV2(serverLog{s.log.Named("nats")}, false, false, false)
	s.warn()
	if err := s.start(ctx, o.Progress); err != nil {
		s.nats.Shutdown()
		return nil, err
	}
	return s, writeVersion(o.Dir)
}

// start runs the server and waits for it, for as long as recovering takes.
func (s *server) start(ctx context.Context, progress func(string)) error {
	if progress == nil {
		progress = func(string) {}
	}
	progress("recovering the store")
	// Start itself recovers the streams and returns when they are readable.
	started := make(chan struct{})
	go func() {
		defer close(started)
		s.nats.Start()
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-started:
			return s.ready()
		case <-tick.C:
			progress("recovering the store")
		case <-ctx.Done():
			return fmt.Errorf("starting the bus: %w", ctx.Err())
		}
	}
}

func (s *server) ready() error {
	if !s.nats.ReadyForConnections(5 * time.Second) {
		return fmt.Errorf("starting the bus: nobody can listen on %s (is another server running there? set bus.listen to a free address)", s.listen)
	}
	if !s.nats.JetStreamEnabled() {
		return fmt.Errorf("starting the bus: the store under %s is unusable (see the log above)", s.dir)
	}
	return nil
}

// options returns the server's options for the given users.
func (s *server) options(teams []string, users []User) (*natsserver.Options, error) {
	logins, err := s.logins(teams, users)
	if err != nil {
		return nil, err
	}
	s.text = s.configText(logins)
	options := &natsserver.Options{}
	if err := options.ProcessConfigString(s.text); err != nil {
		return nil, fmt.Errorf("configuring the bus: %w", err)
	}
	options.AuthTimeout, options.TLSTimeout = handshakeWait.Seconds(), handshakeWait.Seconds()
	options.NoSigs = true
	options.DontListen = s.listen == ""
	return options, nil
}

// configText writes the configuration of the embedded server. It is never
// written to a file: it holds passwords.
func (s *server) configText(logins []login) string {
	var b strings.Builder
	host, port := "127.0.0.1", "-1"
	if s.listen != "" {
		host, port, _ = net.SplitHostPort(s.listen)
		if port == "0" {
			port = "-1"
		}
	}
	fmt.Fprintf(&b, "server_name: earshot\nhost: %s\nport: %s\nmax_payload: %d\n", quote(host), port, MaxPayload)
	// A batch of the largest size arrives faster than it is stored.
	fmt.Fprintf(&b, "max_pending: %d\nwrite_deadline: \"30s\"\n", 256<<20)
	if t := s.config.TLS; t.CertFile != "" && s.listen != "" {
		fmt.Fprintf(&b, "tls: { cert_file: %s, key_file: %s", quote(t.CertFile), quote(t.KeyFile))
		if t.CAFile != "" {
			fmt.Fprintf(&b, ", ca_file: %s", quote(t.CAFile))
		}
		b.WriteString(" }\n")
	}
	fmt.Fprintf(&b, "jetstream: { store_dir: %s, sync_interval: %s, max_memory_store: %d, max_file_store: %d }\n",
		quote(filepath.Join(s.dir, "bus")), s.sync, 64<<20, s.maxStore)
	b.WriteString(accountsText(logins))
	return b.String()
}

// logins finds or makes up what every user proves itself by.
func (s *server) logins(teams []string, users []User) ([]login, error) {
	if s.listen == "" {
		teams, users = nil, nil
	}
	var logins []login
	for _, u := range allUsers(teams, users) {
		l := login{User: u}
		var err error
		switch {
		case u.Nkey != "":
		case u.Name == daemonUser:
			l.password = s.password
		case u.PasswordFile != "":
			l.password, err = readSecret(u.PasswordFile)
		default:
			l.password, err = credential(s.dir, u.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", u.Name, err)
		}
		logins = append(logins, l)
	}
	return logins, nil
}

// reload changes who may connect, without disturbing those who still may.
func (s *server) reload(teams []string, users []User) error {
	// A new account's imports come alive only with the reload after the one that
	// made it: the server subscribes to them for accounts it already has.
	for range 2 {
		options, err := s.options(teams, users)
		if err != nil {
			return err
		}
		if err := s.nats.ReloadOptions(options); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) warn() {
	host, _, _ := net.SplitHostPort(s.listen)
	ip := net.ParseIP(host)
	beyond := s.listen != "" && host != "localhost" && (ip == nil || !ip.IsLoopback())
	if beyond && s.config.TLS.CertFile == "" {
		s.log.Warn("bus listens beyond this machine without tls: passwords and mentions cross the network in the clear",
			zap.String("listen", s.listen))
	}
}

func (s *server) url() string {
	if s.listen == "" {
		return ""
	}
	return s.nats.ClientURL()
}

func (s *server) close(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stopping the bus: %w", ctx.Err())
	}
}
