package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"earshot"
	"earshot/rules/guess"
	"earshot/rules/query"
	"earshot/rules/text"
	"earshot/rules/urgency"
)

// compiler makes a book and collects the problems.
type compiler struct {
	config       Config
	brands       []brand
	rules        []rule
	uses         attributes
	queries      map[string]*earshot.Query
	brandQueries []*earshot.Query
	topicQueries [][]*earshot.Query // by brand
	// contextQueries are by brand and side: for and against.
	contextQueries [][2][]*earshot.Query
	topicNames     []string // of all brands
	problems       earshot.Problems
}

func (c *compiler) fail(path, what, hint string) {
	c.problems = append(c.problems, earshot.Problem{Path: path, What: what, Hint: hint})
}

func (c *compiler) warn(path, what, hint string) {
	c.problems = append(c.problems, earshot.Problem{Path: path, What: what, Hint: hint, Warning: true})
}

func (c *compiler) brand(i int, config *Brand, weights *Weights) {
	path := fmt.Sprintf("brands[%d]", i)
	_, taken := c.queries[config.Name]
	c.name(path+".name", "brand", config.Name, taken)
	b := brand{name: config.Name, reason: "query:" + config.Name, owned: c.owned(path+".owned", config.Owned)}
	q := c.query(path+".query", config.Query)
	c.queries[config.Name] = q
	var topics []*earshot.Query
	for j, t := range config.Topics {
		at := path + ".topics." + t.Name
		c.name(at, "topic", t.Name, slices.ContainsFunc(config.Topics[:j], func(o Topic) bool { return o.Name == t.Name }))
		topics = append(topics, c.query(at+".query", t.Query))
		b.topics = append(b.topics, topic{name: t.Name, danger: t.Danger})
		c.topicNames = append(c.topicNames, t.Name)
	}
	b.layer = c.config.Layers[config.Name]
	b.weights = c.weightsOf(path+".urgency.weights", config.Urgency.Weights, weights)
	b.points = b.weights.heads()
	b.weighed, b.threshold = config.Context.isSet(), c.threshold(path+".threshold", config)
	c.contextQueries = append(c.contextQueries, [2][]*earshot.Query{
		c.context(path+".context.for", config.Context.For), c.context(path+".context.against", config.Context.Against),
	})
	c.brands = append(c.brands, b)
	c.brandQueries = append(c.brandQueries, q)
	c.topicQueries = append(c.topicQueries, topics)
}

// place tells every topic where its query is in the index, after those of the
// brands, and returns the topics' queries.
func (c *compiler) place() (topics []*earshot.Query) {
	for i := range c.brands {
		for j := range c.brands[i].topics {
			c.brands[i].topics[j].query = len(c.brandQueries) + len(topics)
			topics = append(topics, c.topicQueries[i][j])
		}
	}
	return topics
}

func (c *compiler) query(path, s string) *earshot.Query {
	q, problems := query.Parse(s)
	for _, p := range problems {
		p.Path = path
		c.problems = append(c.problems, p)
	}
	return q
}

// link puts into the queries what they name with query:.
func (c *compiler) link() {
	all, paths := map[string]*earshot.Query{}, map[string]string{}
	for i := range c.config.Brands {
		brand := &c.config.Brands[i]
		all[brand.Name], paths[brand.Name] = c.brandQueries[i], fmt.Sprintf("brands[%d].query", i)
		for j, t := range brand.Topics {
			name := brand.Name + "/" + t.Name
			all[name], paths[name] = c.topicQueries[i][j], fmt.Sprintf("brands[%d].topics.%s.query", i, t.Name)
		}
		for key, place := range c.eachContext(i) {
			all[key.name], paths[key.name] = *place, key.path
		}
	}
	linked, problems := query.Link(all)
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		for _, p := range problems[name] {
			p.Path = paths[name]
			c.problems = append(c.problems, p)
		}
	}
	for i := range c.config.Brands {
		brand := &c.config.Brands[i]
		c.brandQueries[i] = linked[brand.Name]
		c.queries[brand.Name] = linked[brand.Name]
		for j, t := range brand.Topics {
			c.topicQueries[i][j] = linked[brand.Name+"/"+t.Name]
		}
		for key, place := range c.eachContext(i) {
			*place = linked[key.name]
		}
	}
}

// warnEveryday says that a brand's query rests on a word that is everywhere.
func (c *compiler) warnEveryday(brand int, at earshot.Span) {
	p := everyday(c.config.Brands[brand].Query, at)
	p.Path = fmt.Sprintf("brands[%d].query", brand)
	c.problems = append(c.problems, p)
}

func everyday(source string, at earshot.Span) earshot.Problem {
	return earshot.Problem{
		Offset: at[0], Length: at[1] - at[0], Warning: true,
		What: fmt.Sprintf("nearly every post has %s, so this query is looked at for nearly every post", source[at[0]:at[1]]),
		Hint: "join it to a rarer word, by AND or in a phrase",
	}
}

var slug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// name checks that a name fits into subjects and is used once.
func (c *compiler) name(path, what, name string, taken bool) {
	switch {
	case name == "":
		c.fail(path, "the "+what+" has no name", "write name: acme")
	case !slug.MatchString(name):
		hint := "use a-z, 0-9 and - only"
		if s := slugOf(name); s != "" {
			hint = "write " + s
		}
		c.fail(path, fmt.Sprintf("%s is no name for a %s", strconv.Quote(name), what), hint)
	case name == earshot.All:
		c.fail(path, fmt.Sprintf("%q is reserved", name), "alerts of the operation use it")
	case taken:
		c.fail(path, fmt.Sprintf("there are two %ss named %s", what, name), "rename one of them")
	}
}

