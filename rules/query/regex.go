package query

import (
	"errors"
	"fmt"
	"regexp/syntax"

	"earshot"
	"earshot/rules/text"
)

// Limits of a regular expression, which may be tried on long texts.
const (
	maxRegex   = 1000 // bytes
	maxProgram = 1000 // instructions
)

// regex makes a node of a regular expression.
func (p *parser) regex(it item) (earshot.QueryNode, bool) {
	n := earshot.QueryNode{Op: earshot.QueryRegex, Text: it.text, Title: p.inside.title, Span: it.span}
	if s := p.inside; s.evade || s.camel || s.compound {
		p.fail(it.span, "evade:, camel: and compound: are asked of words only", "move this out of the parentheses")
		return n, false
	}
	if len(it.text) > maxRegex {
		p.fail(it.span, fmt.Sprintf("the regular expression is longer than %d bytes", maxRegex), "split it and join the parts by OR")
		return n, false
	}
	parsed, err := syntax.Parse(it.text, syntax.Perl|syntax.FoldCase)
	if err != nil {
		p.fail(it.span, "this is no regular expression: "+reason(err), "it is read as RE2: https://github.com/google/re2/wiki/Syntax")
		return n, false
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(program.Inst) > maxProgram {
		p.fail(it.span, "the regular expression is too large", "write smaller numbers in { }")
		return n, false
	}
	if _, ok := text.Required(parsed); !ok {
		p.fail(it.span, fmt.Sprintf("the regular expression has no %d letters in a row that must be there", text.MinLiteral),
			"write some outside of [ ], ? and *, in every branch of |: they are what is looked for first")
		return n, false
	}
	return n, true
}

// reason is what is wrong, without the prefix of the package.
func reason(err error) string {
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return fmt.Sprintf("%s: `%s`", e.Code, e.Expr)
	}
	return err.Error()
}
