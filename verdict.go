package earshot

// Verdict is what the rule book says of one mention for one brand. The same
// mention and the same book give the same verdict.
type Verdict struct {
	Brand       string   `json:"brand"`
	Relevance   Score    `json:"relevance"`              // [0,1]: is it really about the brand
	Sentiment   Score    `json:"sentiment"`              // [-1,1]: how the author feels
	Urgency     Score    `json:"urgency"`                // [0,100]: how soon somebody must act
	Delight     Score    `json:"delight,omitempty"`      // [0,1]: how much a moment worth sharing
	Topics      []string `json:"topics"`                 // the brand's topics it belongs to, in book order
	Labels      []string `json:"labels,omitempty"`       // what rules have marked it with, in book order
	Danger      bool     `json:"danger,omitempty"`       // people may get hurt: a topic marked danger, or the words say so
	OwnedAuthor bool     `json:"owned_author,omitempty"` // the brand itself wrote it; then there are no routes
	Routes      []Route  `json:"routes"`                 // who should hear of it, in book order
	Reasons     []Reason `json:"reasons"`                // why: per quality, the weights sum to its score
}

// Route names a team that should act and what the matter is to it.
type Route struct {
	Team  string `json:"team"`
	Kind  Kind   `json:"kind"`
	Topic string `json:"topic,omitempty"`
}

// Kind is the sort of matter an alert is about.
type Kind string

// The kinds, from the least to the most severe matter to one team.
const (
	KindCustomer  Kind = "customer"  // a customer who needs an answer
	KindDelight   Kind = "delight"   // a moment worth sharing
	KindSilence   Kind = "silence"   // a listener hears less than it should
	KindLookalike Kind = "lookalike" // somebody poses as the brand
	KindStory     Kind = "story"     // something that spreads
	KindCrisis    Kind = "crisis"    // something that may hurt people or the brand
)

// Kinds lists every kind, from the least to the most severe.
func Kinds() []Kind {
	return []Kind{KindCustomer, KindDelight, KindSilence, KindLookalike, KindStory, KindCrisis}
}

// Quality is what a reason argues for.
type Quality string

// The qualities of a verdict.
const (
	OfRelevance Quality = "relevance"
	OfSentiment Quality = "sentiment"
	OfUrgency   Quality = "urgency"
	OfDelight   Quality = "delight"
)

// Reason is one contribution to one quality of a verdict. For each quality the
// weights of all reasons sum to the score exactly.
type Reason struct {
	Of     Quality `json:"of"`
	Rule   string  `json:"rule"`            // rule, query or model that says so; "limit" for a clamp
	Field  string  `json:"field,omitempty"` // title or text; empty when it is not about words
	Span   *Span   `json:"span,omitempty"`  // the words, as byte offsets in the field
	Weight Score   `json:"weight"`
}

// Limit is the rule name of the reason that accounts for a clamp.
const Limit = "limit"

// Span is a half-open range of bytes, [from, to).
type Span [2]int

// Band is a range of urgency, named.
type Band string

// The urgency bands, as they appear in alert subjects.
const (
	Low      Band = "low"
	Normal   Band = "normal"
	High     Band = "high"
	Critical Band = "critical"
)

// BandNames lists the bands, from the least to the most urgent.
func BandNames() []Band { return []Band{Low, Normal, High, Critical} }

// Bands holds the lowest urgency of the bands above low.
type Bands struct{ Normal, High, Critical Score }

// DefaultBands is low < 30 ≤ normal < 60 ≤ high < 85 ≤ critical.
func DefaultBands() Bands { return Bands{Normal: 30 * Unit, High: 60 * Unit, Critical: 85 * Unit} }

// Of returns the band of an urgency.
func (b Bands) Of(urgency Score) Band {
	switch {
	case urgency >= b.Critical:
		return Critical
	case urgency >= b.High:
		return High
	case urgency >= b.Normal:
		return Normal
	}
	return Low
}

// Judged is a mention with what the book says of it, one verdict per brand it
// concerns. It is a line of earshot judge's output.
type Judged struct {
	Mention
	Verdicts []Verdict `json:"verdicts"`
}
