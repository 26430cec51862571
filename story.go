package earshot

import "time"

// Story is what is known of mentions of one brand that belong together: reposts,
// quotes, copies, edited copies and conversations. It holds no words and no names.
type Story struct {
	ID         string    `json:"id"`
	Brand      string    `json:"brand"`
	Began      time.Time `json:"began"`                 // when its first mention was posted
	Last       time.Time `json:"last"`                  // and its last one
	Count      int       `json:"count"`                 // mentions in it
	Reposts    int       `json:"reposts,omitempty"`     // of them: shared without words of one's own
	Copies     int       `json:"copies,omitempty"`      // of them: the same words by another account
	Negative   int       `json:"negative,omitempty"`    // of them: of negative sentiment
	Authors    int       `json:"authors"`               // distinct ones; an estimate when there are many
	NewAuthors int       `json:"new_authors,omitempty"` // of them: accounts that were new when they posted
	Reach      int64     `json:"reach"`                 // followers of its authors, each counted once
	Networks   []string  `json:"networks"`              // in the order in which they joined
	First      Source    `json:"first"`                 // where it began, as far as heard
	Top        []Source  `json:"top,omitempty"`         // the mentions with the widest reach, at most 5
}

// Source says where something was posted, so that a person can go and look. It
// repeats nothing of it.
type Source struct {
	Mention string    `json:"mention"` // ID
	Network string    `json:"network"`
	URL     string    `json:"url,omitempty"`
	Posted  time.Time `json:"posted"`
	Reach   int64     `json:"reach,omitempty"` // followers of its author
}
