package bus_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"
	"github.com/nats-io/nats.go/jetstream"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"earshot"
	"earshot/bus"
)

var update = flag.Bool("update", false, "write docs/schemas anew")

// bodies are the messages other programs may read, by the name of their schema.
var bodies = map[string]any{
	"mention": earshot.Judged{}, "alert": earshot.Alert{}, "case": earshot.CaseEvent{}, "deadletter": earshot.DeadLetter{}, "note": earshot.Note{},
}

const schemas = "../docs/schemas"

func schemaOf(body any) *jsonschema.Schema {
	r := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[earshot.Score]() {
				return &jsonschema.Schema{Type: "number", Description: "a decimal with at most six digits after the point"}
			}
			return nil
		},
		// A reader must bear with fields that a later version adds.
		AllowAdditionalProperties: true,
	}
	s := r.Reflect(body)
	nullable(s)
	for _, d := range s.Definitions {
		nullable(d)
	}
	return s
}

// nullable allows null for lists, which is how Go writes an empty one.
func nullable(s *jsonschema.Schema) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if v := p.Value; v.Type == "array" {
			p.Value = &jsonschema.Schema{OneOf: []*jsonschema.Schema{v, {Type: "null"}}}
		}
	}
}

// The schemas in docs are those of the types.
func TestSchemas(t *testing.T) {
	for name, body := range bodies {
		s := schemaOf(body)
		s.ID = jsonschema.ID("urn:earshot:schema:" + name + ":1")
		s.Title = "earshot " + name
		want, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		path := filepath.Join(schemas, name+".json")
		if *update {
			if err := os.MkdirAll(schemas, 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the types say: run go test ./bus -run Schemas -update (%v)", path, err)
		}
	}
}

// Every message on the bus is what its schema, its headers and docs/asyncapi.yaml say.
func TestContract(t *testing.T) {
	o := options(t)
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	private := benchMention(3)
	private.Visibility = earshot.Private
	p.commit(benchMention(1), mention(2, "acme"), private)
	p.commit(changed(benchMention(4), earshot.Edited), changed(mention(1), earshot.Deleted))
	if _, err := b.Commit(t.Context(), bus.Batch{
		Listener: "hook", Part: "p", Dead: []earshot.DeadLetter{
			{Listener: "hook", Part: "p", Reason: "not JSON", At: time.Now()},
			{Listener: "hook", Part: "p", Reason: "too large", At: time.Now(), Mention: "hook:1"},
		},
	}); err != nil {
		t.Fatal(err)
	}
	a := alert("1", "cs", 1)
	m := benchMention(1)
	a.Mention, a.Verdict = &m.Mention, &m.Verdicts[0]
	quoting := alert("2", "cs", 1)
	quoting.Mention = &private.Mention
	e := event("cs", "one", "opened", 0)
	e.Case.Members, e.Alert = []earshot.Member{{Mention: m.Key()}}, &a
	if _, err := b.Publish(t.Context(), []earshot.Alert{a, quoting}, []earshot.Membership{{Brand: "acme", Mention: m.Key()}}, []earshot.Progress{{Brand: "acme"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Record(t.Context(), []earshot.CaseEvent{e}, []earshot.Note{{ID: "n", Team: "cs", Case: "one", By: "anna", At: e.At, Text: "words"}}); err != nil {
		t.Fatal(err)
	}
	bookkeeping(t, b, &e.Case)
	addresses, text := documented(t)
	js, checked := administer(t, b.URL(), secret(t, o.Dir, "daemon")), 0
	streams := js.ListStreams(t.Context())
	for info := range streams.Info() {
		name := info.Config.Name
		if !strings.Contains(text, name) {
			t.Errorf("stream %s is not in docs/asyncapi.yaml", name)
		}
		for _, subject := range info.Config.Subjects {
			if begin := strings.TrimSuffix(subject, ">"); !strings.Contains(text, "address: '"+begin) {
				t.Errorf("nothing below %s is in docs/asyncapi.yaml", begin)
			}
		}
		for _, m := range messagesOf(t, js, name, ">") {
			if !strings.HasPrefix(m.Subject, "$KV.") {
				checkMessage(t, m)
			}
			if !slices.ContainsFunc(addresses, func(re *regexp.Regexp) bool { return re.MatchString(m.Subject) }) {
				t.Errorf("%s is not in docs/asyncapi.yaml", m.Subject)
			}
			checked++
		}
	}
	if err := streams.Err(); err != nil || checked < 20 {
		t.Errorf("only %d messages checked: %v", checked, err)
	}
}

// bookkeeping has the bus write what it keeps for itself.
func bookkeeping(t *testing.T, b *bus.Bus, c *earshot.Case) {
	t.Helper()
	c.LegalHold = &earshot.LegalHold{Reason: "r", Until: time.Now().Add(time.Hour)}
	if err := b.Keep(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Client().PutSetting(t.Context(), "mutes.m1", []byte(`{}`), 0); err != nil {
		t.Fatal(err)
	}
	record := earshot.Record{Name: "story-1", Data: json.RawMessage(`{}`)}
	if _, err := b.Publish(t.Context(), nil, nil, []earshot.Progress{{Brand: "zenith", Sequence: 1, Records: []earshot.Record{record}}}); err != nil {
		t.Fatal(err)
	}
	box, stop := outbox(t, b)
	defer stop()
	raise(t, b, 51)
	letter := take(t, box)
	if err := box.SetState(t.Context(), "at", json.RawMessage(`1`)); err != nil {
		t.Fatal(err)
	}
	if err := box.Note(t.Context(), letter.Alert.Case, json.RawMessage(`{}`), earshot.Delivery{Alert: letter.Alert.ID}); err != nil {
		t.Fatal(err)
	}
	if err := box.SetAside(t.Context(), letter.Sequence, "too long"); err != nil {
		t.Fatal(err)
	}
}

// documented are the addresses of docs/asyncapi.yaml, as patterns, and its text.
func documented(t *testing.T) ([]*regexp.Regexp, string) {
	t.Helper()
	data, err := os.ReadFile("../docs/asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		AsyncAPI string `yaml:"asyncapi"`
		Channels map[string]struct {
			Address    string         `yaml:"address"`
			Parameters map[string]any `yaml:"parameters"`
		} `yaml:"channels"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.AsyncAPI != "3.1.0" || len(doc.Channels) == 0 {
		t.Fatalf("asyncapi %q with %d channels", doc.AsyncAPI, len(doc.Channels))
	}
	parameter := regexp.MustCompile(`\\\{(\w+)\\\}`)
	var all []*regexp.Regexp
	for name, c := range doc.Channels {
		pattern := regexp.QuoteMeta(c.Address)
		for _, p := range parameter.FindAllStringSubmatch(pattern, -1) {
			if _, ok := c.Parameters[p[1]]; !ok {
				t.Errorf("channel %s does not explain {%s}", name, p[1])
			}
		}
		all = append(all, regexp.MustCompile("^"+parameter.ReplaceAllString(pattern, `[^.]+`)+"$"))
	}
	return all, string(data)
}

func checkMessage(t *testing.T, m *jetstream.RawStreamMsg) {
	t.Helper()
	h := m.Header
	for _, name := range []string{"ce-id", "ce-source", "ce-type", "ce-dataschema"} {
		if h.Get(name) == "" {
			t.Errorf("%s lacks %s: %v", m.Subject, name, h)
		}
	}
	if h.Get("ce-specversion") != "1.0" || h.Get("ce-datacontenttype") != "application/json" {
		t.Errorf("%s is no CloudEvent: %v", m.Subject, h)
	}
	schema := strings.Split(h.Get("ce-dataschema"), ":")
	if _, public := bodies[schema[3]]; !public {
		return
	}
	compiled, err := validator.NewCompiler().Compile(filepath.Join(schemas, schema[3]+".json"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := validator.UnmarshalJSON(bytes.NewReader(m.Data))
	if err == nil {
		err = compiled.Validate(body)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", m.Subject, err, m.Data)
	}
}

// The permissions in docs/nats.md are the ones the code gives.
func TestPermissionsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/nats.md")
	if err != nil {
		t.Fatal(err)
	}
	text := bus.ServerConfig([]string{"cs"}, []bus.User{
		{Name: "anna", Role: bus.Person, Team: "cs"}, {Name: "auditor", Role: bus.Readonly},
	}, map[string]string{"daemon": "$DAEMON", "cs": "$CS", "ops": "$OPS", "anna": "$ANNA", "auditor": "$AUDITOR"})
	if !strings.Contains(string(doc), strings.TrimSpace(text)) {
		t.Errorf("docs/nats.md does not contain:\n%s", text)
	}
	if *update {
		fmt.Println(text)
	}
}
