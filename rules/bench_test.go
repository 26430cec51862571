package rules_test

import (
	"fmt"
	"testing"

	"earshot"
	"earshot/rules"
)

// bench is a book of ten brands and thirty rules, and twenty posts of which one
// matches.
func bench(b *testing.B) (*rules.Book, []earshot.Mention) {
	var config rules.Config
	for _, name := range []string{"acme", "borealis", "corvina", "dunmore", "elastica", "fjordal", "gantry", "halcyon", "ironwood", "juniper"} {
		config.Brands = append(config.Brands, rules.Brand{
			Name:  name,
			Query: fmt.Sprintf(`(%s OR #%s OR @%scare) NOT ("%s klein" OR site:%s.example.org)`, name, name, name, name, name),
			Owned: rules.Owned{Handles: []string{"@" + name + "care"}, Domains: []string{name + ".example"}},
			Topics: []rules.Topic{
				{Name: "safety", Query: `choking OR injur* OR "caught fire" OR (recall* NEAR/5 product*)`, Danger: true},
				{Name: "missing", Query: "missing NEAR/4 (part* OR piece* OR order)"},
			},
		})
	}
	conditions := []string{
		"sentiment < -0.3 && addresses_brand", `"safety" in topics`, "mention.author.followers > 10000 && sentiment < 0",
		"urgency > 60 && !owned_author", `mention.network == "x" && complaint > 0.5`, `lang in ["de", "fr"] && request > 0.3`,
	}
	for i := range 30 {
		config.Rules = append(config.Rules, rules.Rule{
			Name: fmt.Sprintf("rule %d", i), When: conditions[i%len(conditions)], Urgency: 1, Send: []string{"cs"},
		})
	}
	book, problems := rules.New(config)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	mentions := make([]earshot.Mention, 20)
	for i := range mentions {
		mentions[i] = earshot.Mention{
			ID: fmt.Sprintf("x:%d", i), Network: "x", Author: earshot.Author{Handle: "@jo"},
			Text: "Just watched the new season finale with my sister and I can't believe how it ended, " +
				"seriously who writes this? #tvtime https://video.example/watch?v=" + fmt.Sprint(i),
		}
	}
	mentions[7].Text = "@acmecare third time I order from you and the castle arrived with missing pieces, nobody answers. What now? 😡"
	return book, mentions
}

func BenchmarkJudge(b *testing.B) {
	book, mentions := bench(b)
	for name, these := range map[string][]earshot.Mention{"mixed": mentions, "other": mentions[:1], "matching": mentions[7:8]} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				book.Judge(&these[i%len(these)])
			}
		})
	}
}
