package bus

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a user may do.
type Role string

// The roles.
const (
	Daemon   Role = "daemon"   // earshot itself
	Team     Role = "team"     // reads what its team is told, with the team's durable
	Person   Role = "person"   // a member of a team: the same, and acts on cases under its own name
	Readonly Role = "readonly" // reads everything but private mentions, live
)

// Permissions are the subjects a user may publish to and subscribe to. All
// others are denied.
type Permissions struct {
	Publish, Subscribe []string
	Responses          bool // may answer requests
}

// PermissionsOf returns what a user of a role may do. The team of a team user is
// its own name unless it is given.
func PermissionsOf(role Role, name, team string) Permissions {
	inbox := "_INBOX_" + name + ".>"
	switch role {
	case Daemon:
		return Permissions{
			Publish:   []string{"earshot.>", "$KV.>", "$JS.API.>", "$JS.ACK.>", "$JS.SNAPSHOT.>"},
			Subscribe: []string{"earshot.>", "_INBOX.>", "$KV.>", "$SRV.>"},
			Responses: true,
		}
	case Team, Person:
		durable := streamAlerts + "." + team
		p := Permissions{
			Publish: []string{
				"$JS.API.CONSUMER.INFO." + durable,
				"$JS.API.CONSUMER.MSG.NEXT." + durable,
				"$JS.ACK." + durable + ".>",
			},
			Subscribe: []string{"earshot.alerts." + team + ".>", "earshot.cases." + team + ".>", inbox},
		}
		if role == Person {
			p.Publish = append(p.Publish, "earshot.ctl.cases."+team+"."+name+".>")
		}
		return p
	case Readonly:
		return Permissions{Subscribe: []string{"earshot.mentions.>", "earshot.alerts.>", "earshot.cases.>", inbox}}
	}
	return Permissions{}
}

// text writes the permissions as the server's configuration wants them.
func (p Permissions) text(indent string) string {
	var b strings.Builder
	list := func(what string, subjects []string) {
		rule := `deny: ">"`
		if len(subjects) > 0 {
			rule = fmt.Sprintf("allow: %s", quoteAll(subjects))
		}
		fmt.Fprintf(&b, "%s  %s: { %s }\n", indent, what, rule)
	}
	list("publish", p.Publish)
	list("subscribe", p.Subscribe)
	if p.Responses {
		fmt.Fprintf(&b, "%s  allow_responses: { max: 100, expires: \"1m\" }\n", indent)
	}
	return "{\n" + b.String() + indent + "}"
}

func quoteAll(subjects []string) string {
	quoted := make([]string, len(subjects))
	for i, s := range subjects {
		quoted[i] = quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote writes a string of the server's configuration language.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`
}

// account is the name of the account earshot lives in.
const account = "EARSHOT"

// daemonUser is the name of the daemon's own user.
const daemonUser = "daemon"

// login is a user with what it proves itself by.
type login struct {
	User
	password string // plain or bcrypt; empty with an nkey
}

// accountsText writes the accounts block of a server's configuration.
func accountsText(logins []login) string {
	var b strings.Builder
	fmt.Fprintf(&b, "accounts: {\n  %s: {\n    jetstream: enabled\n    users: [\n", account)
	for _, l := range logins {
		id := fmt.Sprintf("user: %s, password: %s", quote(l.Name), quote(l.password))
		if l.Nkey != "" {
			id = "nkey: " + quote(l.Nkey)
		}
		fmt.Fprintf(&b, "      { %s\n        permissions: %s }\n", id,
			PermissionsOf(l.Role, l.Name, l.Team).text("        "))
	}
	b.WriteString("    ]\n  }\n}\n")
	return b.String()
}

// allUsers adds the daemon and a user per team to the configured users. A
// configured user of a team's name takes the place of the team's own.
func allUsers(teams []string, users []User) []User {
	all := []User{{Name: daemonUser, Role: Daemon}}
	for _, team := range teams {
		if !slices.ContainsFunc(users, func(u User) bool { return u.Name == team }) {
			all = append(all, User{Name: team, Role: Team, Team: team})
		}
	}
	return append(all, users...)
}

// ServerConfig writes the accounts block that an operator installs on an
// external server: the permissions of the daemon, of every team and of further
// users. Passwords are given in clear or, better, as bcrypt hashes.
func ServerConfig(teams []string, users []User, passwords map[string]string) string {
	var logins []login
	for _, u := range allUsers(teams, users) {
		logins = append(logins, login{User: u, password: passwords[u.Name]})
	}
	return accountsText(logins)
}
