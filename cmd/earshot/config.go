package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/casework"
	"earshot/alerts/crisis"
	"earshot/alerts/noise"
	"earshot/alerts/routing"
	"earshot/bus"
	"earshot/cmd/earshot/model"
	"earshot/cmd/earshot/strict"
	"earshot/listeners"
	"earshot/rules"
)

// Config is a configuration file, read and checked: what is in it works as far
// as can be told without starting anything.
type Config struct {
	File        string                  // where it was read
	State       string                  // directory of all that lasts
	Bus         bus.Config              //
	HTTP        HTTPConfig              //
	Retention   time.Duration           // how long mentions are kept
	AlertMaxAge time.Duration           // what was posted longer ago pages nobody
	Bands       earshot.Bands           //
	Inbox       InboxConfig             // where pushes arrive
	Heartbeat   HeartbeatConfig         // who notices when nothing can be told any more
	Client      listeners.ClientOptions // how sources behave towards other people's servers
	Log         LogConfig               //
	Rules       rules.Config            // what Book was made of
	Book        *rules.Book             //
	Listeners   []ListenerConfig        //
	Teams       []alerts.Team           //
	Models      []model.Config          // with their defaults
	Noise       noise.Config            //
	Routing     []routing.Line          //
	Crisis      crisis.Config           //
	Cases       casework.Config         //
	Sinks       []SinkConfig            //
	Templates   string                  // folder with templates of our own; empty for none
	Warnings    []strict.Finding        // worth saying, though the file holds
}

// HTTPConfig is the section of health, readiness and metrics.
type HTTPConfig struct {
	Listen string `yaml:"listen" jsonschema:"description=Address of /healthz and /readyz and /metrics; empty serves none,example=127.0.0.1:9090"`
	Pprof  bool   `yaml:"pprof" jsonschema:"description=Also serve /debug/pprof to find out where time and memory go"`
}

// LogConfig is the section of what is logged and how.
type LogConfig struct {
	Level  string `yaml:"level" jsonschema:"description=What is left out: everything less serious,enum=debug,enum=info,enum=warn,enum=error"`
	Format string `yaml:"format" jsonschema:"description=How a line looks; auto is console on a terminal and journal under systemd and JSON elsewhere,enum=auto,enum=console,enum=json,enum=journal"`
}

// ListenerConfig is one listener of the file, its section not yet decoded.
type ListenerConfig struct {
	Name        string
	Type        string                 // the driver
	Fingerprint string                 // changes when anything of the section does
	Common      commonConfig           // what every listener can have
	Decode      func(config any) error // fills the driver's own configuration
}

// commonConfig is what every listener can have, whatever its type.
type commonConfig struct {
	Quiet   listeners.Quiet `yaml:"quiet" jsonschema:"description=Hours in which the network is left alone; what is posted meanwhile is heard afterwards"`
	Limit   listeners.Limit `yaml:"limit" jsonschema:"description=How often the listener may ask on top of the limits per host: for networks that count by account"`
	Silence time.Duration   `yaml:"silence" jsonschema:"description=Tell ops when nothing was heard for so long; 0 for never. A listener that hears clearly less than its own habit is told of without it"`
}

// InboxConfig is the section of the address that other people's servers push to.
type InboxConfig struct {
	Listen   string `yaml:"listen" jsonschema:"description=Address for what other servers push (webhooks); empty serves none,example=127.0.0.1:8080"`
	URL      string `yaml:"url" jsonschema:"description=How the outside reaches it: https:// and the public name,example=https://hooks.acme.example"`
	CertFile string `yaml:"cert_file" jsonschema:"description=Certificate chain to serve TLS with; without it a proxy in front does"`
	KeyFile  string `yaml:"key_file" jsonschema:"description=Key of the certificate"`
}

// bandsConfig is the section urgency: where the bands above low begin and what
// makes a mention urgent.
type bandsConfig struct {
	Normal   float64 `yaml:"normal" jsonschema:"description=Urgency from which a matter is normal,minimum=0,maximum=100"`
	High     float64 `yaml:"high" jsonschema:"description=Urgency from which a matter is high,minimum=0,maximum=100"`
	Critical float64 `yaml:"critical" jsonschema:"description=Urgency from which a matter is critical,minimum=0,maximum=100"`

	Weights rules.Weights `yaml:"weights" jsonschema:"description=How many points each reason is worth at most"`
}

func (c bandsConfig) bands() earshot.Bands {
	return earshot.Bands{Normal: earshot.ScoreOf(c.Normal), High: earshot.ScoreOf(c.High), Critical: earshot.ScoreOf(c.Critical)}
}

