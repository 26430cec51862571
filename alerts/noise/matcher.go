package noise

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"earshot"
)

// Matcher asks one thing of a subject. Where the subject has several topics, = and
// =~ hold if they hold for one of them, and != and !~ if they hold for all.
type Matcher struct {
	Name    string
	Op      Op
	Value   string
	pattern *regexp.Regexp
}

// Op is how a matcher compares. Patterns match the whole value.
type Op string

// The operators, as in Alertmanager.
const (
	Is       Op = "="
	IsNot    Op = "!="
	Fits     Op = "=~"
	FitsNone Op = "!~"
)

// Matchers match what each of them matches.
type Matchers []Matcher

// Match reports whether all matchers hold.
func (ms Matchers) Match(s *Subject) bool {
	for i := range ms {
		if !ms[i].match(s.values(ms[i].Name)) {
			return false
		}
	}
	return true
}

func (m *Matcher) match(values []string) bool {
	one := func(value string) bool { return value == m.Value }
	if m.pattern != nil {
		one = m.pattern.MatchString
	}
	negative := m.Op == IsNot || m.Op == FitsNone
	return slices.ContainsFunc(values, one) != negative
}

// everything reports whether nothing is asked of what is known.
func (ms Matchers) everything() bool {
	return !slices.ContainsFunc(ms, func(m Matcher) bool { return !m.match([]string{""}) })
}

// String writes the matchers so that Parse reads them again.
func (ms Matchers) String() string {
	var b strings.Builder
	for i, m := range ms {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(m.Name + string(m.Op))
		if m.Value != "" && strings.Trim(m.Value, bareLetters) == "" {
			b.WriteString(m.Value)
		} else {
			b.WriteString(strconv.Quote(m.Value))
		}
	}
	return b.String()
}

const bareLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@"

// MarshalText is String.
func (ms Matchers) MarshalText() ([]byte, error) { return []byte(ms.String()), nil }

// UnmarshalText is Parse.
func (ms *Matchers) UnmarshalText(text []byte) error {
	read, err := Parse(string(text))
	if err == nil {
		*ms = read
	}
	return err
}

// What a text of matchers may be at most.
const (
	mostText     = 2048
	mostMatchers = 20
	mostPattern  = 5000 // roughly the instructions and ranges of its program
)

// Parse reads matchers such as brand=acme,network=~"x|bluesky", also in braces.
// Its error is an earshot.Problem whose Offset is where the trouble is.
func Parse(text string) (Matchers, error) {
	if len(text) > mostText {
		return nil, earshot.Problem{What: "too long for matchers", Hint: fmt.Sprintf("at most %d bytes", mostText)}
	}
	p := parser{text: text}
	ms, bad := p.matchers()
	if bad != nil {
		return nil, earshot.Problem(*bad)
	}
	return ms, nil
}

type problem earshot.Problem

func (p *problem) at(path string) earshot.Problem {
	p.Path = path
	return earshot.Problem(*p)
}

func asProblem(err error) (earshot.Problem, bool) {
	p, ok := err.(earshot.Problem) //nolint:errorlint // Parse wraps nothing
	return p, ok
}

type parser struct {
	text string
	at   int
}

func (p *parser) wrong(at int, what, hint string) *problem {
	return &problem{Offset: at, Length: min(1, len(p.text)-at), What: what, Hint: hint}
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) eat(token string) bool {
	p.space()
	if strings.HasPrefix(p.text[p.at:], token) {
		p.at += len(token)
		return true
	}
	return false
}

func (p *parser) matchers() (Matchers, *problem) {
	braces := p.eat("{")
	var ms Matchers
	for {
		m, bad := p.matcher()
		if bad != nil {
			return nil, bad
		}
		if ms = append(ms, m); len(ms) > mostMatchers {
			return nil, p.wrong(p.at, "too many matchers", fmt.Sprintf("at most %d", mostMatchers))
		}
		if !p.eat(",") {
			break
		}
	}
	if braces && !p.eat("}") {
		return nil, p.wrong(p.at, "the brace is not closed", "add } or leave both out")
	}
	if p.space(); p.at < len(p.text) {
		return nil, p.wrong(p.at, "matchers are separated by commas", "such as brand=acme,kind=customer; put values with other characters in quotes")
	}
	return ms, nil
}

