package rss

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// jsonParts are the parts of a JSON Feed, up to where it is damaged.
type jsonParts struct {
	head     map[string]json.RawMessage
	items    []json.RawMessage // nil when it has none
	last     json.RawMessage   // the last item, whether it is among items or not
	excess   int               // items that are not, since they are too many
	complete bool
}

// takeApart takes a feed apart without making anything of it. It passes over so
// many items before it takes as many as are not too many.
func takeApart(doc []byte, skip int) *jsonParts {
	parts := &jsonParts{head: map[string]json.RawMessage{}}
	dec := json.NewDecoder(bytes.NewReader(doc))
	if _, err := dec.Token(); err != nil {
		return parts
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return parts
		}
		if key == "items" {
			if !parts.takeItems(dec, skip) {
				return parts
			}
			continue
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return parts
		}
		if weigh(value) <= maxItemWeight && len(parts.head) < maxItemWeight {
			parts.head[fmt.Sprint(key)] = value
		}
	}
	_, err := dec.Token()
	parts.complete = err == nil
	return parts
}

// takeItems reports whether it came to the end of them.
func (parts *jsonParts) takeItems(dec *json.Decoder, skip int) bool {
	if open, err := dec.Token(); err != nil || open != json.Delim('[') {
		return false
	}
	parts.items, parts.excess = []json.RawMessage{}, skip
	weight := 0
	for ; dec.More(); skip-- {
		var item json.RawMessage
		if err := dec.Decode(&item); err != nil {
			return false
		}
		parts.last = item
		if skip > 0 {
			continue
		}
		if w := weigh(item); w <= maxItemWeight {
			weight += w
		}
		if len(parts.items) == maxItems || weight > maxWeight {
			parts.excess++
			continue
		}
		parts.items = append(parts.items, item)
	}
	_, err := dec.Token()
	return err == nil
}