// fileConfig is the form of the file. Defaults are set before it is decoded.
type fileConfig struct {
	State       string                  `yaml:"state" jsonschema:"description=Directory of all that lasts"`
	Bus         bus.Config              `yaml:"bus" jsonschema:"description=The NATS server: embedded (listen) or external (url)"`
	HTTP        HTTPConfig              `yaml:"http" jsonschema:"description=Health and readiness and metrics"`
	Retention   time.Duration           `yaml:"retention" jsonschema:"description=How long mentions are kept"`
	AlertMaxAge time.Duration           `yaml:"alert_max_age" jsonschema:"description=What was posted longer ago is stored and counted but pages nobody"`
	Urgency     bandsConfig             `yaml:"urgency" jsonschema:"description=What makes a mention urgent and where the bands begin"`
	Brands      []rules.Brand           `yaml:"brands" jsonschema:"description=What is listened for"`
	Listeners   []listenerSection       `yaml:"listeners" jsonschema:"description=Where it is listened for"`
	Rules       []rules.Rule            `yaml:"rules" jsonschema:"description=What matters and to whom"`
	Models      []model.Config          `yaml:"models" jsonschema:"description=Models outside earshot that are asked what they think of some mentions"`
	Teams       []alerts.Team           `yaml:"teams" jsonschema:"description=Who is told"`
	Noise       noise.Config            `yaml:"noise" jsonschema:"description=What is held back from teams and how long"`
	Routing     []routing.Line          `yaml:"routing" jsonschema:"description=Where else than the rules say alerts go"`
	Crisis      crisis.Config           `yaml:"crisis" jsonschema:"description=When a brand is in a crisis and what is planned and whose word weighs"`
	Cases       casework.Config         `yaml:"cases" jsonschema:"description=What people may ask for"`
	Sinks       []sinkSection           `yaml:"sinks" jsonschema:"description=How teams are told outside of the bus"`
	Templates   string                  `yaml:"templates" jsonschema:"description=Folder with templates that take the place of those that sinks word alerts by"`
	Inbox       InboxConfig             `yaml:"inbox" jsonschema:"description=Where other people's servers deliver what they push to listeners"`
	Heartbeat   HeartbeatConfig         `yaml:"heartbeat" jsonschema:"description=An address that is called only after a synthetic post has become an alert"`
	Client      listeners.ClientOptions `yaml:"client" jsonschema:"description=How listeners behave towards other people's servers"`
	Log         LogConfig               `yaml:"log" jsonschema:"description=What is logged and how"`
}

// listenerSection is left for the driver to decode.
type listenerSection struct{ node *strict.Node }

func defaults() fileConfig {
	bands := earshot.DefaultBands()
	return fileConfig{
		State:       "/var/lib/earshot",
		HTTP:        HTTPConfig{Listen: "127.0.0.1:9090"},
		Retention:   30 * 24 * time.Hour,
		AlertMaxAge: alerts.DefaultMaxAge,
		Urgency:     bandsConfig{bands.Normal.Float(), bands.High.Float(), bands.Critical.Float(), rules.DefaultWeights()},
		Heartbeat:   HeartbeatConfig{Every: time.Minute},
		Client:      listeners.DefaultClient(),
		Log:         LogConfig{Level: "info", Format: "auto"},
	}
}

// ConfigError is all that is wrong with a configuration file.
type ConfigError struct {
	File     string
	Findings []strict.Finding // in the order of the file, warnings included
}

// Error lists the findings, one or more lines each, and counts them.
func (e *ConfigError) Error() string {
	var b strings.Builder
	for _, f := range e.Findings {
		b.WriteString(f.Error() + "\n")
	}
	return b.String() + e.Summary()
}

// Summary counts the findings.
func (e *ConfigError) Summary() string {
	warnings := 0
	for _, f := range e.Findings {
		if f.Warning {
			warnings++
		}
	}
	text := e.File + " has " + plural(len(e.Findings)-warnings, "error")
	if warnings > 0 {
		text += " and " + plural(warnings, "warning")
	}
	return text
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// environment looks a variable up, as os.LookupEnv does.
type environment func(name string) (string, bool)

// Load reads and checks a configuration file. Its error is a *ConfigError when
// the file was read and does not hold. Nothing is started and nothing written.
func Load(path string) (*Config, error) {
	data, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	return parseConfig(path, data, os.LookupEnv)
}

// LoadBook reads brands and rules alone: what judging needs. The other sections
// may be missing, or name files that are not there.
func LoadBook(path string) (*rules.Book, []strict.Finding, error) {
	data, err := readConfig(path)
	if err != nil {
		return nil, nil, err
	}
	l := newLoader(path, data, os.LookupEnv)
	l.document.Decode(l.document.Root(), &l.file, bookless...)
	l.book(nil)
	findings, err := l.findings()
	return l.config.Book, findings, err
}

// bookless are the sections that a book is not made of.
var bookless = []string{"state", "bus", "http", "retention", "alert_max_age", "noise", "routing", "crisis", "cases", "listeners", "teams", "inbox", "heartbeat", "client", "log", "sinks", "templates"}

// readConfig reads one byte more than a file may have at most, so that the parser
// can say so.
func readConfig(path string) ([]byte, error) {
	var data []byte
	f, err := os.Open(path)
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(f, strict.MaxSize+1))
		_ = f.Close()
	}
	if err != nil {
		f := strict.Finding{File: path, What: "reading the configuration: " + cause(err), Hint: "name another file with -c FILE"}
		return nil, &ConfigError{File: path, Findings: []strict.Finding{f}}
	}
	return data, nil
}

// parseConfig is Load on data. Problems name the file.
func parseConfig(file string, data []byte, env environment) (*Config, error) {
	l := newLoader(file, data, env)
	l.load()
	findings, err := l.findings()
	if err != nil {
		return nil, err
	}
	l.config.Warnings = findings
	return &l.config, nil
}

// configDir is where relative paths of a configuration file start.
func configDir(file string) string {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return filepath.Dir(file)
	}
	return dir
}
