package rss

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mmcdole/gofeed"
	feedjson "github.com/mmcdole/gofeed/json"
)

// readJSON reads a JSON Feed; of a damaged one, the items that are whole.
func readJSON(doc []byte) (*document, error) {
	if weigh(doc) > maxWeight {
		return salvageJSON(doc, errors.New("it is made to be costly to read"))
	}
	f, err := (&feedjson.Parser{}).Parse(bytes.NewReader(doc))
	if err != nil {
		return salvageJSON(doc, err)
	}
	if len(f.Items) > maxItems {
		return salvageJSON(doc, errors.New("it has too many items"))
	}
	if !isJSONFeed(f) {
		return nil, errors.New("it is JSON, but not a JSON Feed")
	}
	d, err := fromJSON(f)
	if err == nil {
		d.push.addJSON(doc)
	}
	return d, err
}

// wrongMember says which member of an item is of which wrong type, without the
// names of our own types that encoding/json adds.
func wrongMember(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return err.Error()
	case wrong.Field == "":
		return "the item itself is of the type " + wrong.Value
	}
	return strings.TrimPrefix(wrong.Field, "alias.") + " is of the type " + wrong.Value
}

func isJSONFeed(f *feedjson.Feed) bool {
	return strings.Contains(f.Version, "jsonfeed.org") || f.Items != nil
}

// salvageJSON reads the members of the feed and of its newest items one by one.
func salvageJSON(doc []byte, cause error) (*document, error) {
	parts := takeApart(doc, 0)
	if parts.excess > 0 && isBefore(soleJSON(parts.items[0]), soleJSON(parts.last)) {
		parts = takeApart(doc, parts.excess)
	}
	f := &feedjson.Feed{}
	for name, value := range parts.head {
		// A member that is not what it should be costs itself and no other.
		if one, err := json.Marshal(map[string]json.RawMessage{name: value}); err == nil {
			_ = json.Unmarshal(one, f)
		}
	}
	if !isJSONFeed(f) && parts.items == nil {
		return nil, cause
	}
	var broken []breakage
	for _, raw := range parts.items {
		item := &feedjson.Item{}
		if weigh(raw) > maxItemWeight {
			broken = append(broken, breakage{raw, "made to be costly to read"})
			continue
		}
		if err := json.Unmarshal(raw, item); err != nil {
			broken = append(broken, breakage{raw, "malformed JSON: " + wrongMember(err)})
			continue
		}
		f.Items = append(f.Items, item)
	}
	if len(parts.items) == 0 && !parts.complete {
		return nil, fmt.Errorf("it ends before its first item does: %w", cause)
	}
	d, err := fromJSON(f)
	if err != nil {
		return nil, err
	}
	d.broken, d.truncated, d.excess = broken, !parts.complete, parts.excess
	return d, nil
}

func soleJSON(raw json.RawMessage) *gofeed.Item {
	item := &feedjson.Item{}
	if weigh(raw) > maxItemWeight || json.Unmarshal(raw, item) != nil {
		return nil
	}
	d, err := fromJSON(&feedjson.Feed{Items: []*feedjson.Item{item}})
	if err != nil {
		return nil
	}
	return d.Items[0]
}

// withoutNulls removes what gofeed would follow into nothing.
func withoutNulls(f *feedjson.Feed) {
	isNull := func(a *feedjson.Author) bool { return a == nil }
	f.Items = slices.DeleteFunc(f.Items, func(i *feedjson.Item) bool { return i == nil })
	f.Authors = slices.DeleteFunc(f.Authors, isNull)
	for _, item := range f.Items {
		item.Authors = slices.DeleteFunc(item.Authors, isNull)
	}
}
