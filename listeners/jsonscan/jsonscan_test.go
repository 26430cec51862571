package jsonscan_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"earshot/listeners/jsonscan"
)

// shape has a value of every kind.
type shape struct {
	Text  string
	Whole int64
	Real  float64
	Truth bool
	At    time.Time
	Words []string
	Inner struct{ Text string }
}

func scan(text string) (to shape, ok bool) {
	s := jsonscan.New(text)
	ok = s.Object(func(key string) bool {
		switch key {
		case "Text":
			return s.String(&to.Text)
		case "Whole":
			return s.Int(&to.Whole)
		case "Real":
			return s.Float(&to.Real)
		case "Truth":
			return s.Bool(&to.Truth)
		case "At":
			return s.Time(&to.At)
		case "Words":
			return jsonscan.Array(s, &to.Words, s.String)
		case "Inner":
			return s.Null() || s.Object(func(key string) bool {
				if key == "Text" {
					return s.String(&to.Inner.Text)
				}
				return s.Unknown(key, "Text")
			})
		}
		return s.Unknown(key, "Text", "Whole", "Real", "Truth", "At", "Words", "Inner")
	}) && s.End()
	return to, ok
}

// The usual is read, the unusual left to encoding/json.
func TestScan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{}`: true,
		" {\"Text\":\"a\\n\\u00e9\\ud83e\\uddf8\", \"Whole\":-5,\"Real\":1.25,\"Truth\":true}\n":           true,
		`{"At":"2026-11-22T08:15:00Z","Words":["a","b"],"Inner":{"Text":"x","More":[{"a":1},null,false]}}`: true,
		`{"Text":null,"Words":null,"Inner":null,"more":1}`:                                                 true,
		`{"text":"another way to write it"}`:                                                               false,
		`{"Words":["a"],"Words":["b"]}`:                                                                    false,
		`{"Whole":1e3}`:                                                                                    false,
		`{"Whole":01}`:                                                                                     false,
		`{"Text":"a" "Whole":1}`:                                                                           false,
		`{"Text":"`:                                                                                        false,
		`{} {}`:                                                                                            false,
		`{"more":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`: false,
		"{\"Te\u017ft\":1}": false,
		"":                  false,
	} {
		if _, ok := scan(text); ok != want {
			t.Errorf("%.60s: read is %v, want %v", text, ok, want)
		}
	}
}

// What is read is read as encoding/json reads it.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{"Text":"a\n\u00e9\ud83e\uddf8","Whole":-5,"Real":1.25,"Truth":true,"At":"2026-11-22T08:15:00Z"}`,
		`{"Words":["a",null],"Inner":{"Text":"x"},"more":[1,{"a":null}]}`, `{"TEXT":1}`, `{"Whole":-0}`, `{"Text":"\ud800"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		got, ok := scan(text)
		if !ok {
			return
		}
		var want shape
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("read %q, of which encoding/json says: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-encoding/json +scan):\n%s", text, diff)
		}
	})
}
