package rules

import (
	"errors"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
)

// anything is a name of any type, which nobody can write.
const anything = "?"

// maxTypeErrors is how many wrong types are told of at once.
const maxTypeErrors = 20

// checkTypes notes all places where the types do not fit. expr stops at the
// first, so what is known to be wrong is taken out and the rest checked again.
func (w *whenCompiler) checkTypes(tree *parser.Tree) {
	names := environment()
	names[anything] = types.Any
	config := conf.CreateNew()
	expr.Env(names)(config)
	w.forgive(tree)
	for range maxTypeErrors {
		_, err := checker.Check(tree, config)
		var at *file.Error
		if !errors.As(err, &at) {
			return
		}
		wrong := nodeAt(tree, at.Location)
		w.failAt(err)
		if wrong == nil {
			return
		}
		w.bad[wrong] = true
		w.forgive(tree)
	}
}

// forgive replaces the nodes that have been told of.
func (w *whenCompiler) forgive(tree *parser.Tree) {
	ast.Walk(&tree.Node, replacer(func(n *ast.Node) {
		if w.bad[*n] {
			*n = &ast.IdentifierNode{Value: anything}
		}
	}))
}

// nodeAt finds the innermost node at a place.
func nodeAt(tree *parser.Tree, at file.Location) (found ast.Node) {
	ast.Walk(&tree.Node, visitor(func(n ast.Node) {
		if found == nil && n.Location() == at {
			found = n
		}
	}))
	return found
}

// replacer is called for each node, the inner ones first, and may replace it.
type replacer func(*ast.Node)

// Visit is called by ast.Walk.
func (r replacer) Visit(n *ast.Node) { r(n) }
