package rules

import (
	"slices"
	"sync"

	"earshot"
	"earshot/rules/features"
	"earshot/rules/match"
	"earshot/rules/query"
)

// Seeker looks for one query, for those who write it. It is safe for concurrent
// use.
type Seeker struct {
	index *match.Index
	posts sync.Pool
}

// Sought is what came of it for one mention.
type Sought struct {
	Matches bool
	Finds   []match.Find // terms that are there
	Gaps    []match.Gap  // why it does not match
}

// NewSeeker reads a query, which may name those of the brands. The seeker is nil if
// a problem is fatal.
func NewSeeker(source string, brands []Brand) (*Seeker, earshot.Problems) {
	q, problems := query.Parse(source)
	if q == nil {
		return nil, problems
	}
	const here = "" // no brand is called so
	all := map[string]*earshot.Query{here: q}
	for i := range brands {
		all[brands[i].Name], _ = query.Parse(brands[i].Query)
		for _, t := range brands[i].Topics {
			all[brands[i].Name+"/"+t.Name], _ = query.Parse(t.Query)
		}
	}
	linked, also := query.Link(all)
	problems = slices.Concat(problems, also[here])
	if q = linked[here]; q == nil {
		if !problems.Fatal() {
			problems = append(problems, earshot.Problem{What: "a query that it names is wrong", Hint: "earshot check tells what"})
		}
		return nil, problems
	}
	s := &Seeker{index: match.New([]*earshot.Query{q}, 1)}
	if at, ok := s.index.Everyday(0); ok {
		problems = append(problems, everyday(source, at))
	}
	return s, problems
}

// Seek looks for the query in a mention.
func (s *Seeker) Seek(m *earshot.Mention) Sought {
	p, ok := s.posts.Get().(*match.Post)
	if !ok {
		var read features.Post
		p = &match.Post{Language: func(m *earshot.Mention) string { return languageOf(&read, m) }}
	}
	defer s.posts.Put(p)
	matches := len(s.index.Search(p, m)) > 0
	found := Sought{Matches: matches, Finds: s.index.Finds(p, 0), Gaps: s.index.Gaps(p, 0)}
	p.Forget()
	return found
}
