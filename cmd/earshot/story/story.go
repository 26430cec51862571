// Package story is the tale that earshot demo tells: hand-written posts about an
// invented toy maker, the alerts each of them should raise, the feeds that
// publish them while the tale goes on, and the ledger that compares what was
// raised with what should have been. It knows nothing of the daemon that
// listens; package main brings the two together.
package story

import (
	"strings"
	"time"

	"earshot"
)

// Story is the whole tale: who publishes, and what happens in which order.
type Story struct {
	Brand  string        // the brand that every expected alert is about
	Length time.Duration // how long the tale takes as it is written
	Feeds  []Feed        // in the order of story.yaml
	Steps  []Step        // in the order in which they happen
}

// Feed is one publication of the tale.
type Feed struct {
	Name   string `yaml:"name"`   // as posts name it
	Format Format `yaml:"format"` // decides the path and the content type
	Title  string `yaml:"title"`  // for readers
	Home   string `yaml:"home"`   // base of the addresses of its posts
}

// Path is where the feed server offers the feed.
func (f Feed) Path() string { return "/" + f.Name + "." + string(f.Format) }

// tag is the ID of a post in the feed, the same for ever.
func (f Feed) tag(id string) string {
	host := strings.TrimPrefix(f.Home, "https://")
	return "tag:" + host + ",2026:" + id
}

// Format is how a feed is written.
type Format string

// The formats of feeds.
const (
	RSS  Format = "rss"
	Atom Format = "atom"
	JSON Format = "json"
)

// Step is one thing that happens: somebody writes a post, changes one or takes
// one back.
type Step struct {
	Does    earshot.Change // New, Edited or Deleted
	At      time.Duration  // since the beginning of the tale as it is written
	Chapter string         // the part of the tale it belongs to
	Feed    Feed           // where it is published
	ID      string         // of the post, unique in the tale
	Name    string         // the author's name
	Handle  string         // the author's handle with @, empty where people write under their names
	Lang    string
	Title   string
	Text    string
	Link    string        // an address the post points to
	Reply   string        // ID of the post it answers
	Age     time.Duration // how much older than the tale the post claims to be
	Matches bool          // whether the post is about the brand
	Case    string        // the matter it belongs to, by the author's name for it
	Expect  []Expectation // the alerts it must raise, no more and no fewer; those held are not told one by one
}

// Mention is the ID under which earshot knows the post.
func (s Step) Mention() string { return "rss:" + s.Feed.tag(s.ID) }

// URL is where people would open the post.
func (s Step) URL() string { return s.Feed.Home + "/" + s.ID }

// Expectation is one alert that a step must raise.
type Expectation struct {
	Team    string       `yaml:"team"`
	Kind    earshot.Kind `yaml:"kind"`
	Topic   string       `yaml:"topic"`
	Urgency earshot.Band `yaml:"urgency"`
	Why     earshot.Why  `yaml:"why"`
}

// Held is, as the occasion of an expectation, no alert: the case grows, and its team
// has just heard of it.
const Held earshot.Why = "held"

// Posts counts the posts of the tale, edits and deletions left out.
func (s *Story) Posts() int {
	n := 0
	for _, step := range s.Steps {
		if step.Does == earshot.New {
			n++
		}
	}
	return n
}
