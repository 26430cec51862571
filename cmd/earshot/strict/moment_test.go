package strict_test

import (
	"strings"
	"testing"
	"time"

	"earshot/cmd/earshot/strict"
)

// A moment is a day, or a time with its zone; anything else is said to be neither.
func TestMoments(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-27":                  "2026-11-27T00:00:00Z",
		"2026-11-27T09:00:00Z":        "2026-11-27T09:00:00Z",
		"2026-11-27T09:00+01:00":      "2026-11-27T08:00:00Z",
		`"2026-11-27T09:00:00-05:00"`: "2026-11-27T14:00:00Z",
		"tomorrow":                    "",
		"2026-13-01":                  "",
		"[]":                          "",
	} {
		var into struct {
			At time.Time `yaml:"at"`
		}
		d := strict.Parse("c.yaml", []byte("at: "+text+"\n"), strict.Options{})
		ok := d.Decode(d.Root(), &into)
		if ok != (want != "") || ok && into.At.Format(time.RFC3339) != want {
			t.Errorf("%s: %v %v, findings %v", text, ok, into.At, d.Findings())
		}
		if !ok && !strings.Contains(d.Findings()[0].Error(), "c.yaml:1:5") {
			t.Errorf("%s: %v", text, d.Findings())
		}
	}
}
