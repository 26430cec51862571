package rules_test

import (
	"testing"

	"earshot"
	"earshot/rules"
)

// A post is addressed to the brand when its author speaks to it, not when he
// speaks about it.
func TestAddressesBrand(t *testing.T) {
	b, problems := rules.New(rules.Config{
		Brands: []rules.Brand{{Name: "acme", Query: "acme OR @acmecare", Owned: rules.Owned{Handles: []string{"acmecare"}}}},
		Rules:  []rules.Rule{{Name: "addressed", When: "addresses_brand", Urgency: 1}},
	})
	if b == nil {
		t.Fatal(problems)
	}
	for s, want := range map[string]bool{
		"My @acmecare order arrived broken, third time, I'm furious": true,
		"@AcmeCare nice":                           true,
		"Dear Acme, your new shop is lovely":       true,
		"Hello dear people of acme!":               false, // the greeting is too far away
		"Hi there Acme team":                       true,
		"Acme, the new castle is out":              true,
		"acme: a castle":                           true,
		"Hey acme, where is my order?":             true,
		"My acme castle broke":                     true,
		"Liebe Leute von Acme, danke":              true,
		"Bonjour Acme, merci":                      true,
		"acme stock fell 3%":                       false,
		"acme":                                     false,
		"acme!":                                    false,
		"Court orders Acme to pay after complaint": false,
		"I saw an acme shop in town":               false,
		"Hello world. Later I saw acme":            false,
		"acmecare acme":                            false,
	} {
		verdicts := b.Judge(&earshot.Mention{Text: s})
		if got := len(verdicts) == 1 && verdicts[0].Urgency > 0 && verdicts[0].Reasons[len(verdicts[0].Reasons)-1].Rule == "addressed"; got != want {
			t.Errorf("%q addresses the brand: %v, want %v", s, got, want)
		}
	}
	if v := b.Judge(&earshot.Mention{Text: "acme", Visibility: earshot.Private}); v[0].Urgency == 0 {
		t.Error("a private mention does not address the brand")
	}
}