func (p *parser) matcher() (Matcher, *problem) {
	p.space()
	start := p.at
	for p.at < len(p.text) && (p.text[p.at] >= 'a' && p.text[p.at] <= 'z' || p.text[p.at] == '_') {
		p.at++
	}
	m := Matcher{Name: p.text[start:p.at]}
	switch {
	case m.Name == "":
		return m, p.wrong(start, "a name is missing", "such as brand=acme; names are "+strings.Join(Names(), ", "))
	case !slices.Contains(Names(), m.Name):
		bad := unknownName(m.Name, start)
		return m, bad
	}
	for _, op := range []Op{Fits, IsNot, FitsNone, Is} {
		if p.eat(string(op)) {
			m.Op = op
			break
		}
	}
	if m.Op == "" {
		return m, p.wrong(p.at, "how shall "+m.Name+" compare?", "write =, !=, =~ or !~ after it")
	}
	p.space()
	at := p.at
	value, bad := p.value()
	if bad != nil {
		return m, bad
	}
	m.Value = compared(m.Name, value)
	if m.Op == Is || m.Op == IsNot {
		if !isPossible(m.Name, m.Value) {
			return m, p.wrong(at, fmt.Sprintf("there is no %s %q", m.Name, m.Value), "one of "+strings.Join(possible(m.Name), ", "))
		}
		return m, nil
	}
	m.pattern, bad = pattern(m.Name, value, at)
	m.Value = value
	return m, bad
}

// value reads a bare word or one in quotes.
func (p *parser) value() (string, *problem) {
	start := p.at
	if strings.HasPrefix(p.text[p.at:], `"`) {
		quoted, err := strconv.QuotedPrefix(p.text[p.at:])
		if err != nil {
			return "", p.wrong(start, "the quotes are not closed, or a \\ in them stands for nothing", `write \\ for \ and \" for "`)
		}
		p.at += len(quoted)
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return "", p.wrong(start, "this cannot be read", `write \\ for \ and \" for "`)
		}
		return value, nil
	}
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n,{}\"=!~", p.text[p.at]) < 0 {
		p.at++
	}
	if p.at == start {
		return "", p.wrong(start, "the value is missing", `such as acme; "" for none`)
	}
	return p.text[start:p.at], nil
}

func unknownName(name string, at int) *problem {
	return &problem{Offset: at, Length: len(name), What: fmt.Sprintf("there is no %q to match", name), Hint: "one of " + strings.Join(Names(), ", ")}
}

// pattern compiles a pattern that matches whole values, if it is not too big: a
// few characters can ask for a program of gigabytes.
func pattern(name, value string, at int) (*regexp.Regexp, *problem) {
	flags := ""
	switch name {
	case "author":
		flags, value = "(?i)", strings.TrimPrefix(value, "@")
	case "language":
		flags = "(?i)"
	}
	tree, err := syntax.Parse(value, syntax.Perl)
	if err != nil {
		return nil, &problem{Offset: at, Length: 1, What: "not a pattern: " + strings.TrimPrefix(err.Error(), "error parsing regexp: "), Hint: `such as "x|bluesky" or "pre.*"`}
	}
	if size(tree) > mostPattern {
		return nil, &problem{Offset: at, Length: 1, What: "the pattern is too big", Hint: "fewer repetitions"}
	}
	compiled, err := regexp.Compile("^(?s:" + flags + "(?:" + value + "))$")
	if err != nil {
		return nil, &problem{Offset: at, Length: 1, What: "not a pattern", Hint: `such as "x|bluesky"`}
	}
	return compiled, nil
}

// size is roughly how big the program of a pattern is.
func size(tree *syntax.Regexp) int {
	n := 1 + len(tree.Rune)
	for _, sub := range tree.Sub {
		n += size(sub)
	}
	if tree.Op == syntax.OpRepeat {
		n *= max(tree.Min, tree.Max, 1)
	}
	return min(n, 1<<30)
}
