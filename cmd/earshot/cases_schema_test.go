package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"earshot"
	"earshot/alerts/casework"
	"earshot/alerts/mutes"
	"earshot/alerts/noise"
)

// caseworkBodies are what goes over the wire when people work on cases and mutes, by
// the name of its schema.
var caseworkBodies = map[string]any{
	"casework-request": casework.Action{}, "casework-query": casework.Query{},
	"casework-done": casework.Done{}, "casework-page": casework.Page{}, "casework-sheet": casework.Sheet{},
	"mutes-request": mutes.Request{}, "mutes-list": mutes.Listed{}, "mutes-view": mutes.View{}, "mutes-done": mutes.Done{},
}

const schemaDir = "../../docs/schemas"

// The schemas of casework in docs are those of the types.
func TestCaseworkSchemas(t *testing.T) {
	for name, body := range caseworkBodies {
		r := jsonschema.Reflector{
			Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: !strings.HasSuffix(name, "-request") && name != "casework-query",
			Mapper: func(t reflect.Type) *jsonschema.Schema {
				switch t {
				case reflect.TypeFor[earshot.Score]():
					return &jsonschema.Schema{Type: "number", Description: "a decimal with at most six digits after the point"}
				case reflect.TypeFor[noise.Matchers]():
					return &jsonschema.Schema{Type: "string", Description: "matchers as in Alertmanager"}
				}
				return nil
			},
		}
		s := r.Reflect(body)
		s.ID, s.Title = jsonschema.ID("urn:earshot:schema:"+name+":1"), "earshot "+name
		for _, d := range append([]*jsonschema.Schema{s}, definitions(s)...) {
			orNull(d)
		}
		want, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		path := filepath.Join(schemaDir, name+".json")
		if *update {
			if err := os.WriteFile(path, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the types say: run go test ./cmd/earshot -run CaseworkSchemas -update (%v)", path, err)
		}
	}
}

func definitions(s *jsonschema.Schema) []*jsonschema.Schema {
	all := make([]*jsonschema.Schema, 0, len(s.Definitions))
	for _, d := range s.Definitions {
		all = append(all, d)
	}
	return all
}

// orNull allows null for lists, which is how Go writes an empty one.
func orNull(s *jsonschema.Schema) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if v := p.Value; v.Type == "array" {
			p.Value = &jsonschema.Schema{OneOf: []*jsonschema.Schema{v, {Type: "null"}}}
		}
	}
}

// conforms holds an answer to its schema.
func conforms(t *testing.T, schema, answer string) {
	t.Helper()
	compiled, err := validator.NewCompiler().Compile(filepath.Join(schemaDir, schema+".json"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := validator.UnmarshalJSON(bytes.NewReader([]byte(answer)))
	if err == nil {
		err = compiled.Validate(body)
	}
	if err != nil {
		t.Errorf("not a %s: %v\n%s", schema, err, answer)
	}
}
