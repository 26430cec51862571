package bluesky

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"earshot/listeners/jsonscan"
)

// event is a message of Jetstream, as far as it matters here.
// Source: the README of bluesky-social/jetstream, and the lexicons of app.bsky.
type event struct {
	DID      string   `json:"did"`
	TimeUS   int64    `json:"time_us"` // when the instance saw it, in microseconds since 1970
	Cursor   int64    `json:"cursor"`  // its number at this instance, from version 2 on
	Kind     string   `json:"kind"`    // commit, account, identity
	Commit   commit   `json:"commit"`
	Account  account  `json:"account"`
	Identity identity `json:"identity"`
}

type identity struct {
	Handle string `json:"handle"`
}

type commit struct {
	Rev        string `json:"rev"`       // of the author's repository, the same at every instance
	Operation  string `json:"operation"` // create, update, delete
	Collection string `json:"collection"`
	RKey       string `json:"rkey"`
	Record     record `json:"record"`
}

type account struct {
	Active bool   `json:"active"`
	Status string `json:"status"` // why it is not active: deleted, takendown, suspended, deactivated …
}

// record is an app.bsky.feed.post.
type record struct {
	Text      string   `json:"text"`
	CreatedAt string   `json:"createdAt"`
	Langs     []string `json:"langs"`
	Facets    []facet  `json:"facets"`
	Reply     reply    `json:"reply"`
	Embed     embed    `json:"embed"`
	Labels    labels   `json:"labels"`
}

// facet says what a piece of the text is. Offsets count bytes of UTF-8.
type facet struct {
	Index    span      `json:"index"`
	Features []feature `json:"features"`
}

type span struct {
	Start int64 `json:"byteStart"`
	End   int64 `json:"byteEnd"`
}

type feature struct {
	Type string `json:"$type"`
	URI  string `json:"uri"` // of a link
	DID  string `json:"did"` // of a mention
}

type reply struct {
	Root   ref `json:"root"`
	Parent ref `json:"parent"`
}

type ref struct {
	URI string `json:"uri"`
}

// embed is any of app.bsky.embed.*: their keys do not contradict each other.
type embed struct {
	picture
	Record embedded `json:"record"` // of record and recordWithMedia
	Media  picture  `json:"media"`  // of recordWithMedia
}

// embedded is a reference, or in recordWithMedia what holds one.
type embedded struct {
	URI    string `json:"uri"`
	Record ref    `json:"record"`
}

// picture is what images, gallery, video and external hold.
type picture struct {
	Images   []image  `json:"images"`
	Items    []image  `json:"items"`
	Video    blob     `json:"video"`
	Alt      string   `json:"alt"`
	External external `json:"external"`
}

type image struct {
	Image blob   `json:"image"`
	Alt   string `json:"alt"`
}

type external struct {
	URI string `json:"uri"`
}

type blob struct {
	Ref  link   `json:"ref"`
	Type string `json:"mimeType"`
}

type link struct {
	CID string `json:"$link"`
}

type labels struct {
	Values []label `json:"values"`
}

type label struct {
	Val string `json:"val"`
}

// decode reads a message. Strings of the event are parts of text. A record is
// what a stranger wrote: a value of the wrong kind in it counts as absent.
func decode(text string) (event, error) {
	if utf8.ValidString(text) {
		if e, usual := scan(text); usual {
			return e, nil
		}
	}
	var e event
	err := json.Unmarshal([]byte(text), &e)
	if _, wrong := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !wrong {
		return event{}, fmt.Errorf("reading a message: %w", err)
	}
	return e, nil
}

// scanner reads a message that encoding/json would need several times as long for.
type scanner struct{ *jsonscan.Scanner }

// scan reads a message and reports whether it could. That it agrees with
// encoding/json is fuzzed.
func scan(text string) (e event, ok bool) {
	s := scanner{jsonscan.New(text)}
	ok = s.Object(func(key string) bool {
		switch key {
		case "did":
			return s.String(&e.DID)
		case "time_us":
			return s.Int(&e.TimeUS)
		case "cursor":
			return s.Int(&e.Cursor)
		case "kind":
			return s.String(&e.Kind)
		case "commit":
			return s.Null() || s.Object(func(key string) bool { return s.commit(&e.Commit, key) })
		case "account":
			return s.Null() || s.Object(func(key string) bool { return s.account(&e.Account, key) })
		case "identity":
			return s.fields(func(key string) bool {
				if key == "handle" {
					return s.String(&e.Identity.Handle)
				}
				return s.Unknown(key, "handle")
			})
		}
		return s.Unknown(key, "did", "time_us", "cursor", "kind", "commit", "account", "identity")
	}) && s.End()
	return e, ok
}

func (s scanner) commit(c *commit, key string) bool {
	switch key {
	case "rev":
		return s.String(&c.Rev)
	case "operation":
		return s.String(&c.Operation)
	case "collection":
		return s.String(&c.Collection)
	case "rkey":
		return s.String(&c.RKey)
	case "record":
		return s.Null() || s.Object(func(key string) bool { return s.record(&c.Record, key) })
	}
	return s.Unknown(key, "rev", "operation", "collection", "rkey", "record")
}

func (s scanner) account(a *account, key string) bool {
	switch key {
	case "active":
		return s.Bool(&a.Active)
	case "status":
		return s.String(&a.Status)
	}
	return s.Unknown(key, "active", "status")
}
