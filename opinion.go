package earshot

import "slices"

// Opinion is what a model outside earshot thinks of a mention for one brand. It
// is kept with the mention, so that judging stays pure.
type Opinion struct {
	Brand     string   `json:"brand"`
	By        string   `json:"by"`               // name of the model, from the configuration
	Of        string   `json:"of"`               // Mention.Said of the version it is about
	Sentiment Score    `json:"sentiment"`        // [-1,1]: how the author feels about the brand
	Urgency   Score    `json:"urgency"`          // [0,1]: how much somebody should act
	Labels    []string `json:"labels,omitempty"` // among those that the configuration allows
}

// Said is a name for the words of a mention, the same for the same title and text.
func (m *Mention) Said() string { return Key(m.Title + "\x00" + m.Text) }

// OpinionOn returns what a model thinks of these words of the mention for a brand,
// nil for nothing.
func (m *Mention) OpinionOn(brand string) *Opinion {
	i := slices.IndexFunc(m.Opinions, func(o Opinion) bool { return o.Brand == brand })
	if i < 0 || m.Opinions[i].Of != m.Said() {
		return nil
	}
	return &m.Opinions[i]
}
