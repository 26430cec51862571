package poll

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"earshot"
)

// values are what the braces of a template stand for in one request.
type values struct {
	since, until time.Time
	after        string
	page, offset int
	token, term  string
}

// names of the values, and the forms that times may have.
var (
	valueNames = []string{"since", "until", "after", "page", "offset", "token", "term"}
	timeForms  = []string{"rfc3339", "unix", "unixms", "date"}
)

// of returns a value as text, empty if there is none.
func (v *values) of(name, form string) string {
	switch name {
	case "since":
		return formatTime(v.since, form)
	case "until":
		return formatTime(v.until, form)
	case "after":
		return v.after
	case "page":
		return strconv.Itoa(v.page)
	case "offset":
		return strconv.Itoa(v.offset)
	case "token":
		return v.token
	}
	return v.term
}

func formatTime(t time.Time, form string) string {
	switch form {
	case "unix":
		return strconv.FormatInt(t.Unix(), 10)
	case "unixms":
		return strconv.FormatInt(t.UnixMilli(), 10)
	case "date":
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339)
}

// template is a text with values in braces.
type template []piece

// piece is a literal, or a value.
type piece struct {
	literal    string
	name, form string
}

var braces = regexp.MustCompile(`\{([a-z]+)(?::([a-z0-9]+))?\}`)

// parseTemplate reads a template. What is in braces and no value is text when lax
// is true, as in JSON.
func parseTemplate(text string, lax bool) (template, earshot.Problems) {
	var t template
	var problems earshot.Problems
	at := 0
	literal := func(s string, from int) {
		if s == "" {
			return
		}
		if i := strings.IndexAny(s, "{}"); i >= 0 && !lax {
			problems = append(problems, earshot.Problem{Offset: from + i, Length: 1, What: "a brace that belongs to no value", Hint: "the values are {" + strings.Join(valueNames, "} {") + "}"})
		}
		t = append(t, piece{literal: s})
	}
	for _, m := range braces.FindAllStringSubmatchIndex(text, -1) {
		p := piece{name: text[m[2]:m[3]]}
		if m[4] >= 0 {
			p.form = text[m[4]:m[5]]
		}
		what := p.wrong(lax)
		if what != "" && lax {
			continue
		}
		if what != "" {
			problems = append(problems, earshot.Problem{Offset: m[0], Length: m[1] - m[0], What: what, Hint: "the values are {" + strings.Join(valueNames, "} {") + "}"})
		}
		literal(text[at:m[0]], at)
		t, at = append(t, p), m[1]
	}
	literal(text[at:], at)
	return t, problems
}

// wrong says why a value cannot be meant.
func (p piece) wrong(inBody bool) string {
	switch {
	case !slices.Contains(valueNames, p.name):
		return fmt.Sprintf("there is no value {%s}", p.name)
	case p.form == "", p.form == "json" && inBody:
		return ""
	case p.name != "since" && p.name != "until":
		return fmt.Sprintf("{%s} has no form %q", p.name, p.form)
	case !slices.Contains(timeForms, p.form):
		return fmt.Sprintf("times have no form %q, but %s", p.form, strings.Join(timeForms, ", "))
	}
	return ""
}

func (t template) uses(name string) bool {
	return slices.ContainsFunc(t, func(p piece) bool { return p.name == name })
}

// expand writes the template with its values, each as escape writes it.
func (t template) expand(v *values, escape func(string) string) string {
	var b strings.Builder
	for _, p := range t {
		if p.name == "" {
			b.WriteString(p.literal)
			continue
		}
		b.WriteString(escape(v.of(p.name, p.form)))
	}
	return b.String()
}

// empty reports whether the template is made of values that are all empty.
func (t template) empty(v *values) bool {
	some := false
	for _, p := range t {
		if p.name != "" && v.of(p.name, p.form) != "" {
			return false
		}
		some = some || p.name != ""
	}
	return some
}

// address is a template for a URL. A parameter whose value is missing is left out.
type address struct {
	path   template
	params []template
}

func parseAddress(text string) (address, earshot.Problems) {
	var a address
	text, _, _ = strings.Cut(text, "#")
	path, query, _ := strings.Cut(text, "?")
	if what := checkURL(hostOf(path)); what != "" {
		return a, earshot.Problems{{What: what, Hint: "write https://host/path?name={since}"}}
	}
	var problems earshot.Problems
	a.path, problems = parseTemplate(path, false)
	at := len(path) + 1
	for param := range strings.SplitSeq(query, "&") {
		t, bad := parseTemplate(param, false)
		for _, p := range bad {
			p.Offset += at
			problems = append(problems, p)
		}
		at += len(param) + 1
		if len(t) > 0 {
			a.params = append(a.params, t)
		}
	}
	return a, problems
}

// hostOf is an address up to its path.
func hostOf(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

func (a address) uses(name string) bool {
	return a.path.uses(name) || slices.ContainsFunc(a.params, func(t template) bool { return t.uses(name) })
}

// expand writes the address with its values.
func (a address) expand(v *values) string {
	var params []string
	for _, p := range a.params {
		if !p.empty(v) {
			params = append(params, legible(p, v))
		}
	}
	path := a.path.expand(v, url.PathEscape)
	if len(params) == 0 {
		return path
	}
	return path + "?" + strings.Join(params, "&")
}

// legible is a parameter with what may not stand in an address escaped.
func legible(t template, v *values) string {
	var b strings.Builder
	for _, p := range t {
		if p.name != "" {
			b.WriteString(url.QueryEscape(v.of(p.name, p.form)))
			continue
		}
		for _, c := range []byte(p.literal) {
			if c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>\^`+"`{|}", c) >= 0 {
				fmt.Fprintf(&b, "%%%02X", c)
				continue
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// body writes a JSON template: values are escaped as inside quotes, and {x:json}
// stands for the whole value, or null.
func (t template) body(v *values) string {
	var b strings.Builder
	for _, p := range t {
		if p.name == "" {
			b.WriteString(p.literal)
			continue
		}
		text := v.of(p.name, p.form)
		if p.form == "json" && text == "" {
			b.WriteString("null")
			continue
		}
		written, err := json.Marshal(text)
		if err != nil { // of a string: never
			continue
		}
		if p.form != "json" {
			written = written[1 : len(written)-1]
		}
		b.Write(written)
	}
	return b.String()
}