// slugOf makes a name out of what somebody wrote.
func slugOf(s string) string {
	var b strings.Builder
	for _, r := range text.Fold(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

var isLabel = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// rule is a compiled Rule.
type rule struct {
	name    string
	brands  []string // empty for all
	when    condition
	urgency earshot.Score
	routes  []earshot.Route
	labels  []string
	stop    bool
}

func (c *compiler) rule(i int, config *Rule) {
	path := fmt.Sprintf("rules[%d]", i)
	switch {
	case config.Name == "":
		c.fail(path+".name", "the rule has no name", "reasons call it by its name: write name: unhappy customer")
	case isReserved(config.Name):
		c.fail(path+".name", fmt.Sprintf("%q is reserved", config.Name), "choose another name")
	case slices.ContainsFunc(c.config.Rules[:i], func(r Rule) bool { return r.Name == config.Name }):
		c.fail(path+".name", fmt.Sprintf("there are two rules named %q", config.Name), "rename one of them")
	}
	for j, name := range config.Brands {
		if _, ok := c.queries[name]; !ok {
			c.fail(fmt.Sprintf("%s.brands[%d]", path, j), "there is no brand "+strconv.Quote(name), c.suggest(name, c.brandNames()))
		}
	}
	if config.Urgency < -100 || config.Urgency > 100 || config.Urgency != config.Urgency {
		c.fail(path+".urgency", "urgency must be from -100 to 100", "the whole scale has 100 points")
	}
	if config.Urgency == 0 && len(config.Send) == 0 && len(config.Routes) == 0 && len(config.Labels) == 0 && !config.Stop {
		c.warn(path, "the rule changes nothing", "give it an urgency, labels, or teams to send to")
	}
	for j, label := range config.Labels {
		if !isLabel.MatchString(label) {
			c.fail(fmt.Sprintf("%s.labels[%d]", path, j), fmt.Sprintf("%q cannot be a label", label), "a to z, 0 to 9 and -, at most 63 characters")
		}
	}
	when, problems := c.compileWhen(config.When, c.topicsOf(config.Brands))
	for _, p := range problems {
		p.Path = path + ".when"
		c.problems = append(c.problems, p)
	}
	c.uses |= when.uses
	c.rules = append(c.rules, rule{
		name: config.Name, brands: config.Brands, when: when,
		urgency: earshot.ScoreOf(config.Urgency), routes: c.routes(path, config, when.onlyTopic()),
		labels: config.Labels, stop: config.Stop,
	})
}

// isReserved reports whether reasons that are no rule's have this name.
func isReserved(name string) bool {
	for _, h := range urgency.Heads() {
		if name == h.String() {
			return true
		}
	}
	return name == earshot.Limit || name == reasonConversation || name == reasonNegative || name == reasonQuestion ||
		strings.HasPrefix(name, reasonTopic) || strings.HasPrefix(name, reasonModel)
}

// routes checks the routes of a rule; topic is theirs unless they name another.
func (c *compiler) routes(path string, config *Rule, topic string) []earshot.Route {
	var routes []earshot.Route
	for j, team := range config.Send {
		c.team(fmt.Sprintf("%s.send[%d]", path, j), team)
		routes = append(routes, earshot.Route{Team: team, Kind: earshot.KindCustomer, Topic: topic})
	}
	for j, r := range config.Routes {
		at := fmt.Sprintf("%s.routes[%d]", path, j)
		c.team(at+".team", r.Team)
		route := earshot.Route{Team: r.Team, Kind: earshot.Kind(r.Kind), Topic: r.Topic}
		if route.Kind == "" {
			route.Kind = earshot.KindCustomer
		}
		if !slices.Contains(earshot.Kinds(), route.Kind) {
			c.fail(at+".kind", "there is no kind "+strconv.Quote(r.Kind), c.suggest(r.Kind, kindNames()))
		}
		if route.Topic == "" {
			route.Topic = topic
		} else if names := c.topicsOf(config.Brands); !slices.Contains(names, route.Topic) {
			c.fail(at+".topic", "there is no topic "+strconv.Quote(route.Topic), c.suggest(route.Topic, names))
		}
		routes = append(routes, route)
	}
	return routes
}

func (c *compiler) team(path, name string) {
	switch teams := c.config.Teams; {
	case name == "":
		c.fail(path, "the team is missing", c.suggest(name, teams))
	case len(teams) > 0 && name != earshot.Ops && !slices.Contains(teams, name):
		c.fail(path, "there is no team "+strconv.Quote(name), c.suggest(name, teams))
	}
}

// suggest names the closest candidate, or all of a few.
func (c *compiler) suggest(name string, candidates []string) string {
	if hint := guess.Hint(name, candidates); hint != "" && name != "" {
		return hint
	}
	const few = 12
	if len(candidates) == 0 || len(candidates) > few {
		return ""
	}
	return "there is " + strings.Join(candidates, ", ")
}

func (c *compiler) brandNames() []string {
	names := make([]string, len(c.config.Brands))
	for i := range names {
		names[i] = c.config.Brands[i].Name
	}
	return names
}

// topicsOf lists the topics of the brands a rule is for.
func (c *compiler) topicsOf(brands []string) []string {
	var names []string
	for i := range c.config.Brands {
		b := &c.config.Brands[i]
		if len(brands) > 0 && !slices.Contains(brands, b.Name) {
			continue
		}
		for _, t := range b.Topics {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func kindNames() []string {
	var names []string
	for _, k := range earshot.Kinds() {
		names = append(names, string(k))
	}
	return names
}
