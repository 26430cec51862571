package alerts

import (
	"encoding/json"
	"errors"
	"fmt"

	"earshot"
	"earshot/alerts/story"
)

// maxAliases bounds how often a story may have become part of another one.
const maxAliases = 8

// StoryNow finds a story as it stands, or the one that it became part of, among what
// the engine keeps: record returns what lasts under a name, or earshot.ErrNotFound.
// The sources of the story name mentions by their keys. It is nil when nothing is
// known of the story any more.
func StoryNow(id string, record func(name string) (earshot.Record, error)) (*earshot.Story, error) {
	for range maxAliases {
		kept, err := record(storyRecord + id)
		if errors.Is(err, earshot.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var r story.Record
		if err := json.Unmarshal(kept.Data, &r); err != nil {
			return nil, fmt.Errorf("reading story %s: %w", id, err)
		}
		switch {
		case r.Gone:
			return nil, nil
		case r.Alias == "":
			return &r.Story, nil
		}
		id = r.Alias
	}
	return nil, nil
}
