package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"earshot/listeners/markup"
)

// maxText is how long a text may get that an expression makes, in bytes.
const maxText = 1 << 20

// function is one that expressions may call. Its first argument is the Document,
// put there by rewrite.
type function struct {
	name       string
	most       int          // arguments
	least      int          //
	gives      reflect.Type // nil: anything
	run        func(d *Document, args []any) (any, error)
	elementary bool // made by rewrite, not called by name
}

var (
	textType = reflect.TypeFor[string]()
	timeType = reflect.TypeFor[time.Time]()
	flagType = reflect.TypeFor[bool]()
	intType  = reflect.TypeFor[int]()
	listType = reflect.TypeFor[[]any]()
	anyType  = reflect.TypeFor[any]()
)

// functions are all there are. The table is never changed.
var functions = []function{
	{name: "html", least: 1, most: 1, gives: textType, run: htmlText},
	{name: "links", least: 1, most: 1, gives: listType, run: htmlLinks},
	{name: "images", least: 1, most: 1, gives: listType, run: htmlImages},
	{name: "unix", least: 1, most: 1, gives: timeType, run: func(d *Document, args []any) (any, error) { return since1970(d, args[0], time.Second) }},
	{name: "unixms", least: 1, most: 1, gives: timeType, run: func(d *Document, args []any) (any, error) { return since1970(d, args[0], time.Millisecond) }},
	{name: "date", least: 1, most: 2, gives: timeType, run: date},
	{name: "media", least: 1, most: 3, gives: anyType, run: media},
	{name: "url", least: 1, most: 1, gives: textType, run: absolute},
	{name: "text", least: 1, most: 1, gives: textType, run: func(d *Document, args []any) (any, error) { return take(d, args[0]) }},
	{name: "number", least: 1, most: 1, gives: anyType, run: func(_ *Document, args []any) (any, error) { return asNumber(args[0]) }},
	{name: "join", least: 2, most: 2, gives: textType, run: join},
	{name: "split", least: 2, most: 2, gives: listType, run: split},
	{name: "concat", least: 1, most: 8, gives: listType, run: concat},
	{name: "lower", least: 1, most: 1, gives: textType, run: onText(strings.ToLower)},
	{name: "upper", least: 1, most: 1, gives: textType, run: onText(strings.ToUpper)},
	{name: "trim", least: 1, most: 1, gives: textType, run: onText(strings.TrimSpace)},
	{name: "replace", least: 3, most: 3, gives: textType, run: replace},
	{name: "before", least: 2, most: 2, gives: textType, run: part(func(s, mark string) string { head, _, _ := strings.Cut(s, mark); return head })},
	{name: "after", least: 2, most: 2, gives: textType, run: part(after)},
	{name: "afterLast", least: 2, most: 2, gives: textType, run: part(afterLast)},
	{name: "default", least: 2, most: 8, gives: anyType, run: firstOf},
	{name: "len", least: 1, most: 1, gives: intType, run: length},
	{name: "$get", least: 2, most: 2, gives: anyType, run: get, elementary: true},
	{name: "$add", least: 2, most: 2, gives: anyType, run: add, elementary: true},
	{name: "$flag", least: 1, most: 1, gives: flagType, run: func(_ *Document, args []any) (any, error) { return asFlag(args[0]) }, elementary: true},
	{name: "$text", least: 2, most: 2, gives: textType, run: haystack, elementary: true},
	{name: "$list", least: 1, most: 1, gives: listType, run: func(_ *Document, args []any) (any, error) { return asList(args[0]) }, elementary: true},
}

// functionNames are those that can be called by name.
func functionNames() []string {
	var names []string
	for _, f := range functions {
		if !f.elementary {
			names = append(names, f.name)
		}
	}
	return names
}

// types are the forms in which a function may be called, for the checker.
func (f *function) types() []reflect.Type {
	forms := make([]reflect.Type, 0, f.most-f.least+1)
	for n := f.least; n <= f.most; n++ {
		in := []reflect.Type{reflect.TypeFor[*Document]()}
		for range n {
			in = append(in, anyType)
		}
		forms = append(forms, reflect.FuncOf(in, []reflect.Type{f.gives}, false))
	}
	return forms
}

// call runs the function for expr.
func (f *function) call(params ...any) (any, error) {
	d, ok := params[0].(*Document)
	if !ok {
		return nil, errors.New("called without a document")
	}
	if err := d.spend(0); err != nil {
		return nil, err
	}
	return f.run(d, params[1:])
}

// take is an argument as text, counted, and cut where it gets too long.
func take(d *Document, v any) (string, error) {
	s, err := asText(v)
	if err != nil {
		return "", err
	}
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s, d.spend(len(s))
}

func onText(change func(string) string) func(*Document, []any) (any, error) {
	return func(d *Document, args []any) (any, error) {
		s, err := take(d, args[0])
		if err != nil {
			return nil, err
		}
		return change(s), nil
	}
}

func part(of func(s, mark string) string) func(*Document, []any) (any, error) {
	return func(d *Document, args []any) (any, error) {
		s, err := take(d, args[0])
		if err != nil {
			return nil, err
		}
		mark, err := take(d, args[1])
		if err != nil {
			return nil, err
		}
		return of(s, mark), nil
	}
}

func after(s, mark string) string {
	_, rest, _ := strings.Cut(s, mark)
	return rest
}

