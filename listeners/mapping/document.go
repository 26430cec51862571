package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/vm"

	"earshot"
	"earshot/listeners/markup"
)

// maxWeight is how many values a document may hold: each takes a hundred bytes
// once it is parsed, however short it is written.
const maxWeight = 500_000

// ValueBytes is about how much memory a value takes, for those who reckon with
// Weigh.
const ValueBytes = 128

// work is how much the expressions may do with a document of a size, in bytes
// that they go over.
func work(size int) int { return 16<<20 + 16*size }

// ErrNotJSON is wrapped by the error of a Parse of something else.
var ErrNotJSON = errors.New("not JSON")

// Request is what expressions know of how a document came, as request.host and so
// on.
type Request struct {
	Base   *url.URL    // what relative addresses are relative to; nil for nothing
	Header http.Header // of the answer or delivery
	Path   string      // of a delivery, below its listener's
	Query  url.Values  // of a delivery
}

// Document is a JSON text ready for expressions. It is not for concurrent use.
type Document struct {
	root    any
	request map[string]any
	base    *url.URL
	machine vm.VM
	env     map[string]any
	left    int  // of work
	badDate bool // a function met a date that is none
}

// Weigh is at least how many values a JSON text holds.
func Weigh(body []byte) int {
	weight := 1
	for _, mark := range []string{"{", "[", ","} {
		weight += bytes.Count(body, []byte(mark))
	}
	return weight
}

// Parse reads a JSON text. Whole numbers of up to 64 bits keep all their digits,
// larger ones are texts.
func Parse(body []byte, r Request) (*Document, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if weight := Weigh(body); weight > maxWeight {
		return nil, fmt.Errorf("%w that can be read: it holds %d values, more than %d", ErrNotJSON, weight, maxWeight)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var root any
	err := decoder.Decode(&root)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = fmt.Errorf("something follows at byte %d", decoder.InputOffset())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrNotJSON, diagnose(body, err))
	}
	d := &Document{root: plain(root), base: r.Base, left: work(len(body)), request: describeRequest(r)}
	d.env = map[string]any{docName: d.root, requestName: d.request, runName: d, itemName: nil}
	return d, nil
}

// diagnose says what came instead of JSON.
func diagnose(body []byte, err error) string {
	trimmed := bytes.TrimSpace(body)
	var syntax *json.SyntaxError
	switch {
	case len(trimmed) == 0:
		return "nothing came"
	case trimmed[0] == '<':
		return "it begins like a web page or XML"
	case !utf8.Valid(body):
		return "it is not UTF-8"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends in the middle"
	case errors.As(err, &syntax):
		return fmt.Sprintf("a mistake at byte %d", syntax.Offset)
	}
	return err.Error()
}

func describeRequest(r Request) map[string]any {
	header := make(map[string]any, len(r.Header))
	for name, values := range r.Header {
		header[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	query := make(map[string]any, len(r.Query))
	for name, values := range r.Query {
		query[name] = strings.Join(values, ", ")
	}
	about := map[string]any{"header": header, "query": query, "path": r.Path, "host": ""}
	if r.Base != nil {
		about["host"] = r.Base.Host
	}
	return about
}

// plain turns the numbers in a value into those that expressions reckon with. The
// decoder has refused what nests too deeply.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.Atoi(v.String()); err == nil {
			return i
		}
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".eE") {
			return f
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

var errWork = errors.New("the mapping has too much to do with this document")

// spend counts what an expression is about to go over.
func (d *Document) spend(bytes int) error {
	const call = 16
	if d.left -= bytes + call; d.left < 0 {
		return errWork
	}
	return nil
}

// address is an absolute http address, or nothing.
func (d *Document) address(ref string) string { return markup.Resolve(d.base, ref) }

func (d *Document) addresses(list []any) []string {
	var all []string
	for _, one := range list[:min(len(list), markup.MaxLinks)] {
		if text, ok := one.(string); ok {
			if u := d.address(text); u != "" {
				all = append(all, u)
			}
		}
	}
	return all
}

// media reads a list of addresses or of objects with url, alt and name.
func (d *Document) media(list []any) []earshot.Media {
	var all []earshot.Media
	for _, one := range list {
		var m earshot.Media
		switch one := one.(type) {
		case string:
			m.URL = d.address(one)
		case map[string]any:
			text := func(key string) string { s, _ := one[key].(string); return s }
			m = earshot.Media{URL: d.address(text("url")), Alt: text("alt"), Name: text("name")}
		}
		switch {
		case m.URL != "":
			all = markup.AppendMedia(all, m)
		case m.Name != "":
			all = append(all, m)
		}
	}
	return all
}
