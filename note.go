package earshot

import "time"

// Note is what a person wrote about a case. Its words are kept apart from the
// case, which names it by its ID, so that they can be erased.
type Note struct {
	ID   string    `json:"id"`
	Team string    `json:"team"`
	Case string    `json:"case"`
	By   string    `json:"by"` // a person
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}
