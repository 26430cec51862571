// Package mastodon hears timelines of a server that speaks the API of Mastodon:
// hashtags, what is public, and what mentions an account; by asking, and by a
// stream where there is one, with edits and deletions. It assumes nothing that
// only one kind of server keeps. Retries are the runner's, what concerns a brand
// is decided elsewhere.
package mastodon

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

const network = "mastodon"

// Driver is the mastodon kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: open}
}

// open makes a part of each timeline. Problems that are warnings only come with
// the parts.
func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	problems := config.check(setup.Queries)
	if problems.Fatal() {
		return nil, problems
	}
	server, err := url.Parse(strings.TrimRight(config.Server, "/"))
	if err != nil {
		return nil, fmt.Errorf("reading the address: %w", err)
	}
	s := &instance{url: server, config: config, client: setup.Client, stream: setup.Stream}
	var parts []listeners.Part
	for _, t := range timelines(config, setup.Queries) {
		log := setup.Log.With(zap.String("part", t.name))
		parts = append(parts, listeners.Part{Name: t.name, Source: &source{server: s, timeline: t, log: log}})
	}
	if len(problems) > 0 {
		return parts, problems
	}
	return parts, nil
}

// timeline is what a part hears.
type timeline struct {
	name   string // of the part
	tag    string
	public string // all, local, remote; empty for the other kinds
	stream string // as the streaming API calls it
}

func (t timeline) isNotifications() bool { return t.tag == "" && t.public == "" }

func timelines(c Config, queries []earshot.Query) []timeline {
	var all []timeline
	var tags []string
	for _, tag := range c.Tags {
		tags = append(tags, plainTag(tag))
	}
	if c.Brands {
		tags = append(tags, tagsOf(queries)...)
	}
	slices.Sort(tags)
	for _, tag := range slices.Compact(tags) {
		all = append(all, timeline{name: "tag " + tag, tag: tag, stream: "hashtag"})
	}
	if c.Public != "" {
		stream := map[string]string{"all": "public", "local": "public:local", "remote": "public:remote"}[c.Public]
		all = append(all, timeline{name: "public " + c.Public, public: c.Public, stream: stream})
	}
	if c.Notifications {
		all = append(all, timeline{name: "notifications", stream: "user:notification"})
	}
	return all
}
