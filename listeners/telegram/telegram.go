// Package telegram hears the groups and channels that a bot is in, by long
// polling of the Bot API. An update is confirmed only after it is stored. It hears
// no history, no deletions and nothing where the bot is not, since Telegram tells
// bots of none; it never writes.
package telegram

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"earshot"
	"earshot/listeners"
)

// network is what mentions of this driver are from.
const network = "telegram"

// Config is the section of a telegram listener.
type Config struct {
	TokenFile string   `yaml:"token_file" jsonschema:"required,description=File with the token that @BotFather gave"`
	Chats     []string `yaml:"chats" jsonschema:"description=The only chats that are heard: @name or the number of a chat in quotes; left out all that the bot is in"`
	Direct    bool     `yaml:"direct" jsonschema:"description=Hear what people write to the bot itself too"`
	Server    string   `yaml:"server" jsonschema:"description=Another server of the Bot API such as one of your own"`
}

const apiServer = "https://api.telegram.org"

func defaults() Config { return Config{Server: apiServer} }

// Driver is the telegram kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: open}
}

// open makes the one part: a bot has one queue. Problems that are warnings only
// come with it.
func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	problems := config.check()
	if problems.Fatal() {
		return nil, problems
	}
	parts := []listeners.Part{{Name: "updates", Source: &source{
		config: config,
		bot:    bot{file: config.TokenFile, server: strings.TrimSuffix(config.Server, "/"), client: setup.Client},
		log:    setup.Log,
	}}}
	if len(problems) > 0 {
		return parts, problems
	}
	return parts, nil
}

var chatName = regexp.MustCompile(`^(@[A-Za-z0-9_]{4,32}|-?[0-9]{1,20})$`)

// check returns what is wrong with the section, and worth a warning.
func (c Config) check() earshot.Problems {
	problems := listeners.CheckCredential("token_file", c.TokenFile)
	for i, chat := range c.Chats {
		path := fmt.Sprintf("chats[%d]", i)
		switch {
		case !chatName.MatchString(chat):
			problems = append(problems, earshot.Problem{Path: path, What: "neither the name nor the number of a chat", Hint: `write "@name" or "-1001234567890"`})
		case slices.Contains(c.Chats[:i], chat):
			problems = append(problems, earshot.Problem{Path: path, What: "the same chat twice", Hint: "remove one of them"})
		}
	}
	if u, err := url.Parse(c.Server); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, earshot.Problem{Path: "server", What: "not an address", Hint: "leave it out, or write https://host"})
	}
	return problems
}
