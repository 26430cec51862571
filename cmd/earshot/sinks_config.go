package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
	"earshot/cmd/earshot/strict"
)

// SinkConfig is one sink of the file, its section not yet decoded.
type SinkConfig struct {
	Name        string
	Type        string                 // the driver
	Fingerprint string                 // changes when anything of the section or of the templates does
	Common      sinkCommon             // what every sink can have
	Decode      func(config any) error // fills the driver's own configuration
}

// sinkCommon is what every sink can have, whatever its type.
type sinkCommon struct {
	Team       string         `yaml:"team" jsonschema:"description=Whose alerts it is told of; ops for matters of operation,required"`
	Brands     []string       `yaml:"brands" jsonschema:"description=Tell of these brands only"`
	Kinds      []earshot.Kind `yaml:"kinds" jsonschema:"description=Tell of these kinds only"`
	MinUrgency string         `yaml:"min_urgency" jsonschema:"description=Tell of what is at least so urgent,enum=low,enum=normal,enum=high,enum=critical"`
	Lang       string         `yaml:"lang" jsonschema:"description=Language of the fixed words; that of the team if left out,enum=da,enum=de,enum=en,enum=es,enum=fr"`
	Zone       string         `yaml:"zone" jsonschema:"description=Time zone of the times that are told; that of the team's hours if left out or else UTC,example=Europe/Berlin"`
	MaxAge     time.Duration  `yaml:"max_age" jsonschema:"description=Do not send what was raised longer ago, after an outage for example; 0 to send everything"`
	CAFile     string         `yaml:"ca_file" jsonschema:"description=Certificates of the authority that the peer's certificate is from if it is none that the system trusts"`
}

// sinkSection is left for the driver to decode.
type sinkSection struct{ node *strict.Node }

// keepSinkSection leaves the section of a sink for its driver.
func keepSinkSection(_ *strict.Document, n *strict.Node, into reflect.Value) {
	into.Set(reflect.ValueOf(sinkSection{n}))
}

// sinks has each driver check its section.
func (l *loader) sinks() {
	l.templates()
	names := map[string]bool{}
	for i, section := range l.file.Sinks {
		if section.node == nil {
			continue
		}
		path := fmt.Sprintf("sinks[%d]", i)
		c, ok := l.sink(path, section.node)
		if !ok {
			continue
		}
		if c.Name != "" && names[c.Name] {
			l.problem(path+".name", fmt.Sprintf("two sinks are named %q", c.Name), "give each its own name: what it has delivered is found by it")
		}
		names[c.Name] = true
		if slices.Contains(l.teamNames(), "sink-"+c.Name) {
			l.problem(path+".name", fmt.Sprintf("team sink-%s has the consumer that the sink needs", c.Name), "give one of them another name")
		}
		l.config.Sinks = append(l.config.Sinks, c)
		if _, err := c.open(&l.config, nothingToKeep{}, noAct, zap.NewNop()); err != nil {
			l.driverProblems(path, err)
		}
	}
}

// sink reads what every sink has.
func (l *loader) sink(path string, n *strict.Node) (SinkConfig, bool) {
	var c SinkConfig
	if !n.IsMapping() {
		l.document.Report(n, "a sink has keys with values", "such as {name: pr-mail, type: email, team: pr, …}")
		return c, false
	}
	named, typed := l.document.DecodeKey(n, "name", &c.Name), l.document.DecodeKey(n, "type", &c.Type)
	switch {
	case !named:
	case c.Name == "":
		l.problem(path, "the sink has no name", "add name: pr-mail")
	case !listenerName.MatchString(c.Name):
		l.problem(path+".name", fmt.Sprintf("%q cannot be a sink's name", c.Name), "a to z, 0 to 9 and -, at most 63 characters")
	}
	l.sinkCommon(path, n, &c.Common)
	known := sinkNames()
	switch {
	case c.Type == "" && typed:
		l.problem(path, "the sink has no type", "add type: with one of "+strings.Join(known, ", "))
		return c, false
	case c.Type == "":
		return c, false
	case !slices.Contains(known, c.Type):
		l.problem(path+".type", fmt.Sprintf("there is no sink of type %q", c.Type), strict.Suggest(c.Type, known))
		return c, false
	}
	c.Fingerprint = l.document.Fingerprint(n) + wordsStamp(l.config.wordingOf(c.Common))
	c.Decode = func(into any) error {
		if ok := l.document.DecodeLater(n, into, sinkKeys()...); !ok && l.loaded {
			return errInvalid
		}
		return nil
	}
	return c, true
}

