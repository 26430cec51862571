package rss

import (
	"testing"

	"earshot"
)

// Names are kept, addresses of mail are not.
func TestBylines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]earshot.Author{
		"Ida Holm":                       {Name: "Ida Holm"},
		"ida@x.example":                  {},
		"ida@x.example (Ida Holm)":       {Name: "Ida Holm"},
		"Ida Holm (ida@x.example)":       {Name: "Ida Holm"},
		"Ida Holm &lt;ida@x.example&gt;": {Name: "Ida Holm"},
		"@acmecare":                      {Handle: "@acmecare"},
		"Acme Care (@acmecare)":          {Name: "Acme Care", Handle: "@acmecare"},
		"@acmecare@social.example":       {Handle: "@acmecare@social.example"},
		"/u/toyfan":                      {Name: "/u/toyfan"},
		"Acme (Denmark) A/S":             {Name: "Acme (Denmark) A/S"},
		"@":                              {},
	} {
		if got := bylineOf(line); got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}
