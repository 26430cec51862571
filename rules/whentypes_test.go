package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Wrong types and unknown names are told of together, in the order they stand.
func TestWrongTypes(t *testing.T) {
	for when, want := range map[string][]string{
		`sentiment < "a" && adresses_brand`:                     {`< invalid operation: < (mismatched types float64 and string)`, `adresses_brand there is no attribute "adresses_brand"`},
		`sentiment < "a" || danger > true`:                      {`< invalid operation: < (mismatched types float64 and string)`, `> invalid operation: > (mismatched types float64 and bool)`},
		`bogus < 1 && !sentiment`:                               {`bogus there is no attribute "bogus"`, `! invalid operation: ! (mismatched type float64)`},
		`bogus`:                                                 {`bogus there is no attribute "bogus"`},
		`bogus + nonsense > mention.txt`:                        {`bogus there is no attribute "bogus"`, `nonsense there is no attribute "nonsense"`, `txt mention has no "txt"`},
		`any(mention.links, # > 1) && (sentiment && urgency)`:   {`> invalid operation: > (mismatched types string and int)`, `&& invalid operation: && (mismatched types float64 and float64)`},
		`sentiment < "a" && len(map(topics, # + #)) > 1`:        {`< invalid operation: < (mismatched types float64 and string)`, `map map is not allowed in a condition`},
		`sentiment matches "x" && mention.text matches sentimt`: {`matches invalid operation: matches (mismatched types float64 and string)`, `sentimt the pattern of matches must be written out`},
	} {
		_, problems := compile(when)
		var got []string
		for _, p := range problems {
			got = append(got, when[p.Offset:p.Offset+p.Length]+" "+p.What)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
}
