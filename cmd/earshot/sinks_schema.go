package main

import "github.com/invopop/jsonschema"

// sinkSchema lets the type decide which other keys there are.
func sinkSchema() *jsonschema.Schema {
	shared := reflectSchema(sinkCommon{})
	common := shared.Properties
	types := make([]any, 0, len(sinkDrivers()))
	var cases []*jsonschema.Schema
	for _, name := range sinkNames() {
		types = append(types, name)
		section := reflectSchema(sinkDrivers()[name].Config)
		section.Version = ""
		section.Properties.Set("name", &jsonschema.Schema{Type: "string", Pattern: listenerName.String(), Description: "Unique and stable: what was delivered is found by it"})
		section.Properties.Set("type", &jsonschema.Schema{Const: name})
		for key := common.Oldest(); key != nil; key = key.Next() {
			section.Properties.Set(key.Key, key.Value)
		}
		chosen := jsonschema.NewProperties()
		chosen.Set("type", &jsonschema.Schema{Const: name})
		cases = append(cases, &jsonschema.Schema{
			If:   &jsonschema.Schema{Properties: chosen, Required: []string{"type"}},
			Then: section,
		})
	}
	common.Set("name", &jsonschema.Schema{Type: "string"})
	common.Set("type", &jsonschema.Schema{Enum: types, Description: "How people are told"})
	return &jsonschema.Schema{Type: "object", Properties: common, Required: append([]string{"name", "type"}, shared.Required...), AllOf: cases}
}
