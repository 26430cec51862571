package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"earshot"
	"earshot/rules"
)

var update = flag.Bool("update", false, "rewrite what is made from the code")

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := configSchema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:///earshot.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("mem:///earshot.json")
	if err != nil {
		t.Fatalf("the schema is not one: %v", err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(plainValue(value))
}

// plainValue turns what YAML gives into what JSON would.
func plainValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			v[k] = plainValue(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = plainValue(inner)
		}
	case uint64:
		return int(v)
	}
	return v
}

// The schema that editors use takes what check takes and refuses what it refuses.
func TestSchema(t *testing.T) {
	schema := compileSchema(t)
	example, err := os.ReadFile("../../docs/examples/earshot.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, schema, string(example)); err != nil {
		t.Errorf("the example: %v", err)
	}
	for name, text := range map[string]string{
		"unknown section":             "brnads: []",
		"unknown key":                 "http: {port: 3}",
		"unknown key of a listener":   "listeners: [{name: a, type: rss, urls: [x], evry: 5m}]",
		"key of another listener":     "listeners: [{name: a, type: rss, urls: [x], path: /x}]",
		"unknown type":                "listeners: [{name: a, type: telepathy}]",
		"unknown key of quiet hours":  "listeners: [{name: a, type: rss, urls: [x], quiet: {frm: '22:00'}}]",
		"listener without a name":     "listeners: [{type: rss, urls: [x]}]",
		"duration without a unit":     "retention: 30",
		"duration of an odd unit":     "retention: 3 moons",
		"unknown type of sink":        "sinks: [{name: a, type: pigeon, team: ops}]",
		"unknown key of a sink":       "sinks: [{name: a, type: webhook, team: ops, url: 'https://x.example', colour: red}]",
		"sink without a team":         "sinks: [{name: a, type: webhook, url: 'https://x.example'}]",
		"unknown kind":                "teams: [{name: a, kinds: [riot]}]",
		"unknown band":                "teams: [{name: a, respond_within: {soon: 1h}}]",
		"unknown band of the night":   "teams: [{name: a, around_the_clock: [always]}]",
		"unknown key of a rota":       "teams: [{name: a, rota: {shift: []}}]",
		"unknown key of a topic":      "brands: [{name: a, query: b, topics: {x: {query: y, dangr: true}}}]",
		"unknown level":               "log: {level: loud}",
		"text where a list should be": "brands: acme",
		"number where a text belongs": "brands: [{name: a, query: 12}]",
	} {
		if _, err := parseConfig("x.yaml", []byte(text), environ(nil)); err == nil {
			t.Errorf("check takes %s: %s", name, text)
		}
		if err := validate(t, schema, text); err == nil {
			t.Errorf("%s is taken: %s", name, text)
		}
	}
	for _, text := range []string{
		"listeners: [{name: a, type: rss, urls: [x], quiet: {from: '22:00', to: '06:00'}, limit: {requests: 5, per: 1m}, silence: 6h}]",
		"teams: [{name: a, around_the_clock: [], hours: {zone: UTC, open: [{days: [mon-fri], from: 09:00, to: 24:00}], holidays: {closed: [12-24, 2026-12-31]}}, rota: {shifts: [{from: 2026-11-23, every: 1w, people: [ann]}]}}]",
		"retention: 30d", "retention: 0", "client: {max_body: 16MiB}", "client: {max_body: 1000}",
		"brands: [{name: a, query: b, topics: {x: y, z: {query: y, danger: true}}}]",
		"listeners: [{name: a, type: rss, urls: [x], every: '${EVERY}'}, {name: b, type: file, path: x, follow: false}]",
	} {
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// docs/config.md lists every key there is, with its default.
func TestConfigDocument(t *testing.T) {
	const path, from, to = "../../docs/config.md", "-update -->\n", "<!-- /keys -->"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(data), from)
	have, after, ok := strings.Cut(rest, to)
	if !ok {
		t.Fatalf("%s has no place for the keys", path)
	}
	want := keyTables()
	if strings.Contains(want, "|  |\n") {
		t.Error("a key has no description: give its field a tag jsonschema:\"description=…\"")
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+from+want+to+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("run go test ./cmd/earshot -run TestConfigDocument -update:\n%s", diff)
	}
}

func keyTables() string {
	var b strings.Builder
	b.WriteString("\n| key | value | default | |\n|---|---|---|---|\n")
	config := defaults()
	writeKeys(&b, "", reflect.ValueOf(config))
	b.WriteString("\nA listener has a `name`, unique and stable because its cursors are found by it, a `type`, the keys of its type, and if wanted:\n\n| key | value | default | |\n|---|---|---|---|\n")
	writeKeys(&b, "", reflect.ValueOf(commonConfig{}))
	for _, name := range driverNames() {
		fmt.Fprintf(&b, "\nA listener of the type `%s` has:\n\n| key | value | default | |\n|---|---|---|---|\n", name)
		writeKeys(&b, "", reflect.ValueOf(drivers()[name].Config))
	}
	b.WriteString("\nA sink has a `name`, unique and stable because what it has delivered is found by it, a `type`, the keys of its type, and:\n\n| key | value | default | |\n|---|---|---|---|\n")
	writeKeys(&b, "", reflect.ValueOf(sinkCommon{}))
	for _, name := range sinkNames() {
		fmt.Fprintf(&b, "\nA sink of the type `%s` has:\n\n| key | value | default | |\n|---|---|---|---|\n", name)
		writeKeys(&b, "", reflect.ValueOf(sinkDrivers()[name].Config))
	}
	b.WriteByte('\n')
	return b.String()
}

func writeKeys(b *strings.Builder, prefix string, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "" || key == "-" || v.Type() == reflect.TypeFor[rules.Topic]() && key == "name" {
			continue
		}
		path := prefix + key
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", path, valueName(f.Type), defaultOf(v.Field(i)), description(f))
		switch inner := f.Type; {
		case inner == reflect.TypeFor[[]rules.Topic]():
			fmt.Fprintf(b, "| `%s.*` | query, or: | | |\n", path)
			writeKeys(b, path+".*.", reflect.Zero(inner.Elem()))
		case inner.Kind() == reflect.Struct:
			writeKeys(b, path+".", v.Field(i))
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct:
			writeKeys(b, path+"[].", reflect.Zero(inner.Elem()))
		}
	}
}

func valueName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t == reflect.TypeFor[[]rules.Topic]():
		return "names with queries"
	case t == reflect.TypeFor[earshot.Kind]():
		return "kind"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int64:
		return "size"
	case reflect.Int, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list"
	}
	return "keys"
}

func defaultOf(v reflect.Value) string {
	if v.IsZero() || slices.Contains([]reflect.Kind{reflect.Struct, reflect.Slice, reflect.Map}, v.Kind()) {
		return ""
	}
	d, ok := reflect.TypeAssert[time.Duration](v)
	if ok && d > 24*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("`%dd`", d/(24*time.Hour))
	}
	if ok {
		return "`" + strings.NewReplacer("m0s", "m", "h0m0s", "h").Replace(d.String()) + "`"
	}
	return fmt.Sprintf("`%v`", v.Interface())
}