// sinkKeys are the keys that every sink has.
func sinkKeys() []string { return append([]string{"name", "type"}, strict.Keys(sinkCommon{})...) }

func (l *loader) sinkCommon(path string, n *strict.Node, c *sinkCommon) {
	for key, value := range map[string]any{
		"team": &c.Team, "brands": &c.Brands, "kinds": &c.Kinds, "min_urgency": &c.MinUrgency,
		"lang": &c.Lang, "zone": &c.Zone, "max_age": &c.MaxAge, "ca_file": &c.CAFile,
	} {
		l.document.DecodeKey(n, key, value)
	}
	l.sinkTeam(path, c.Team)
	for i, kind := range c.Kinds {
		if !slices.Contains(earshot.Kinds(), kind) {
			l.problem(fmt.Sprintf("%s.kinds[%d]", path, i), fmt.Sprintf("there is no kind %q", kind), strict.Suggest(string(kind), words(earshot.Kinds())))
		}
	}
	if c.MinUrgency != "" && !slices.Contains(earshot.BandNames(), earshot.Band(c.MinUrgency)) {
		l.problem(path+".min_urgency", fmt.Sprintf("there is no urgency %q", c.MinUrgency), strict.Suggest(c.MinUrgency, words(earshot.BandNames())))
	}
	brands := []string{earshot.All}
	for _, b := range l.file.Brands {
		brands = append(brands, b.Name)
	}
	for i, b := range c.Brands {
		if !slices.Contains(brands, b) {
			l.problem(fmt.Sprintf("%s.brands[%d]", path, i), fmt.Sprintf("there is no brand %q", b), strict.Suggest(b, brands))
		}
	}
	_, problems := wording.New(l.config.wordingOf(*c))
	l.problems(path, problems)
}

func (l *loader) sinkTeam(path, team string) {
	teams := append([]string{earshot.Ops}, l.teamNames()...)
	switch {
	case team == "":
		l.problem(path, "the sink has no team", "add team: with one of "+strings.Join(teams, ", "))
	case !slices.Contains(teams, team) && l.teamsKnown():
		l.problem(path+".team", fmt.Sprintf("there is no team %q", team), strict.Suggest(team, teams))
	}
}

func words[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, one := range list {
		all[i] = string(one)
	}
	return all
}

// peerTLS is how a sink protects what it sends.
func peerTLS(caFile string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return config, nil
	}
	data, err := os.ReadFile(caFile)
	if err != nil {
		return nil, errors.New("the file cannot be read")
	}
	if config.RootCAs, err = x509.SystemCertPool(); err != nil {
		config.RootCAs = x509.NewCertPool()
	}
	if !config.RootCAs.AppendCertsFromPEM(data) {
		return nil, errors.New("the file holds no certificate")
	}
	return config, nil
}

// open makes the sink. It starts nothing.
func (c SinkConfig) open(config *Config, state alerts.SinkState, act alerts.Act, log *zap.Logger) (alerts.Sink, error) {
	words, _ := wording.New(config.wordingOf(c.Common)) // what is wrong with it has been said
	protection, err := peerTLS(c.Common.CAFile)
	if err != nil {
		return nil, earshot.Problems{{Path: "ca_file", What: err.Error(), Hint: "name a PEM file"}}
	}
	return sinkDrivers()[c.Type].Open(alerts.SinkSetup{
		Name: c.Name, Team: c.Common.Team, Client: alerts.NewSinkClient(protection), TLS: protection,
		Words: words, State: state, Act: act, Log: log, Decode: c.Decode,
	})
}
