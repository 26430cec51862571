package rules

import "earshot/rules/adapt"

// Config is what a book is made of, as the configuration file has it.
type Config struct {
	Brands []Brand
	Rules  []Rule
	Teams  []string // that routes may name; empty allows all
	Points *Weights // what makes mentions urgent; nil for DefaultWeights
	Models []Model  // outside earshot, whose opinions count

	Layers map[string]*adapt.Layer // what was learnt from corrections, by brand
}

// Model is a model outside earshot that is asked of some mentions. Somebody else
// asks it; what it thinks is judged when it stands in the mention.
type Model struct {
	Name      string   // in the reasons of a verdict
	Brands    []string // that it is asked for: at most one model each
	When      string   // which mentions it is asked of; sees the verdict as it is without the model
	Sentiment float64  // how far it may move the sentiment towards what it thinks, 0 to 2
	Urgency   float64  // points for what it thinks is most urgent, 0 to 100; less in proportion
}

// Brand is what is listened for.
type Brand struct {
	Name   string  `yaml:"name" jsonschema:"description=Name of the brand in subjects and alerts: a-z 0-9 and -"`
	Query  string  `yaml:"query" jsonschema:"description=What concerns the brand, in the language of docs/query.md"`
	Owned  Owned   `yaml:"owned" jsonschema:"description=What belongs to the brand: it never alerts"`
	Topics []Topic `yaml:"topics" jsonschema:"description=What is told apart among the brand's mentions: a query each"`

	Context   Context `yaml:"context" jsonschema:"description=For a name that is also a fruit or a verb or another firm: what tells them apart"`
	Adapt     string  `yaml:"adapt" jsonschema:"description=File of what earshot adapt has learnt from corrections; it need not be there yet"`
	Threshold float64 `yaml:"threshold" jsonschema:"description=Relevance below which a mention is not the brand's and is not kept for it; 0.5 with a context and 0 without one if left out,minimum=0,maximum=1"`

	Urgency BrandUrgency `yaml:"urgency" jsonschema:"description=What makes a mention of the brand urgent where that differs from other brands"`
}

// BrandUrgency is what makes mentions of one brand urgent.
type BrandUrgency struct {
	Weights Points `yaml:"weights" jsonschema:"description=Points that differ for the brand: keys as in urgency.weights; what is left out is as there"`
}

// Points are weights that take the place of others, by their keys in Weights.
type Points map[string]float64

// Context is what a post is about that means the brand by an ambiguous name, and
// what it is about that does not.
type Context struct {
	For     []string `yaml:"for" jsonschema:"description=Queries of what speaks for the brand: iphone; app store"`
	Against []string `yaml:"against" jsonschema:"description=Queries of what speaks against it: pie; orchard*"`
}

func (c *Context) isSet() bool { return len(c.For) > 0 || len(c.Against) > 0 }

// Owned is what belongs to a brand itself.
type Owned struct {
	Handles []string `yaml:"handles" jsonschema:"description=Accounts of the brand: @name on all networks or x:@name on one"`
	Domains []string `yaml:"domains" jsonschema:"description=Websites of the brand"`
}

// Topic is a subject that some mentions of a brand are about.
type Topic struct {
	Name   string `yaml:"name" jsonschema:"description=Name of the topic in rules and alerts: a-z 0-9 and -"`
	Query  string `yaml:"query" jsonschema:"description=What belongs to the topic, in the language of docs/query.md"`
	Danger bool   `yaml:"danger" jsonschema:"description=People may get hurt: more urgent, and never too old to alert"`
}

// Rule says which mentions matter, how much, and to whom.
type Rule struct {
	Name    string   `yaml:"name" jsonschema:"description=Name of the rule in the reasons of a verdict"`
	When    string   `yaml:"when" jsonschema:"description=Condition over the attributes of docs/rules.md, such as sentiment < -0.3 && addresses_brand"`
	Brands  []string `yaml:"brands" jsonschema:"description=Brands the rule is for; all of them if left out"`
	Urgency float64  `yaml:"urgency" jsonschema:"description=Points added to the urgency, from -100 to 100"`
	Send    []string `yaml:"send" jsonschema:"description=Teams that should help a customer: short for routes of kind customer"`
	Routes  []Route  `yaml:"routes" jsonschema:"description=Teams that should hear of it, and as what"`
	Labels  []string `yaml:"labels" jsonschema:"description=Words that the mention is marked with: a-z 0-9 and -; later rules see them in labels"`
	Stop    bool     `yaml:"stop" jsonschema:"description=The rules after this one are not asked any more"`
}

// Route is a team that should hear of a mention, and what the matter is to it.
type Route struct {
	Team  string `yaml:"team" jsonschema:"description=Name of the team"`
	Kind  string `yaml:"kind" jsonschema:"description=What the matter is to the team; customer if left out,enum=customer,enum=delight,enum=lookalike,enum=story,enum=crisis"`
	Topic string `yaml:"topic" jsonschema:"description=Topic of the matter; the one that when names if left out"`
}
