package text_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"earshot/rules/text"
)

// A lookup finds the word itself and every beginning of it, also where
// beginnings begin with each other.
func TestDictFindsAllPrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[abй]{3,7}`)
		words := rapid.SliceOf(key).Draw(t, "words")
		starts := rapid.SliceOf(key).Draw(t, "starts")
		var d text.Dict
		ids := map[string]int32{}
		for _, w := range words {
			ids["="+w] = d.Word(w)
		}
		for _, s := range starts {
			ids[s] = d.Prefix(s)
		}
		d.Freeze()
		if d.Len() != len(ids) {
			t.Fatalf("%d numbers for %d keys", d.Len(), len(ids))
		}
		for range 10 {
			token := key.Draw(t, "token")
			var want []int32
			for k, id := range ids {
				if k == "="+token || k[0] != '=' && strings.HasPrefix(token, k) {
					want = append(want, id)
				}
			}
			got := d.Lookup(nil, []byte(token))
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("Lookup(%q) (-want +got):\n%s", token, diff)
			}
		}
	})
}

// What somebody looks for is cut like a text.
func TestPattern(t *testing.T) {
	for in, want := range map[string][]text.Element{
		"Acme":        {{Key: "acme"}},
		"inj*":        {{Key: "inj", Prefix: true}},
		"AT&T":        {{Key: "at"}, {Key: "t", Offset: 1}},
		"乐高*":         {{Key: "乐"}, {Key: "高", Offset: 1, Joined: true}},
		"#Acme_toys*": {{Key: "#acme_toys", Prefix: true}},
		"@acme@s.x":   {{Key: "@acme@s.x"}},
		"acme's toy":  {{Key: "acme"}, {Key: "s"}, {Key: "toy", Offset: 1}},
		" , ":         {},
	} {
		if diff := cmp.Diff(want, text.Pattern(in), cmpopts.IgnoreFields(text.Element{}, "From", "To")); diff != "" {
			t.Errorf("Pattern(%q) (-want +got):\n%s", in, diff)
		}
	}
}
