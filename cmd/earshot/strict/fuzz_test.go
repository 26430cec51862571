package strict_test

import (
	"testing"

	"earshot"
	"earshot/cmd/earshot/strict"
)

// Whatever the bytes, reading them ends without a panic and every finding has a
// place in the file.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "name: a\nquery: |\n  b #c\n", "deep: [{name: x, every: 5m}]\n", "a: &a [*a]\n<<: *a", "query: 'it''s", "? [a]: b",
		"name: \"\\u00e9\\\n x\"", "tls: {ca_file: ${X}}\n---\nb", "\xff", "deep:\n  - name: a: b\n\t- x", "query: >+2\n   a\n\n  b\n",
	} {
		f.Add([]byte(seed), uint16(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, offset uint16) {
		d := strict.Parse("f.yaml", data, strict.Options{Dir: t.TempDir(), Verbatim: verbatim})
		var s sample
		d.Decode(d.Root(), &s)
		d.Fingerprint(d.Root())
		d.ReportProblem(earshot.Problem{Path: "deep[0].query", Offset: int(offset), Length: 3, What: "x"}, "")
		d.ReportProblem(earshot.Problem{Path: "query", Offset: int(offset), Length: 3, What: "x"}, "")
		for _, finding := range d.Findings() {
			if finding.Line < 1 || finding.Col < 1 {
				t.Errorf("no place: %v", finding)
			}
		}
	})
}
