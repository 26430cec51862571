package earshot

import (
	"errors"
	"strings"
)

// Errors that callers branch on, whichever part returns them (wrapped).
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("somebody else was faster") // a compare-and-set lost: read again and retry
	ErrFull     = errors.New("the store is full")        // nothing is accepted until there is room
)

// Problem is something wrong in the configuration, said to a person: where,
// what, and what to write instead. It never quotes a secret.
type Problem struct {
	Path    string // from the root of the file: brands[0].topics.safety.query
	Offset  int    // byte offset of the trouble within the text at Path
	Length  int    // bytes it spans; 0 for the whole value at Path
	What    string // what is wrong
	Hint    string // what to write instead; may be empty
	Warning bool   // worth saying, but nothing is refused for it
}

// Error says what and where, with the hint in parentheses.
func (p Problem) Error() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.What)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems are all that was found wrong at once.
type Problems []Problem

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Fatal reports whether any of the problems is more than a warning.
func (ps Problems) Fatal() bool {
	for _, p := range ps {
		if !p.Warning {
			return true
		}
	}
	return false
}
