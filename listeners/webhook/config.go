package webhook

import (
	"fmt"
	"regexp"
	"time"

	"earshot"
	"earshot/listeners/mapping"
)

// Config is the section of a webhook listener.
type Config struct {
	Network    string         `yaml:"network" jsonschema:"required,description=Public name of the network that the posts are from: the first half of their IDs,example=helpdesk"`
	Signature  string         `yaml:"signature" jsonschema:"required,description=How a delivery proves where it is from,enum=standard,enum=github,enum=token"`
	SecretFile string         `yaml:"secret_file" jsonschema:"required,description=File with the secret that the sender signs with or the token that it shows; several lines while one replaces another"`
	Header     string         `yaml:"header" jsonschema:"description=Header with the signature of the kind github; X-Hub-Signature-256 if left out"`
	Tolerance  time.Duration  `yaml:"tolerance" jsonschema:"description=How old a signature of the kind standard may be and how far ahead the sender's clock"`
	MaxBody    int64          `yaml:"max_body" jsonschema:"description=The largest delivery"`
	Mapping    mapping.Config `yaml:"mapping" jsonschema:"required,description=How an item of a delivery becomes a mention; see docs/sources/mapping.md"`
}

// Kinds of signatures.
const (
	standard = "standard" // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
	github   = "github"   // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
	token    = "token"    // RFC 6750, section 2.1
)

const mostBody = 16 << 20

func defaults() Config {
	return Config{Header: "X-Hub-Signature-256", Tolerance: 5 * time.Minute, MaxBody: 1 << 20}
}

var networkName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// check returns what is wrong with everything that is not an expression.
func (c *Config) check() earshot.Problems {
	var problems earshot.Problems
	refuse := func(wrong bool, path, what, hint string) {
		if wrong {
			problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
		}
	}
	refuse(!networkName.MatchString(c.Network), "network", "network is not the name of a network", "a to z, 0 to 9 and -, such as helpdesk")
	refuse(c.Signature != standard && c.Signature != github && c.Signature != token, "signature", "signature is none of standard, github and token", "anybody could send otherwise: say how the sender proves who it is")
	refuse(c.SecretFile == "", "secret_file", "secret_file is missing", "name the file that holds the secret")
	refuse(c.Header == "", "header", "header is empty", "leave it out")
	refuse(c.Tolerance < time.Second || c.Tolerance > time.Hour, "tolerance", "tolerance is not between a second and an hour", "give a time, 5m for example")
	refuse(c.MaxBody < 1 || c.MaxBody > mostBody, "max_body", fmt.Sprintf("max_body is not between 1 and %d bytes", int64(mostBody)), "give a size, 1MiB for example")
	return problems
}