func afterLast(s, mark string) string {
	if i := strings.LastIndex(s, mark); i >= 0 {
		return s[i+len(mark):]
	}
	return ""
}

// takeHTML is take for what is slower to read than other text.
func takeHTML(d *Document, v any) (string, error) {
	const slower = 4
	s, err := take(d, v)
	if err != nil {
		return "", err
	}
	return s, d.spend(slower * len(s))
}

func htmlText(d *Document, args []any) (any, error) {
	s, err := takeHTML(d, args[0])
	if err != nil {
		return nil, err
	}
	return markup.Render(s, nil).Text, nil
}

func htmlLinks(d *Document, args []any) (any, error) {
	s, err := takeHTML(d, args[0])
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, link := range markup.Render(s, d.base).Links {
		list = append(list, link)
	}
	return list, nil
}

func htmlImages(d *Document, args []any) (any, error) {
	s, err := takeHTML(d, args[0])
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, m := range markup.Render(s, d.base).Media {
		list = append(list, map[string]any{"url": m.URL, "alt": m.Alt})
	}
	return list, nil
}

// media is a picture of an address, its description and its name.
func media(d *Document, args []any) (any, error) {
	m := map[string]any{}
	for i, arg := range args {
		s, err := take(d, arg)
		if err != nil {
			return nil, err
		}
		m[[...]string{"url", "alt", "name"}[i]] = s
	}
	return m, nil
}

func absolute(d *Document, args []any) (any, error) {
	s, err := take(d, args[0])
	if err != nil {
		return nil, err
	}
	return d.address(s), nil
}

func join(d *Document, args []any) (any, error) {
	list, err := asList(args[0])
	if err != nil {
		return nil, err
	}
	between, err := take(d, args[1])
	if err != nil {
		return nil, err
	}
	words := texts(list)
	long := 0
	for _, w := range words {
		long += len(w) + len(between)
	}
	if long > maxText {
		return nil, errLong
	}
	return strings.Join(words, between), d.spend(long)
}

var errLong = fmt.Errorf("the text gets longer than %d bytes", maxText)

func split(d *Document, args []any) (any, error) {
	s, err := take(d, args[0])
	if err != nil {
		return nil, err
	}
	mark, err := take(d, args[1])
	if err != nil {
		return nil, err
	}
	const pieces, each = 1000, 32
	list := []any{}
	for _, piece := range strings.SplitN(s, mark, pieces) {
		list = append(list, piece)
	}
	return list, d.spend(each * len(list))
}

func concat(d *Document, args []any) (any, error) {
	const each = 16
	all := []any{}
	for _, one := range args {
		list, err := asList(one)
		if err != nil {
			return nil, err
		}
		if err := d.spend(each * len(list)); err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func replace(d *Document, args []any) (any, error) {
	var words [3]string
	for i := range words {
		var err error
		if words[i], err = take(d, args[i]); err != nil {
			return nil, err
		}
	}
	s, old, by := words[0], words[1], words[2]
	if len(s)+strings.Count(s, old)*(len(by)-len(old)) > maxText {
		return nil, errLong
	}
	return strings.ReplaceAll(s, old, by), nil
}

// firstOf returns the first argument that says something.
func firstOf(_ *Document, args []any) (any, error) {
	for _, one := range args[:len(args)-1] {
		switch v := one.(type) {
		case nil:
		case string:
			if v != "" {
				return v, nil
			}
		default:
			return v, nil
		}
	}
	return args[len(args)-1], nil
}

func length(_ *Document, args []any) (any, error) {
	switch v := args[0].(type) {
	case nil:
		return 0, nil
	case string:
		return len(v), nil
	case []any:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	}
	return nil, fmt.Errorf("%s has no length", describe(args[0]))
}

// get is a member of an object or list, nil when it is not there.
func get(_ *Document, args []any) (any, error) {
	switch of := args[0].(type) {
	case map[string]any:
		if key, ok := args[1].(string); ok {
			return of[key], nil
		}
	case []any:
		i, ok := args[1].(int)
		if ok && i < 0 {
			i += len(of)
		}
		if ok && i >= 0 && i < len(of) {
			return of[i], nil
		}
	}
	return nil, nil
}

// add joins texts and sums numbers. What is missing is nothing.
func add(d *Document, args []any) (any, error) {
	if isNumeric(args[0]) && isNumeric(args[1]) {
		i, whole := args[0].(int)
		if j, ok := args[1].(int); ok && whole {
			return i + j, nil
		}
		return toFloat(args[0]) + toFloat(args[1]), nil
	}
	a, err := take(d, args[0])
	if err != nil {
		return nil, err
	}
	b, err := take(d, args[1])
	if err != nil {
		return nil, err
	}
	if len(a)+len(b) > maxText {
		return nil, errLong
	}
	return a + b, nil
}

// haystack is a text that an operator goes over; each of its bytes costs so much.
func haystack(d *Document, args []any) (any, error) {
	const seen, cheap = 16 << 10, 16
	s, err := take(d, args[0])
	if err != nil {
		return nil, err
	}
	cost, ok := args[1].(int)
	if ok && cost > 1 { // a pattern
		s = strings.ToValidUTF8(s[:min(len(s), seen)], "")
		err = d.spend(len(s) * cost / cheap)
	}
	return s, err
}
