package bluesky

import "testing"

// Of an instance that numbers nothing, what was said last is known by its time and
// key; other news of the same microsecond does not make it unknown.
func TestCursorOfTheSameMoment(t *testing.T) {
	var c cursor
	first, news, second := &said{at: 7, key: 1}, &said{at: 7}, &said{at: 7, key: 2}
	for _, m := range []*said{first, news} {
		c.pass("a", m)
	}
	if !c.passed("a", first) || c.passed("a", second) || c.passed("b", first) {
		t.Errorf("cursor %+v", c)
	}
	c.pass("a", second)
	c.pass("a", &said{at: 8})
	if c.passed("a", &said{at: 8, key: 1}) {
		t.Errorf("cursor %+v", c)
	}
}
