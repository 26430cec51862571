// Package youtube hears comments below the videos of watched channels, below
// single videos, and below videos that a search finds, and those videos
// themselves, by the Data API with a key. It counts what it asks for against the
// day's quota before it asks. It sees no pictures and hears no sound.
package youtube

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
)

// network is what mentions of this driver are from.
const network = "youtube"

// Config is the section of a youtube listener.
type Config struct {
	KeyFile     string                 `yaml:"key_file" jsonschema:"required,description=File with an API key of a Google Cloud project"`
	Channels    []string               `yaml:"channels" jsonschema:"description=Channels whose comments are heard: @handle or UC…"`
	Videos      []string               `yaml:"videos" jsonschema:"description=Videos whose comments are heard: the eleven characters after v="`
	Search      []string               `yaml:"search" jsonschema:"description=Searches whose videos and comments are heard"`
	Brands      bool                   `yaml:"brands" jsonschema:"description=Search for what the brands ask for"`
	Every       time.Duration          `yaml:"every" jsonschema:"description=The time between two looks at the comments of a channel or video"`
	SearchEvery time.Duration          `yaml:"search_every" jsonschema:"description=The time between two searches for the same"`
	Watch       int                    `yaml:"watch" jsonschema:"description=How many of the videos that a search found last have their comments heard"`
	Authors     bool                   `yaml:"authors" jsonschema:"description=Look up followers and age of those who comment"`
	Recheck     time.Duration          `yaml:"recheck" jsonschema:"description=How often stored comments are looked up for edits and deletions; 0 for never"`
	Budget      listeners.BudgetLimits `yaml:"budget" jsonschema:"description=Units of the quota that may be spent"`
	Searches    float64                `yaml:"searches" jsonschema:"description=Searches that may be made in a day; 0 for no limit"`
	Server      string                 `yaml:"server" jsonschema:"description=Another server that speaks the API; for tests"`
}

// What Google allows a project in a day.
const (
	dailyUnits    = 10_000
	dailySearches = 100

	apiServer    = "https://youtube.googleapis.com"
	mostWatched  = 50
	longestQuery = 500
)

func defaults() Config {
	return Config{
		Brands: true, Every: 15 * time.Minute, SearchEvery: 6 * time.Hour, Watch: 10, Authors: true, Recheck: 24 * time.Hour,
		Budget: listeners.BudgetLimits{Day: dailyUnits}, Searches: dailySearches, Server: apiServer,
	}
}

// Driver is the youtube kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: open, Searches: true}
}

// open makes a part of each channel, video and search. Problems that are warnings
// only come with the parts.
func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	searches := config.searches(setup.Queries)
	problems := config.check(len(searches))
	if problems.Fatal() {
		return nil, problems
	}
	api := newAPI(config, setup, len(searches) > 0)
	var parts []listeners.Part
	add := func(name string, find finder) {
		parts = append(parts, listeners.Part{Name: name, Source: &source{
			part: name, api: api, find: find, every: config.Every, authors: config.Authors, log: setup.Log,
		}})
	}
	for _, name := range config.Channels {
		add("channel "+name, channelFinder{name})
	}
	for _, id := range config.Videos {
		add("video "+id, videoFinder{id})
	}
	for _, text := range searches {
		add("search "+text, searchFinder{text, config.SearchEvery, config.Watch})
	}
	if config.Recheck > 0 {
		parts = append(parts, listeners.Part{Name: "recheck", Source: &listeners.Recheck{
			Network: network, Listener: setup.Name, Every: config.Recheck, Most: mostIDs, Stored: setup.Stored, Ask: api.lookUp,
		}})
	}
	if len(problems) > 0 {
		return parts, problems
	}
	return parts, nil
}

// searches are those of the configuration and of the brands, each once.
func (c Config) searches(queries []earshot.Query) []string {
	all := slices.Clone(c.Search)
	if c.Brands {
		for _, q := range queries {
			all = append(all, compile(q)...)
		}
	}
	var once []string
	for _, text := range all {
		if !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}

var (
	channelName = regexp.MustCompile(`^(@[\pL\pN._·-]{3,30}|UC[A-Za-z0-9_-]{22})$`)
	videoID     = regexp.MustCompile(`^[A-Za-z0-9_-]{11}$`)
)

// check returns what is wrong with the section, and worth a warning.
func (c Config) check(searches int) earshot.Problems {
	problems := listeners.CheckCredential("key_file", c.KeyFile)
	refuse := func(wrong bool, path, what, hint string) {
		if wrong {
			problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
		}
	}
	list := func(key string, all []string, good func(string) bool, what, hint string) {
		for i, one := range all {
			path := fmt.Sprintf("%s[%d]", key, i)
			refuse(!good(one), path, what, hint)
			refuse(slices.Contains(all[:i], one), path, "the same twice", "remove one of them")
		}
	}
	list("channels", c.Channels, channelName.MatchString, "not a channel", "write \"@handle\" or the 24 characters that begin with UC")
	list("videos", c.Videos, videoID.MatchString, "not a video", "write the eleven characters after v= in its address")
	list("search", c.Search, func(s string) bool { return strings.TrimSpace(s) != "" && len(s) <= longestQuery }, "no search", "say what to look for, in at most 500 characters")
	refuse(len(c.Channels)+len(c.Videos)+searches == 0 && !c.Brands, "channels", "there is nothing to hear", "add channels, videos or search, or leave brands on")
	refuse(c.Every <= 0, "every", "every is not positive", "give a time, 15m for example")
	refuse(c.SearchEvery <= 0, "search_every", "search_every is not positive", "give a time, 6h for example")
	refuse(c.Watch < 0 || c.Watch > mostWatched, "watch", fmt.Sprintf("not a number from 0 to %d", mostWatched), "leave it out, or write 10 for example")
	refuse(c.Recheck < 0, "recheck", "recheck is negative", "give a time, 24h for example, or 0 for never")
	refuse(!(c.Searches >= 0 && c.Searches < 1e6), "searches", "not a number of searches", "leave it out, or write 100 for example")
	u, err := url.Parse(c.Server)
	refuse(err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"), "server", "not an address", "leave it out, or write https://host")
	for _, p := range c.Budget.Check() {
		p.Path = "budget." + p.Path
		problems = append(problems, p)
	}
	if problems.Fatal() {
		return problems
	}
	return append(problems, c.checkCost(searches)...)
}

// checkCost warns of a configuration that cannot do in a day what it says.
func (c Config) checkCost(searches int) earshot.Problems {
	var problems earshot.Problems
	const day = float64(24 * time.Hour)
	units := float64(len(c.Channels)+len(c.Videos)+searches*c.Watch) * day / float64(c.Every)
	if c.Budget.Day > 0 && units > c.Budget.Day {
		problems = append(problems, earshot.Problem{
			Path: "every", Warning: true, What: fmt.Sprintf("asking so often takes about %.0f units a day, more than the budget of %.0f", units, c.Budget.Day),
			Hint: "ask less often, watch fewer videos, or ask Google for more quota",
		})
	}
	asked := float64(searches) * day / float64(c.SearchEvery)
	if c.Searches > 0 && asked > c.Searches {
		problems = append(problems, earshot.Problem{
			Path: "search_every", Warning: true, What: fmt.Sprintf("searching so often takes about %.0f searches a day, more than %.0f", asked, c.Searches),
			Hint: "search less often, or for less",
		})
	}
	return problems
}
