package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	momentType   = reflect.TypeFor[time.Time]()
)

// Decode fills into, a pointer, with what is written at n and reports all that
// does not fit. Fields without a key keep the value they have. It returns false
// if anything was reported as an error. Keys in skip belong to somebody else.
func (d *Document) Decode(n *Node, into any, skip ...string) bool {
	before := d.errors()
	v := reflect.ValueOf(into).Elem()
	if v.Kind() == reflect.Struct && d.options.Hooks[v.Type()] == nil {
		d.decodeStruct(n, v, skip)
	} else {
		d.decode(n, v, "")
	}
	return d.errors() == before
}

// DecodeLater is Decode of a section whose secrets are read when they are needed:
// a file of a key that ends in _file may come later, which is only a warning.
func (d *Document) DecodeLater(n *Node, into any, skip ...string) bool {
	d.later = true
	defer func() { d.later = false }()
	return d.Decode(n, into, skip...)
}

// DecodeKeyLater is DecodeKey for what may name a secret, as in DecodeLater.
func (d *Document) DecodeKeyLater(n *Node, key string, into any) bool {
	d.later = true
	defer func() { d.later = false }()
	return d.DecodeKey(n, key, into)
}

// DecodeKey is Decode on the value of one key of a mapping; without the key there
// is nothing to do.
func (d *Document) DecodeKey(n *Node, key string, into any) bool {
	value := n.Get(key)
	if value == nil {
		return true
	}
	before := d.errors()
	d.decode(value, reflect.ValueOf(into).Elem(), key)
	return d.errors() == before
}

func (d *Document) errors() int {
	count := 0
	for _, f := range d.findings {
		if !f.Warning {
			count++
		}
	}
	return count
}

func (d *Document) decode(n *Node, v reflect.Value, key string) {
	if n.lost && n.kind == empty {
		return
	}
	if hook := d.options.Hooks[v.Type()]; hook != nil {
		hook(d, n, v)
		return
	}
	if n.kind == empty {
		if n.eaten && slices.Contains(d.options.Verbatim, key) {
			d.warnEaten(n)
		}
		return
	}
	switch v.Type() {
	case durationType:
		d.decodeDuration(n, v)
		return
	case momentType:
		d.decodeMoment(n, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, nil)
	case reflect.Map:
		d.decodeMap(n, v, key)
	case reflect.Slice:
		d.decodeSlice(n, v, key)
	default:
		d.decodeScalar(n, v, key)
	}
}

// field is a struct field that the file may set.
type field struct {
	key   string
	index []int
}

// fields lists the fields of a struct by their yaml tag, or else by the tag named;
// those without one, or with "-", are not for the file.
func fields(t reflect.Type, or string) []field {
	var found []field
	for _, f := range reflect.VisibleFields(t) {
		tag, ok := f.Tag.Lookup("yaml")
		if !ok && or != "" {
			tag = f.Tag.Get(or)
		}
		key, _, _ := strings.Cut(tag, ",")
		if key == "" || key == "-" || !f.IsExported() {
			continue
		}
		found = append(found, field{key, f.Index})
	}
	return found
}

func (d *Document) decodeStruct(n *Node, v reflect.Value, skip []string) {
	if n.kind == empty {
		return
	}
	if n.kind != mapping {
		d.Report(n, "keys with values are expected here", "write key: value")
		return
	}
	known := fields(v.Type(), d.options.Tag)
	for _, e := range n.entries {
		i := slices.IndexFunc(known, func(f field) bool { return f.key == e.key.text })
		switch {
		case slices.Contains(skip, e.key.text):
		case i < 0:
			d.ReportUnknownKey(e.key, keysOf(known, skip))
		default:
			d.decode(e.value, v.FieldByIndex(known[i].index), e.key.text)
		}
	}
}

// Keys lists the keys that the file may set of a struct.
func Keys(config any) []string { return keysOf(fields(reflect.TypeOf(config), ""), nil) }

func keysOf(known []field, more []string) []string {
	keys := slices.Clone(more)
	for _, f := range known {
		keys = append(keys, f.key)
	}
	return keys
}

// ReportUnknownKey reports a key that is none of those known.
func (d *Document) ReportUnknownKey(key *Node, known []string) {
	d.Report(key, fmt.Sprintf("unknown key %q", key.text), Suggest(key.text, known))
}

func (d *Document) decodeMap(n *Node, v reflect.Value, key string) {
	if n.kind != mapping {
		d.Report(n, "keys with values are expected here", "write key: value")
		return
	}
	t := v.Type()
	m := reflect.MakeMapWithSize(t, len(n.entries))
	for _, e := range n.entries {
		k := reflect.New(t.Key()).Elem()
		value := reflect.New(t.Elem()).Elem()
		k.SetString(e.key.text)
		d.decode(e.value, value, key)
		m.SetMapIndex(k, value)
	}
	v.Set(m)
}

func (d *Document) decodeSlice(n *Node, v reflect.Value, key string) {
	if n.kind != list {
		d.Report(n, "a list is expected here", "write [a, b], or one - item a line")
		return
	}
	s := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		if item.kind == empty && !item.lost {
			d.Report(item, "an empty item in a list", "fill it in or remove it")
			continue
		}
		d.decode(item, s.Index(i), key)
	}
	v.Set(s)
}

func (d *Document) decodeScalar(n *Node, v reflect.Value, key string) {
	if v.Kind() == reflect.String {
		text, _ := d.Text(n, key)
		v.SetString(text)
		return
	}
	text, ok := d.value(n)
	if !ok {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			d.Report(n, "not true or false", "write true or false, without quotes")
			return
		}
		v.SetBool(text == "true")
	case reflect.Int, reflect.Int64:
		d.decodeInt(n, v, text)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f-f != 0 {
			d.Report(n, "not a number", "write a number such as 0.5")
			return
		}
		v.SetFloat(f)
	default:
		panic(fmt.Sprintf("strict: a configuration may not hold a %s", v.Type()))
	}
}

// decodeInt reads a whole number; one of 64 bits may be a size with a unit.
func (d *Document) decodeInt(n *Node, v reflect.Value, text string) {
	hint := "write digits only, such as 12"
	if v.Kind() == reflect.Int64 {
		hint = "write digits only, or a size such as 16MiB"
		if size, ok := parseSize(text); ok {
			v.SetInt(size)
			return
		}
	}
	i, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
	if err != nil {
		d.Report(n, "not a whole number", hint)
		return
	}
	v.SetInt(i)
}

func (d *Document) decodeDuration(n *Node, v reflect.Value) {
	text, ok := d.value(n)
	if !ok {
		return
	}
	duration, err := ParseDuration(text)
	if err != nil {
		d.Report(n, "not a duration", "write a number and a unit, such as 90s, 5m, 36h, 30d or 2w")
		return
	}
	v.SetInt(int64(duration))
}
