// Package mapping turns the JSON of others into mentions, by expressions that
// the configuration gives for each field. Expressions are typed and compiled
// once; they can neither hang nor take much memory, whatever the JSON holds.
// Fetching and receiving is the business of the drivers that use it.
package mapping

import (
	"encoding/json"
	"fmt"
	"strings"

	"earshot"
)

// maxItems is how many items an answer may have.
const maxItems = 10_000

// Mapping makes mentions of documents. It is safe for concurrent use.
type Mapping struct {
	network          string
	items            *Expression // nil: the document itself
	skip, id, change *Expression // skip and change may be nil
	fields           []*field
}

// Item is what one item of a document says.
type Item struct {
	Native  string          // ID of the post on its network, as the mapping found it
	Mention earshot.Mention // without Listener and Heard; Change is empty unless the mapping says it
	Reason  string          // why it cannot be a mention; empty if it can
	Body    []byte          // the item as JSON if there is a reason
}

// New compiles a mapping for the posts of a network. Problems have paths relative
// to the section and point into the expressions; if they are fatal the Mapping is
// nil.
func New(c Config, network string) (*Mapping, earshot.Problems) {
	m := &Mapping{network: network, fields: c.fields()}
	var problems earshot.Problems
	compile := func(path, source string, kind Kind) *Expression {
		if strings.TrimSpace(source) == "" {
			return nil
		}
		e, bad := Compile(source, kind)
		for _, p := range bad {
			p.Path = path
			problems = append(problems, p)
		}
		return e
	}
	m.items = compile("items", c.Items, List)
	m.skip = compile("skip", c.Skip, Flag)
	m.id = compile("id", c.ID, Text)
	m.change = compile("change", c.Change, Text)
	for _, f := range m.fields {
		f.Expression = compile(f.path, f.source, f.kind)
	}
	if strings.TrimSpace(c.ID) == "" {
		problems = append(problems, earshot.Problem{Path: "id", What: "id is missing: nothing tells one post from another", Hint: "add id: with the name of the field that holds the post's ID"})
	}
	if c.Text == "" && c.Title == "" {
		problems = append(problems, earshot.Problem{Path: "text", What: "neither text nor title: no query will ever match", Hint: "add text: with the name of the field that holds what was written", Warning: true})
	}
	if problems.Fatal() {
		return nil, problems
	}
	return m, problems
}

// Read returns what the items of a document say, in its order, without those that
// are skipped, and how many there are with them. An error says that the document
// is not what the mapping is for.
func (m *Mapping) Read(d *Document) (items []Item, total int, err error) {
	list, err := m.list(d)
	if err != nil {
		return nil, 0, err
	}
	items = make([]Item, 0, len(list))
	for _, one := range list {
		item, skipped := m.item(d, one)
		if !skipped {
			items = append(items, item)
		}
	}
	return items, len(list), nil
}

func (m *Mapping) list(d *Document) ([]any, error) {
	found := d.root
	if m.items != nil {
		var err error
		if found, err = m.items.run(d, d.root); err != nil {
			return nil, fmt.Errorf("finding the items: %w", err)
		}
	}
	switch found := found.(type) {
	case []any:
		if len(found) > maxItems {
			return nil, fmt.Errorf("finding the items: there are %d, more than %d", len(found), maxItems)
		}
		return found, nil
	case map[string]any:
		return []any{found}, nil
	case nil:
		return nil, fmt.Errorf("finding the items: there is nothing where the mapping looks for them (if that may be, write default(…, []))")
	}
	return nil, fmt.Errorf("finding the items: %s is no list", describe(found))
}

// item makes one mention.
func (m *Mapping) item(d *Document, one any) (item Item, skipped bool) {
	refuse := func(path string, err error) (Item, bool) {
		item.Reason = path + ": " + err.Error()
		item.Body, err = json.Marshal(one)
		if err != nil { // what was JSON always is again
			item.Body = nil
		}
		return item, false
	}
	if _, ok := one.(map[string]any); !ok {
		return refuse("items", fmt.Errorf("%s is no object", describe(one)))
	}
	if m.skip != nil {
		v, err := m.skip.value(d, one)
		if err != nil {
			return refuse("skip", err)
		}
		if v.flag {
			return Item{}, true
		}
	}
	path, err := m.identify(d, one, &item)
	if err != nil {
		return refuse(path, err)
	}
	if item.Mention.Change == earshot.Deleted {
		return item, false
	}
	for _, f := range m.fields {
		d.badDate = false
		v, err := f.value(d, one)
		switch {
		case err != nil && f.needed:
			return refuse(f.path, err)
		case err != nil:
			item.flag("bad_" + strings.ReplaceAll(f.path, ".", "_"))
			continue
		case d.badDate && f.path == "posted":
			item.flag("bad_date")
		}
		f.set(&item.Mention, v, d)
	}
	return item, false
}

// flag notes what went wrong while the item was read.
func (i *Item) flag(name string) { i.Mention.Flags = append(i.Mention.Flags, name) }

// identify finds out which post an item is, and what happened to it.
func (m *Mapping) identify(d *Document, one any, item *Item) (path string, err error) {
	id, err := m.id.value(d, one)
	if err != nil {
		return "id", err
	}
	if item.Native = strings.TrimSpace(id.text); item.Native == "" {
		return "id", fmt.Errorf("it has none")
	}
	item.Mention.Network, item.Mention.ID = m.network, m.network+":"+item.Native
	if m.change == nil {
		return "", nil
	}
	change, err := m.change.value(d, one)
	if err != nil {
		return "change", err
	}
	item.Mention.Change = earshot.Change(change.text)
	switch item.Mention.Change {
	case "", earshot.New, earshot.Edited, earshot.Deleted:
		return "", nil
	}
	return "change", fmt.Errorf("%.40q is none of new, edited and deleted", change.text)
}
