package facebook

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"time"

	"earshot"
	"earshot/listeners"
)

// Config is the section of a facebook listener.
type Config struct {
	Accounts        []Account     `yaml:"accounts" jsonschema:"required,minItems=1,description=The pages and Instagram accounts to hear"`
	AppSecretFile   string        `yaml:"app_secret_file" jsonschema:"description=File with the app's secret: proves requests and checks what Meta delivers"`
	VerifyTokenFile string        `yaml:"verify_token_file" jsonschema:"description=File with the word that Meta says when it subscribes; with it deliveries are accepted"`
	Poll            bool          `yaml:"poll" jsonschema:"description=Ask for posts and comments as well as having them delivered"`
	Every           time.Duration `yaml:"every" jsonschema:"description=How often to ask"`
	Since           time.Duration `yaml:"since" jsonschema:"description=How old posts may be whose comments are still asked for; also how far back to hear on first contact"`
	API             string        `yaml:"api" jsonschema:"description=Where the Graph API is; for tests"`
	Version         string        `yaml:"version" jsonschema:"description=Version of the Graph API"`
}

// Account is one page or Instagram account that its owner lets us read.
type Account struct {
	Page      string `yaml:"page" jsonschema:"description=ID of a Facebook page"`
	Instagram string `yaml:"instagram" jsonschema:"description=ID of an Instagram professional account"`
	TokenFile string `yaml:"token_file" jsonschema:"required,description=File with the page access token of the page or of the page that the Instagram account belongs to"`
}

func defaults() Config {
	return Config{
		Poll: true, Every: 2 * time.Minute, Since: 7 * 24 * time.Hour,
		API: "https://graph.facebook.com", Version: "v24.0",
	}
}

// id is the account's own, and network the one that it is on.
func (a Account) id() (network, id string) {
	if a.Instagram != "" {
		return instagram, a.Instagram
	}
	return facebook, a.Page
}

var (
	digits  = regexp.MustCompile(`^[0-9]{1,30}$`)
	version = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)
)

// check returns what is wrong with the section, and worth a warning.
func (c *Config) check() earshot.Problems {
	problems := c.checkAccounts()
	refuse := func(wrong bool, path, what, hint string) {
		if wrong {
			problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
		}
	}
	refuse(c.Every <= 0, "every", "every is not positive", "give a time, 2m for example")
	refuse(c.Since <= 0, "since", "since is not positive", "give a time, 7d for example")
	refuse(!version.MatchString(c.Version), "version", "not a version of the Graph API", "write v24.0 for example")
	u, err := url.Parse(c.API)
	refuse(err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil, "api", "not an address", "leave it out")
	refuse(!c.Poll && c.VerifyTokenFile == "", "poll", "neither asked for nor delivered", "leave poll out, or add verify_token_file and app_secret_file")
	if c.VerifyTokenFile != "" {
		problems = append(problems, listeners.CheckCredential("verify_token_file", c.VerifyTokenFile)...)
	}
	if c.VerifyTokenFile != "" || c.AppSecretFile != "" {
		problems = append(problems, listeners.CheckCredential("app_secret_file", c.AppSecretFile)...)
	}
	if c.Every > 0 && c.Every < 10*time.Second {
		problems = append(problems, earshot.Problem{
			Path: "every", What: fmt.Sprintf("every %s uses the hour's requests up", c.Every),
			Hint: "fit for tests against a server of your own only", Warning: true,
		})
	}
	return problems
}

func (c *Config) checkAccounts() earshot.Problems {
	var problems earshot.Problems
	if len(c.Accounts) == 0 {
		problems = append(problems, earshot.Problem{Path: "accounts", What: "accounts is missing", Hint: `add accounts: [{page: "1234", token_file: page.token}]`})
	}
	for i, a := range c.Accounts {
		path := fmt.Sprintf("accounts[%d]", i)
		network, id := a.id()
		same := func(b Account) bool {
			otherNetwork, other := b.id()
			return otherNetwork == network && other == id
		}
		switch {
		case (a.Page == "") == (a.Instagram == ""):
			problems = append(problems, earshot.Problem{Path: path, What: "not one of page and instagram", Hint: `write {page: "1234", token_file: page.token}`})
		case !digits.MatchString(id):
			problems = append(problems, earshot.Problem{Path: path, What: "an ID is a number, not a name", Hint: "docs/sources/facebook.md says where to find it"})
		case slices.ContainsFunc(c.Accounts[:i], same):
			problems = append(problems, earshot.Problem{Path: path, What: "the same account twice", Hint: "remove one of them"})
		}
		for _, p := range listeners.CheckCredential("token_file", a.TokenFile) {
			p.Path = path + "." + p.Path
			problems = append(problems, p)
		}
	}
	return problems
}
