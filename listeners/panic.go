package listeners

import (
	"fmt"
	"runtime/debug"
)

// panicError is a panic of a source, contained.
type panicError struct {
	value any
	stack []byte
}

// Error says what the source panicked with.
func (e *panicError) Error() string { return fmt.Sprintf("the source panicked: %v", e.value) }

// contained calls f and turns a panic into an error.
func contained(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value: value, stack: debug.Stack()}
		}
	}()
	return f()
}
