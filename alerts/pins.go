package alerts

import "earshot"

// Pinned is the event of a case that got the line of its story, or lost it.
const Pinned = "pinned"

// pins are the lines that people have pinned, by the story, or the case where there is
// none, and the case that has them.
type pins map[string]map[caseKey]*earshot.Pin

// follow takes notice of what is pinned to a case.
func (p pins) follow(c *earshot.Case) {
	of, key := pinnedTo(c), caseKey{c.Team, c.ID}
	if c.Pin == nil {
		if delete(p[of], key); len(p[of]) == 0 {
			delete(p, of)
		}
		return
	}
	if p[of] == nil {
		p[of] = map[caseKey]*earshot.Pin{}
	}
	p[of][key] = c.Pin
}

// pinnedTo is what cases have in common that share a line.
func pinnedTo(c *earshot.Case) string {
	if c.Story != "" {
		return c.Story
	}
	return c.ID
}

// newest is the line of a story.
func (p pins) newest(story string) *earshot.Pin {
	var newest *earshot.Pin
	for _, pin := range p[story] {
		if newest == nil || pin.At.After(newest.At) {
			newest = pin
		}
	}
	return newest
}

// pinOf is the line of the story of a case, by whatever name the story had when it
// was pinned.
func (e *Engine) pinOf(c *earshot.Case) *earshot.Pin {
	if len(e.pins) == 0 {
		return nil
	}
	if pin := e.pins.newest(pinnedTo(c)); pin != nil || c.Story == "" {
		return pin
	}
	now := e.stories.Story(c.Story)
	if now == nil {
		return nil
	}
	var newest *earshot.Pin
	for story := range e.pins {
		st := e.stories.Story(story)
		if st == nil || st.ID != now.ID {
			continue
		}
		if pin := e.pins.newest(story); newest == nil || pin.At.After(newest.At) {
			newest = pin
		}
	}
	return newest
}

// pin gives a case that begins the line of its story, in the batch in which it
// begins, as an event of the person whose line it is.
func (b *batch) pin(c *open) {
	pin := b.engine.pinOf(&c.Case)
	if pin == nil || c.Pin != nil {
		return
	}
	after := c.Case
	after.Pin = pin
	b.add(c, earshot.CaseEvent{Event: Pinned, By: pin.By, At: b.now, Case: after})
}
