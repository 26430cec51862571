// Package email sends alerts by SMTP, each at once or many in a digest, as text and
// HTML. The Message-ID is made of the alert's ID, and messages about one case refer to
// the first of them, so that mail programs show one conversation. What a message says
// is worded by alerts/wording; mail is heard by listeners/mail.
package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
)

// Config is a sink of this kind.
type Config struct {
	Server       string   `yaml:"server" jsonschema:"description=Mail server as host:port,example=mail.acme.example:587"`
	TLS          string   `yaml:"tls" jsonschema:"description=How the connection is protected: starttls (port 587) or implicit (port 465) or none; starttls if left out; none to a server on this machine,enum=starttls,enum=implicit,enum=none"`
	User         string   `yaml:"user" jsonschema:"description=Login; without it none is made"`
	PasswordFile string   `yaml:"password_file" jsonschema:"description=File with the password of user"`
	From         string   `yaml:"from" jsonschema:"description=Sender; earshot at the name of this machine if left out,example=earshot@acme.example"`
	To           []string `yaml:"to" jsonschema:"description=Who gets the messages"`
	ReplyTo      string   `yaml:"reply_to" jsonschema:"description=Where answers go; to the sender if left out"`
	Digest       string   `yaml:"digest" jsonschema:"description=Send many alerts in one message: daily 08:00 or every 1h; each at once if left out"`
}

func defaults() Config { return Config{Server: "localhost:25"} }

// Values of tls.
const (
	protectStart    = "starttls"
	protectImplicit = "implicit"
	protectNone     = "none"
)

// Driver is the email kind of sink.
func Driver() alerts.SinkDriver { return alerts.SinkDriver{Config: defaults(), Open: open} }

func open(setup alerts.SinkSetup) (alerts.Sink, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	rhythm, problems := config.check()
	if problems.Fatal() {
		return nil, problems
	}
	s := &sink{config: config, words: setup.Words, tls: setup.TLS}
	if config.Digest == "" {
		return s, nil
	}
	return &digest{sink: s, rhythm: rhythm, zone: setup.Words.Zone()}, nil
}

func (c *Config) check() (rhythm, earshot.Problems) {
	var problems earshot.Problems
	report := func(path, what, hint string) {
		problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
	}
	host, port, err := net.SplitHostPort(c.Server)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || host == "" {
		report("server", "not the address of a mail server", "write host:port, such as mail.acme.example:587")
	}
	if c.TLS == "" {
		c.TLS = protectStart
		if loopback(host) {
			c.TLS = protectNone
		}
	}
	if !slices.Contains([]string{protectStart, protectImplicit, protectNone}, c.TLS) {
		report("tls", "unknown protection", "write starttls, implicit or none")
	}
	if c.TLS == protectNone && c.User != "" && !loopback(host) {
		report("tls", "the password would go in clear", "write starttls or implicit")
	}
	if (c.User == "") != (c.PasswordFile == "") {
		report("password_file", "user and password_file belong together", "give both, or neither")
	}
	if len(c.To) == 0 {
		report("to", "nobody is to get the messages", "write to: [pr@acme.example]")
	}
	if c.From == "" {
		c.From = "earshot@" + machine()
	}
	if _, err := mail.ParseAddress(c.From); err != nil {
		report("from", "not an address", "write name@domain, or Name <name@domain>")
	}
	if _, err := mail.ParseAddress(c.ReplyTo); c.ReplyTo != "" && err != nil {
		report("reply_to", "not an address", "write name@domain")
	}
	for i, to := range c.To {
		if _, err := mail.ParseAddress(to); err != nil {
			report(fmt.Sprintf("to[%d]", i), "not an address", "write name@domain, or Name <name@domain>")
		}
	}
	when, err := parseRhythm(c.Digest)
	if err != nil {
		report("digest", err.Error(), "write daily 08:00 or every 1h")
	}
	return when, problems
}

// machine is the name of this one, as far as it fits into an address.
func machine() string {
	name, err := os.Hostname()
	if _, wrong := mail.ParseAddress("earshot@" + name); err != nil || wrong != nil {
		return "localhost"
	}
	return name
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// sink sends each alert at once.
type sink struct {
	config Config
	words  *wording.Wording
	tls    *tls.Config
}

// Deliver sends one alert.
func (s *sink) Deliver(ctx context.Context, d alerts.Delivery) (alerts.Receipt, error) {
	m, err := s.letter(&d)
	if err != nil {
		return alerts.Receipt{}, &alerts.Rejected{Err: err}
	}
	if err := s.send(ctx, m); err != nil {
		return alerts.Receipt{}, err
	}
	return alerts.Receipt{Place: strings.Join(s.config.To, ", ")}, nil
}

// digest sends many alerts in one message.
type digest struct {
	*sink

	rhythm rhythm
	zone   *time.Location
}

// Next implements alerts.Digester.
func (s *digest) Next(after time.Time) time.Time { return s.rhythm.next(after, s.zone) }

// DeliverAll sends one message about all.
func (s *digest) DeliverAll(ctx context.Context, all []alerts.Delivery) (alerts.Receipt, error) {
	m, err := s.letterOfMany(all)
	if err != nil {
		return alerts.Receipt{}, &alerts.Rejected{Err: err}
	}
	if err := s.send(ctx, m); err != nil {
		return alerts.Receipt{}, err
	}
	return alerts.Receipt{Place: strings.Join(s.config.To, ", ")}, nil
}

// rhythm is when digests are due: every so often, or at a time of the day.
type rhythm struct {
	every        time.Duration
	hour, minute int
}

// leastEvery keeps a digest from being no digest.
const leastEvery = time.Minute

func parseRhythm(text string) (rhythm, error) {
	if text == "" {
		return rhythm{}, nil
	}
	word, value, _ := strings.Cut(strings.TrimSpace(text), " ")
	value = strings.TrimSpace(value)
	switch word {
	case "every":
		every, err := time.ParseDuration(value)
		if err != nil || every < leastEvery {
			return rhythm{}, errors.New("not a time of at least a minute")
		}
		return rhythm{every: every}, nil
	case "daily":
		at, err := time.Parse("15:04", value)
		if err != nil {
			return rhythm{}, errors.New("not a time of the day")
		}
		return rhythm{hour: at.Hour(), minute: at.Minute()}, nil
	}
	return rhythm{}, errors.New("not a rhythm")
}

// next is the first moment after another that a digest is due at. A time that the
// change to summer time leaves out is an hour later on that day.
func (r rhythm) next(after time.Time, zone *time.Location) time.Time {
	if r.every > 0 {
		return after.Add(r.every)
	}
	local := after.In(zone)
	for day := 0; ; day++ {
		due := time.Date(local.Year(), local.Month(), local.Day()+day, r.hour, r.minute, 0, 0, zone)
		if due.After(after) {
			return due
		}
	}
}
