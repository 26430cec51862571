package model

import (
	"net/url"
	"regexp"
	"strconv"
	"time"

	"earshot"
	"earshot/listeners"
)

// Config is one model of the configuration.
type Config struct {
	Name       string                 `yaml:"name" jsonschema:"description=Name of the model in the reasons of a verdict: a-z 0-9 and -"`
	URL        string                 `yaml:"url" jsonschema:"description=Where it is asked: the whole address,example=https://llm.example/v1/chat/completions"`
	Form       string                 `yaml:"form" jsonschema:"description=How it is asked: chat is OpenAI-compatible chat completions (if left out) and json is docs/models.md's own,enum=chat,enum=json"`
	Model      string                 `yaml:"model" jsonschema:"description=What the server calls the model; for form chat"`
	KeyFile    string                 `yaml:"key_file" jsonschema:"description=File with the key that is sent as a bearer token; none if left out"`
	Brands     []string               `yaml:"brands" jsonschema:"description=Brands whose mentions may be shown to it: at most one model each"`
	When       string                 `yaml:"when" jsonschema:"description=Which mentions it is asked of: a condition as in rules; it sees the verdict as it is without the model"`
	Private    bool                   `yaml:"private" jsonschema:"description=Show it private mentions too"`
	Sentiment  float64                `yaml:"sentiment" jsonschema:"description=How far it may move the sentiment towards what it thinks,minimum=0,maximum=2"`
	Urgency    float64                `yaml:"urgency" jsonschema:"description=Points of urgency for what it thinks is most urgent; less in proportion,minimum=0,maximum=100"`
	Labels     []string               `yaml:"labels" jsonschema:"description=What it may mark mentions with: a-z 0-9 and -; rules see them in model_labels"`
	Timeout    time.Duration          `yaml:"timeout" jsonschema:"description=How long one answer may take; 20s if left out"`
	MaxAge     time.Duration          `yaml:"max_age" jsonschema:"description=It is not asked of what was heard longer ago; 1h if left out"`
	Concurrent int                    `yaml:"concurrent" jsonschema:"description=Questions at the same time; 2 if left out"`
	Price      float64                `yaml:"price" jsonschema:"description=What one question costs in units of the budget; 1 if left out"`
	Budget     listeners.BudgetLimits `yaml:"budget" jsonschema:"description=What may be spent"`
}

// Forms of a question.
const (
	Chat = "chat"
	JSON = "json"
)

// WithDefaults returns the configuration with what was left out filled in.
func (c Config) WithDefaults() Config {
	if c.Form == "" {
		c.Form = Chat
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	if c.MaxAge == 0 {
		c.MaxAge = time.Hour
	}
	if c.Concurrent == 0 {
		c.Concurrent = 2
	}
	if c.Price == 0 {
		c.Price = 1
	}
	return c
}

var label = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// mostConcurrent and mostLabels bound what one model can ask of the daemon.
const (
	mostConcurrent = 64
	mostLabels     = 50
)

// Check returns what is wrong with the section, with paths relative to it. Name,
// brands, condition and weights are the book's to check.
func (c Config) Check() earshot.Problems {
	var problems earshot.Problems
	fail := func(wrong bool, path, what, hint string) {
		if wrong {
			problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
		}
	}
	u, err := url.Parse(c.URL)
	fail(c.URL == "", "", "nothing says where the model is asked", "add url: https://llm.example/v1/chat/completions")
	fail(c.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http"), "url", "not an address", "write https:// and the whole path")
	fail(err == nil && u.User != nil, "url", "the address holds a password", "put the key into a file: key_file")
	fail(c.Form != Chat && c.Form != JSON, "form", "there is no form "+strconv.Quote(c.Form), "chat or json")
	fail(c.Form == Chat && c.Model == "", "", "nothing says which model is asked", "add model: with what the server calls it")
	fail(c.Timeout <= 0 || c.Timeout > 10*time.Minute, "timeout", "no time to wait for an answer", "such as 20s, at most 10m")
	fail(c.MaxAge <= 0, "max_age", "nothing would be asked", "such as 1h")
	fail(c.Concurrent < 1 || c.Concurrent > mostConcurrent, "concurrent", "so many questions cannot be asked at once", "from 1 to 64")
	fail(!(c.Price > 0 && c.Price < 1e6), "price", "not what a question can cost", "such as 0.002, or 1 to count questions")
	fail(len(c.Labels) > mostLabels, "labels", "so many labels cannot be told apart", "at most 50")
	for i, l := range c.Labels {
		fail(!label.MatchString(l), "labels["+strconv.Itoa(i)+"]", strconv.Quote(l)+" cannot be a label", "a to z, 0 to 9 and -, at most 63 characters")
	}
	if c.Sentiment == 0 && c.Urgency == 0 && len(c.Labels) == 0 {
		problems = append(problems, earshot.Problem{What: "the model changes nothing", Hint: "give it sentiment, urgency or labels", Warning: true})
	}
	for _, p := range c.Budget.Check() {
		p.Path = "budget." + p.Path
		problems = append(problems, p)
	}
	return problems
}
