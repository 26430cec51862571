package bus

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"earshot"
)

// Role is what a user may do.
type Role string

// The roles.
const (
	Daemon   Role = "daemon"   // earshot itself
	Team     Role = "team"     // reads what its team is told, with the team's durable
	Person   Role = "person"   // a member of a team: the same, and acts on cases and mutes under its own name
	Readonly Role = "readonly" // reads everything but private mentions and alerts that quote them, live
)

// Permissions are the subjects a user may publish to and subscribe to. All
// others are denied.
type Permissions struct {
	Publish, Subscribe []string
	Unheard            []string // among those subscribed to, never delivered
	Responses          bool     // may answer requests
}

// PermissionsOf returns what a user of a role may do. The team of a team user is
// its own name unless it is given.
func PermissionsOf(role Role, name, team string) Permissions {
	inbox := "_INBOX_" + name + ".>"
	switch role {
	case Daemon:
		return Permissions{
			Publish:   []string{"earshot.>", "$KV.>", "$JS.API.>", "$JS.ACK.>", "$JS.SNAPSHOT.>", "$SRV.>"},
			Subscribe: []string{"earshot.>", "_INBOX.>", "$KV.>", "$SRV.>"},
			Responses: true,
		}
	case Team, Person:
		durable := streamAlerts + "." + team
		p := Permissions{
			Publish: []string{
				APIPrefix + ".CONSUMER.INFO." + durable,
				APIPrefix + ".CONSUMER.MSG.NEXT." + durable,
				"$JS.ACK." + durable + ".>",
			},
			Subscribe: []string{"earshot.alerts." + team + ".>", "earshot.cases." + team + ".>", inbox},
		}
		if role == Person {
			p.Publish = append(p.Publish, Cases.subject(team, name, ">"), Mutes.subject(team, name, ">"))
		}
		return p
	case Readonly:
		return Permissions{
			Subscribe: []string{"earshot.mentions.>", "earshot.alerts.>", "earshot.cases.>", inbox},
			Unheard:   []string{"earshot.alerts.*.*.*.*." + privateToken},
		}
	}
	return Permissions{}
}

// text writes the permissions as the server's configuration wants them.
func (p Permissions) text(indent string) string {
	var b strings.Builder
	list := func(what string, allowed, denied []string) {
		rule := `deny: ">"`
		if len(allowed) > 0 {
			rule = fmt.Sprintf("allow: %s", quoteAll(allowed))
		}
		if len(denied) > 0 {
			rule += fmt.Sprintf(", deny: %s", quoteAll(denied))
		}
		fmt.Fprintf(&b, "%s  %s: { %s }\n", indent, what, rule)
	}
	list("publish", p.Publish, nil)
	list("subscribe", p.Subscribe, p.Unheard)
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

// teamAccount is the name of the account that the users of a team live in. Were
// they in earshot's own, they could have the server answer a request of theirs to
// any subject by naming it as the reply, and so overwrite the progress or delete a
// stream. Answers to another account cannot leave it.
func teamAccount(team string) string { return account + "-" + team }

// daemonUser is the name of the daemon's own user.
const daemonUser = "daemon"

// login is a user with what it proves itself by.
type login struct {
	User
	password string // plain or bcrypt; empty with an nkey
}

// accountsText writes the accounts block of a server's configuration.
func accountsText(logins []login) string {
	own := make(map[string][]login)
	var teams []string
	for _, l := range logins {
		if l.Role != Team && l.Role != Person {
			l.Team = ""
		}
		if l.Team != "" && !slices.Contains(teams, l.Team) {
			teams = append(teams, l.Team)
		}
		own[l.Team] = append(own[l.Team], l)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "accounts: {\n  %s: {\n    jetstream: enabled\n", quote(account))
	writeUsers(&b, own[""])
	b.WriteString("    exports: [\n")
	for _, team := range teams {
		for _, s := range shared(team) {
			fmt.Fprintf(&b, "      { %s: %s, accounts: [%s]%s }\n", s.kind, quote(s.subject), quote(teamAccount(team)), s.answers)
		}
	}
	b.WriteString("    ]\n  }\n")
	for _, team := range teams {
		fmt.Fprintf(&b, "  %s: {\n", quote(teamAccount(team)))
		writeUsers(&b, own[team])
		b.WriteString("    imports: [\n")
		for _, s := range shared(team) {
			fmt.Fprintf(&b, "      { %s: { account: %s, subject: %s }%s }\n", s.kind, quote(account), quote(s.subject), s.as())
		}
		b.WriteString("    ]\n  }\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// share is a subject of earshot's account that a team's account may use.
type share struct{ kind, subject, answers string }

// APIPrefix is what team users write instead of $JS.API, which is where each
// account finds the JetStream of its own, and a team's has none.
const APIPrefix = "earshot.api"

// as names the subject anew where the team's account uses it.
func (s share) as() string {
	if rest, ok := strings.CutPrefix(s.subject, "$JS.API"); ok {
		return ", to: " + quote(APIPrefix+rest)
	}
	return ""
}

func shared(team string) []share {
	durable := streamAlerts + "." + team
	return []share{
		{"stream", "earshot.alerts." + team + ".>", ""},
		{"stream", "earshot.cases." + team + ".>", ""},
		{"service", "$JS.API.CONSUMER.INFO." + durable, ""},
		{"service", "$JS.API.CONSUMER.MSG.NEXT." + durable, ", response_type: stream"},
		{"service", "$JS.ACK." + durable + ".>", ""},
		{"service", "earshot.ctl.cases." + team + ".>", ""},
		{"service", "earshot.ctl.mutes." + team + ".>", ""},
	}
}

func writeUsers(b *strings.Builder, logins []login) {
	b.WriteString("    users: [\n")
	for _, l := range logins {
		id := fmt.Sprintf("user: %s, password: %s", quote(l.Name), quote(l.password))
		if l.Nkey != "" {
			id = "nkey: " + quote(l.Nkey)
		}
		fmt.Fprintf(b, "      { %s\n        permissions: %s }\n", id,
			PermissionsOf(l.Role, l.Name, l.Team).text("        "))
	}
	b.WriteString("    ]\n")
}

// allUsers adds the daemon and a user per team, ops among them, to the configured
// users. A configured user of a team's name takes the place of the team's own.
func allUsers(teams []string, users []User) []User {
	all := []User{{Name: daemonUser, Role: Daemon}}
	if !slices.Contains(teams, earshot.Ops) {
		teams = append(slices.Clone(teams), earshot.Ops)
	}
	for _, team := range teams {
		if !slices.ContainsFunc(users, func(u User) bool { return u.Name == team }) {
			all = append(all, User{Name: team, Role: Team, Team: team})
		}
	}
	return append(all, users...)
}

// ServerConfig writes the accounts block that an operator installs on an
// external server: the permissions of the daemon, of every team and of further
// users. Passwords are given in clear or, better, as bcrypt hashes; a user
// without one gets one that nobody knows.
func ServerConfig(teams []string, users []User, passwords map[string]string) string {
	var logins []login
	for _, u := range allUsers(teams, users) {
		l := login{User: u, password: passwords[u.Name]}
		if l.password == "" {
			l.password = rand.Text()
		}
		logins = append(logins, l)
	}
	return accountsText(logins)
}
