package mail

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
)

// Config is the section of a mail listener.
type Config struct {
	Server       string        `yaml:"server" jsonschema:"required,description=The IMAP server: a host name with a port if it is not the usual one"`
	TLS          string        `yaml:"tls" jsonschema:"enum=implicit,enum=starttls,enum=none,description=implicit (port 993) or starttls (port 143); none for a server on this machine only"`
	CAFile       string        `yaml:"ca_file" jsonschema:"description=Certificates in PEM that vouch for the server instead of those the system trusts"`
	User         string        `yaml:"user" jsonschema:"required,description=The name to log in with; usually the address"`
	PasswordFile string        `yaml:"password_file" jsonschema:"description=File with the password"`
	TokenFile    string        `yaml:"token_file" jsonschema:"description=File with an OAuth 2.0 access token (XOAUTH2 or OAUTHBEARER) instead of a password"`
	Folders      []string      `yaml:"folders" jsonschema:"minItems=1,description=The folders to hear"`
	Since        time.Duration `yaml:"since" jsonschema:"description=How far back to hear on first contact"`
	Every        time.Duration `yaml:"every" jsonschema:"description=How often to ask when the server does not tell by itself (IDLE) and how long it may be silent when it does"`
	MaxSize      int64         `yaml:"max_size" jsonschema:"description=How much of a mail is fetched in bytes; texts come before attachments"`
	After        string        `yaml:"after" jsonschema:"description=What to do with mails once they are stored: seen or move:FOLDER; nothing if left out"`
	Skip         []string      `yaml:"skip" jsonschema:"description=Kinds of mail that are not heard: auto_reply or automatic or bounce or list; without it they are heard and flagged so"`
}

// How the connection is protected.
const (
	tlsImplicit = "implicit"
	tlsStart    = "starttls"
	tlsNone     = "none"
)

// What is done with mails that are stored.
const (
	afterSeen = "seen"
	afterMove = "move:"
)

func defaults() Config {
	return Config{
		TLS: tlsImplicit, Folders: []string{"INBOX"}, Since: 30 * 24 * time.Hour, Every: 5 * time.Minute, MaxSize: 4 << 20,
	}
}

// address returns the server as it is dialled, and its name without the port.
func (c *Config) address() (address, host string) {
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		host, port = strings.Trim(c.Server, "[]"), "993"
		if c.TLS != tlsImplicit {
			port = "143"
		}
	}
	return net.JoinHostPort(host, port), host
}

// check returns what is wrong with the section, and worth a warning.
func (c *Config) check() earshot.Problems {
	problems := c.checkServer()
	problems = append(problems, c.checkCredentials()...)
	problems = append(problems, c.checkFolders()...)
	refuse := func(wrong bool, path, what, hint string) {
		if wrong {
			problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
		}
	}
	refuse(c.Since < 0, "since", "since is negative", "give a time, 30d for example")
	refuse(c.Every <= 0, "every", "every is not positive", "give a time, 5m for example")
	refuse(c.MaxSize < minSize || c.MaxSize > maxSize, "max_size", "max_size is not between 16KiB and 64MiB", "write 4MiB, or leave it out")
	if c.Every > 0 && c.Every < 10*time.Second {
		problems = append(problems, earshot.Problem{
			Path: "every", What: fmt.Sprintf("every %s asks more often than servers like", c.Every),
			Hint: "fit for tests against a server of your own only", Warning: true,
		})
	}
	for i, kind := range c.Skip {
		refuse(!slices.Contains(kinds(), kind), fmt.Sprintf("skip[%d]", i), "no kind of mail that can be told",
			"write one of "+strings.Join(kinds(), ", "))
	}
	return problems
}

const (
	minSize = 16 << 10
	maxSize = 64 << 20
)

func (c *Config) checkServer() earshot.Problems {
	_, host := c.address()
	switch {
	case c.Server == "":
		return earshot.Problems{{Path: "server", What: "server is missing", Hint: "add server: imap.example.com"}}
	case strings.ContainsAny(c.Server, "/@ ") || host == "":
		return earshot.Problems{{Path: "server", What: "not a host with or without a port", Hint: "write imap.example.com or imap.example.com:993"}}
	case c.TLS != tlsImplicit && c.TLS != tlsStart && c.TLS != tlsNone:
		return earshot.Problems{{Path: "tls", What: "none of implicit, starttls and none", Hint: "leave it out for implicit"}}
	case c.TLS == tlsNone && !isLoopback(host):
		return earshot.Problems{{Path: "tls", What: "the password would travel in the clear", Hint: "none is for a server on this machine; write implicit or starttls"}}
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c *Config) checkCredentials() earshot.Problems {
	var problems earshot.Problems
	if c.User == "" {
		problems = append(problems, earshot.Problem{Path: "user", What: "user is missing", Hint: "add user: care@example.com"})
	}
	switch {
	case c.PasswordFile != "" && c.TokenFile != "":
		return append(problems, earshot.Problem{Path: "token_file", What: "both a password and a token", Hint: "name one of password_file and token_file"})
	case c.TokenFile != "":
		return append(problems, listeners.CheckCredential("token_file", c.TokenFile)...)
	}
	return append(problems, listeners.CheckCredential("password_file", c.PasswordFile)...)
}

func (c *Config) checkFolders() earshot.Problems {
	var problems earshot.Problems
	if len(c.Folders) == 0 {
		problems = append(problems, earshot.Problem{Path: "folders", What: "folders is empty", Hint: "write folders: [INBOX], or leave it out"})
	}
	for i, folder := range c.Folders {
		path := fmt.Sprintf("folders[%d]", i)
		switch {
		case strings.TrimSpace(folder) == "":
			problems = append(problems, earshot.Problem{Path: path, What: "a folder without a name", Hint: "write INBOX for example"})
		case slices.Contains(c.Folders[:i], folder):
			problems = append(problems, earshot.Problem{Path: path, What: "the same folder twice", Hint: "remove one of them"})
		}
	}
	target, moves := strings.CutPrefix(c.After, afterMove)
	switch {
	case c.After == "" || c.After == afterSeen:
	case !moves || target == "":
		problems = append(problems, earshot.Problem{Path: "after", What: "neither seen nor move:FOLDER", Hint: "leave it out to touch nothing"})
	case slices.Contains(c.Folders, target):
		problems = append(problems, earshot.Problem{Path: "after", What: "mails would be moved to a folder that is heard", Hint: "choose another folder"})
	}
	return problems
}
