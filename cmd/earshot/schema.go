package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"earshot"
	"earshot/rules"
)

const momentPattern = `^([0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{5,8}(Z|[+-][0-9]{2}:[0-9]{2}))?|.*\$\{.*)$`

const durationPattern = `^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w))+|.*\$\{.*)$`

// configSchema describes the file to editors. It is made of the structs that are
// decoded, so that the two agree.
func configSchema() ([]byte, error) {
	root := reflectSchema(fileConfig{})
	root.ID = "https://earshot.example/schemas/earshot.json"
	root.Title = "earshot configuration"
	root.Version = jsonschema.Version
	root.Properties.Set("listeners", &jsonschema.Schema{
		Type: "array", Description: "Where it is listened for", Items: listenerSchema(),
	})
	root.Properties.Set("sinks", &jsonschema.Schema{
		Type: "array", Description: "How teams are told outside of the bus", Items: sinkSchema(),
	})
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return text, nil
}

// listenerSchema lets the type decide which other keys there are.
func listenerSchema() *jsonschema.Schema {
	common := reflectSchema(commonConfig{}).Properties
	types := make([]any, 0, len(drivers()))
	var cases []*jsonschema.Schema
	add := func(name string, section *jsonschema.Schema) {
		types = append(types, name)
		section.Version = ""
		section.Properties.Set("name", &jsonschema.Schema{Type: "string", Pattern: listenerName.String(), Description: "Unique and stable: what was heard is found by it"})
		section.Properties.Set("type", &jsonschema.Schema{Const: name})
		for key := common.Oldest(); key != nil; key = key.Next() {
			if _, own := section.Properties.Get(key.Key); !own {
				section.Properties.Set(key.Key, key.Value)
			}
		}
		chosen := jsonschema.NewProperties()
		chosen.Set("type", &jsonschema.Schema{Const: name})
		cases = append(cases, &jsonschema.Schema{
			If:   &jsonschema.Schema{Properties: chosen, Required: []string{"type"}},
			Then: section,
		})
	}
	for _, name := range driverNames() {
		add(name, reflectSchema(drivers()[name].Config))
	}
	for _, r := range allRecipes() {
		add(recipePrefix+r.Name, r.schema())
	}
	common.Set("name", &jsonschema.Schema{Type: "string"})
	common.Set("type", &jsonschema.Schema{Enum: types, Description: "The network"})
	return &jsonschema.Schema{Type: "object", Properties: common, Required: []string{"name", "type"}, AllOf: cases}
}

// schema describes the section of a listener that is a recipe: its parameters, and
// the keys of its driver, none of which it needs.
func (r *recipe) schema() *jsonschema.Schema {
	section := reflectSchema(drivers()[r.Driver].Config)
	section.Required = nil
	if mapping, ok := section.Properties.Get("mapping"); ok {
		mapping.Required = nil
	}
	for _, p := range r.Parameters {
		s := &jsonschema.Schema{Type: "string", Description: p.About}
		if p.As == "number" {
			s = &jsonschema.Schema{Type: "integer", Description: p.About}
		}
		section.Properties.Set(p.Name, s)
		if p.Required {
			section.Required = append(section.Required, p.Name)
		}
	}
	return section
}

func reflectSchema(config any) *jsonschema.Schema {
	r := &jsonschema.Reflector{
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		DoNotReference:             true,
		Anonymous:                  true,
		Mapper:                     mapType,
	}
	t := reflect.TypeOf(config)
	s := r.ReflectFromType(t)
	describe(s, t)
	return s
}

// describe puts in the descriptions in full: the library ends them at the first
// comma.
func describe(s *jsonschema.Schema, t reflect.Type) {
	for t.Kind() == reflect.Slice && s.Items != nil {
		s, t = s.Items, t.Elem()
	}
	if t.Kind() != reflect.Struct || s.Properties == nil {
		return
	}
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if property, ok := s.Properties.Get(key); ok {
			property.Description = description(f)
			describe(property, f.Type)
		}
	}
}

var nextKeyword = regexp.MustCompile(`,(?:[A-Za-z]+=|required|uniqueItems)`)

// description is what the tag of a field says of it.
func description(f reflect.StructField) string {
	_, text, _ := strings.Cut(f.Tag.Get("jsonschema"), "description=")
	if end := nextKeyword.FindStringIndex(text); end != nil {
		text = text[:end[0]]
	}
	return text
}

// mapType describes types whose form in the file is not that of the Go type.
func mapType(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &jsonschema.Schema{Type: "string", Pattern: momentPattern}
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", Pattern: durationPattern}, {Const: 0}}}
	case reflect.TypeFor[[]rules.Topic]():
		topic := reflectSchema(rules.Topic{})
		topic.Version = ""
		topic.Properties.Delete("name")
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{
			OneOf: []*jsonschema.Schema{{Type: "string"}, topic},
		}}
	case reflect.TypeFor[rules.Points]():
		points := reflectSchema(rules.Weights{})
		points.Version = ""
		return points
	case reflect.TypeFor[map[earshot.Band]time.Duration]():
		bands := jsonschema.NewProperties()
		for _, band := range earshot.BandNames() {
			bands.Set(string(band), mapType(reflect.TypeFor[time.Duration]()))
		}
		return &jsonschema.Schema{Type: "object", Properties: bands, AdditionalProperties: jsonschema.FalseSchema}
	case reflect.TypeFor[earshot.Kind]():
		return enum(earshot.Kinds())
	case reflect.TypeFor[earshot.Band]():
		return enum(earshot.BandNames())
	case reflect.TypeFor[int64]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "integer"}, {Type: "string", Pattern: `^[0-9.]+ *([KMGT]i?|k)?B$`}}}
	}
	return nil
}

func enum[T ~string](words []T) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range words {
		s.Enum = append(s.Enum, string(w))
	}
	return s
}
