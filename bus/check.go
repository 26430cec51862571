package bus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nkeys"

	"earshot"
)

var word = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// check gathers what is wrong with a section.
type check struct {
	Config

	problems earshot.Problems
}

func (c *check) add(path, what, hint string) {
	c.problems = append(c.problems, earshot.Problem{Path: "bus." + path, What: what, Hint: hint})
}

// Check returns everything that is wrong with the section, for the teams there
// are. It reads the files that tls names, and says nothing of those it cannot open.
func (c Config) Check(teams ...string) earshot.Problems {
	k := &check{Config: c}
	k.addresses()
	k.sizes()
	k.tls()
	if c.Replicas < 0 || c.Replicas > 5 {
		k.add("replicas", fmt.Sprintf("%d replicas", c.Replicas), "write 1, 3 or 5")
	}
	if c.User != "" && c.PasswordFile == "" {
		k.add("password_file", "is missing", "name a file with the password of "+c.User)
	}
	k.users(append([]string{earshot.Ops}, teams...))
	return k.problems
}

func (c *check) addresses() {
	if c.URL != "" && c.Listen != "" {
		c.add("listen", "both listen and url are given", "keep url for an external server, listen for the embedded one")
		return
	}
	if c.Listen != "" {
		_, port, err := net.SplitHostPort(c.Listen)
		if !isPort(port) || err != nil {
			c.add("listen", "not an address with a port from 0 to 65535", "write host:port, such as "+DefaultListen)
		}
	}
	// Like the client, it takes the addresses of several servers of a cluster.
	for address := range strings.SplitSeq(c.URL, ",") {
		if c.URL != "" && !isURL(strings.TrimSpace(address)) {
			c.add("url", "not the address of a NATS server", "write nats://host:port or tls://host:port")
			return
		}
	}
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n <= 65535
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) &&
		u.Hostname() != "" && (u.Port() == "" || isPort(u.Port()))
}

func (c *check) sizes() {
	for _, size := range []struct {
		path         string
		bytes, least int64
	}{{"max_bytes", c.MaxBytes, minStore}, {"reserve", c.Reserve, minReserve}} {
		if size.bytes != 0 && size.bytes < size.least {
			c.add(size.path, fmt.Sprintf("%d bytes are too few to work with", size.bytes), fmt.Sprintf("write at least %dMiB", size.least>>20))
		}
	}
}

func (c *check) tls() {
	t := c.TLS
	if (t.CertFile == "") != (t.KeyFile == "") {
		c.add("tls", "cert_file and key_file belong together", "")
	} else if t.CertFile != "" {
		if _, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile); unusable(err) {
			c.add("tls.cert_file", "is no certificate that key_file belongs to", "name PEM files of one pair")
		}
	}
	if t.CAFile != "" {
		data, err := os.ReadFile(t.CAFile)
		if err == nil && !x509.NewCertPool().AppendCertsFromPEM(data) {
			c.add("tls.ca_file", "holds no certificate", "name a PEM file")
		}
	}
}

// unusable reports whether files that can be read are not what they must be.
func unusable(err error) bool {
	var unread *fs.PathError
	return err != nil && !errors.As(err, &unread)
}

func (c *check) users(teams []string) {
	names, keys := make(map[string]bool), make(map[string]bool)
	for i, u := range c.Users {
		path := fmt.Sprintf("users[%d].", i)
		switch {
		case !word.MatchString(u.Name) || u.Name == daemonUser:
			c.add(path+"name", fmt.Sprintf("%q cannot be the name of a user", u.Name), "use a-z, 0-9 and -")
		case names[u.Name]:
			c.add(path+"name", fmt.Sprintf("there is another user %q", u.Name), "give each a name of its own")
		}
		names[u.Name] = true
		c.role(path, u, teams)
		switch {
		case u.Nkey == "":
		case !nkeys.IsValidPublicUserKey(u.Nkey):
			c.add(path+"nkey", "not the public key of a user", "write the key that begins with U, which nk -gen user -pubout prints")
		case keys[u.Nkey]:
			c.add(path+"nkey", "another user has this key", "give each a key of its own")
		}
		keys[u.Nkey] = true
	}
}

func (c *check) role(path string, u User, teams []string) {
	switch u.Role {
	case Team, Person:
		if !word.MatchString(u.Team) {
			c.add(path+"team", fmt.Sprintf("%q is not a team", u.Team), "name the team the user belongs to")
		} else if u.Role == Team && u.Team != u.Name && slices.Contains(teams, u.Name) {
			// It would take the place of the user that the team of its name has.
			c.add(path+"team", fmt.Sprintf("user %q has the name of another team", u.Name), "give the user another name")
		}
	case Readonly:
	case Daemon:
		c.add(path+"role", "the daemon makes its own user", "use team, person or readonly")
	default:
		c.add(path+"role", fmt.Sprintf("unknown role %q", u.Role), "use team, person or readonly")
	}
}
