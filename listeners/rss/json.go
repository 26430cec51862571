package rss

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	feedjson "github.com/mmcdole/gofeed/json"
)

// readJSON reads a JSON Feed; of a damaged one, the items that are whole.
func readJSON(doc []byte) (*document, error) {
	f, err := (&feedjson.Parser{}).Parse(bytes.NewReader(doc))
	if err == nil {
		if !isJSONFeed(f) {
			return nil, errors.New("it is JSON, but not a JSON Feed")
		}
		return fromJSON(f)
	}
	return salvageJSON(doc, err)
}

func isJSONFeed(f *feedjson.Feed) bool {
	return strings.Contains(f.Version, "jsonfeed.org") || f.Items != nil
}

// salvageJSON reads the members of the feed and of its items one by one.
func salvageJSON(doc []byte, cause error) (*document, error) {
	head, items, complete := jsonParts(doc)
	f := &feedjson.Feed{}
	for name, value := range head {
		// A member that is not what it should be costs itself and no other.
		if one, err := json.Marshal(map[string]json.RawMessage{name: value}); err == nil {
			_ = json.Unmarshal(one, f)
		}
	}
	if !isJSONFeed(f) && items == nil {
		return nil, cause
	}
	var broken []breakage
	for _, raw := range items {
		item := &feedjson.Item{}
		if err := json.Unmarshal(raw, item); err != nil {
			broken = append(broken, breakage{raw, "malformed JSON: " + err.Error()})
			continue
		}
		f.Items = append(f.Items, item)
	}
	if len(items) == 0 && !complete {
		return nil, fmt.Errorf("it ends before its first item does: %w", cause)
	}
	d, err := fromJSON(f)
	if err != nil {
		return nil, err
	}
	d.broken, d.truncated = broken, !complete
	return d, nil
}

// jsonParts takes a feed apart, up to where it is damaged.
func jsonParts(doc []byte) (head map[string]json.RawMessage, items []json.RawMessage, complete bool) {
	head = map[string]json.RawMessage{}
	dec := json.NewDecoder(bytes.NewReader(doc))
	if _, err := dec.Token(); err != nil {
		return head, nil, false
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return head, items, false
		}
		if key == "items" {
			var whole bool
			if items, whole = jsonItems(dec); !whole {
				return head, items, false
			}
			continue
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return head, items, false
		}
		head[fmt.Sprint(key)] = value
	}
	_, err := dec.Token()
	return head, items, err == nil
}

func jsonItems(dec *json.Decoder) (items []json.RawMessage, whole bool) {
	if open, err := dec.Token(); err != nil || open != json.Delim('[') {
		return nil, false
	}
	items = []json.RawMessage{}
	for dec.More() {
		var item json.RawMessage
		if err := dec.Decode(&item); err != nil {
			return items, false
		}
		items = append(items, item)
	}
	_, err := dec.Token()
	return items, err == nil
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
