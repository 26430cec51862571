package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"earshot"
	"earshot/bus"
	"earshot/cmd/earshot/strict"
	"earshot/rules"
)

func (l *loader) checkSettings() {
	f := &l.file
	if f.State == "" {
		l.problem("state", "the directory is missing", "such as /var/lib/earshot")
	}
	l.checkRetention(f.Retention)
	if what := wrongAddress(f.HTTP.Listen); f.HTTP.Listen != "" && what != "" {
		l.problem("http.listen", what, "write host:port, such as 127.0.0.1:9090")
	}
	l.checkInbox(f.Inbox)
	l.checkHeartbeat(f.Heartbeat)
	busListen := f.Bus.Listen
	if busListen == "" && f.Bus.URL == "" {
		busListen = bus.DefaultListen
	}
	if f.HTTP.Listen != "" && f.HTTP.Listen == busListen && !strings.HasSuffix(f.HTTP.Listen, ":0") {
		l.problem("http.listen", "the bus listens at the same address", "give each its own port")
	}
	if f.Urgency.Critical > 100 {
		l.problem("urgency.critical", "urgency ends at 100", "such as 85")
	}
	l.oneOf("log.level", f.Log.Level, logLevels())
	l.oneOf("log.format", f.Log.Format, logFormats())
}

func (l *loader) checkInbox(c InboxConfig) {
	if what := wrongAddress(c.Listen); c.Listen != "" && what != "" {
		l.problem("inbox.listen", what, "write host:port, such as 127.0.0.1:8080")
	}
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		l.problem("inbox.url", "not an address", "write https:// and the name under which the outside reaches earshot")
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		l.problem("inbox", "a certificate needs a key, and a key a certificate", "give both cert_file and key_file, or neither")
	}
	if c.Listen == "" && c.URL != "" {
		l.problem("inbox.listen", "listen is missing: nothing can be pushed", "add listen: 127.0.0.1:8080")
	}
}

func (l *loader) checkHeartbeat(c HeartbeatConfig) {
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Host == "") {
		l.problem("heartbeat.url", "not an address", "write https://… or give a url_file")
	}
	if c.URL != "" && c.URLFile != "" {
		l.problem("heartbeat.url_file", "the address is given twice", "give url or url_file")
	}
	if c.on() && c.Every < time.Second {
		l.problem("heartbeat.every", "a beat a second is the most", "such as 1m")
	}
}

func (l *loader) oneOf(path, value string, known []string) {
	if !slices.Contains(known, value) {
		l.problem(path, "unknown "+path[strings.LastIndexByte(path, '.')+1:], strict.Suggest(value, known))
	}
}

// Below these a retention is a mistake, or may be one.
const (
	leastRetention = time.Hour // the bus refuses less
	shortRetention = 24 * time.Hour
)

func (l *loader) checkRetention(kept time.Duration) {
	p := earshot.Problem{Path: "retention", What: "this would erase nearly everything", Hint: "at least 1h, such as 30d"}
	if kept >= leastRetention {
		p = earshot.Problem{Path: "retention", What: "mentions are gone before anybody can look back a day", Hint: "such as 30d", Warning: true}
	}
	if kept < shortRetention {
		l.document.ReportProblem(p, "")
	}
}

// wrongAddress says why nobody can listen there, as far as can be told without
// asking the network.
func wrongAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "not an address"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "the port is not a number from 0 to 65535"
	}
	if _, err := netip.ParseAddr(host); err != nil && strings.Trim(host, "0123456789.") == "" && host != "" {
		return "the host is not an IP address"
	}
	return ""
}

// checkUsers looks for the teams of the users. What is no word at all has been
// reported by the bus.
func (l *loader) checkUsers() {
	if !l.teamsKnown() {
		return
	}
	teams := l.teamNames()
	for i, u := range l.file.Bus.Users {
		if u.Team != "" && !slices.Contains(teams, u.Team) {
			l.problem(fmt.Sprintf("bus.users[%d].team", i), fmt.Sprintf("there is no team %q", u.Team), strict.Suggest(u.Team, teams))
		}
	}
}

// checkPresence looks for what a daemon needs to be of use. In a file with other
// mistakes it may be there under another name.
func (l *loader) checkPresence() {
	if _, err := l.findings(); err != nil {
		return
	}
	root := l.document.Root()
	if len(l.file.Brands) == 0 {
		l.document.Warn(root, "no brands: nothing that is heard will concern anybody", "add brands:")
	}
	if len(l.file.Listeners) == 0 {
		l.document.Warn(root, "no listeners: nothing will be heard", "add listeners:")
	}
	routes := slices.ContainsFunc(l.file.Rules, func(r rules.Rule) bool { return len(r.Send)+len(r.Routes) > 0 })
	if routes && len(l.file.Teams) == 0 {
		l.problem("rules", "the rules send to teams, and there are none", "add teams:")
	}
}

// refused turns problems with a configuration that showed only when a part was
// started into what Load would have said of them. Other errors stay as they are.
func refused(file string, err error) error {
	var problems earshot.Problems
	if !errors.As(err, &problems) || !problems.Fatal() {
		return err
	}
	invalid := &ConfigError{File: file}
	for _, p := range problems {
		what := p.What
		if p.Path != "" {
			what = p.Path + ": " + what
		}
		invalid.Findings = append(invalid.Findings, strict.Finding{File: file, What: what, Hint: p.Hint, Warning: p.Warning})
	}
	return invalid
}
