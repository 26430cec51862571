package main

import (
	"fmt"

	"earshot/cmd/earshot/model"
	"earshot/rules"
)

// models checks the sections of models but for what the book knows better.
func (l *loader) models() {
	for i, m := range l.file.Models {
		m = m.WithDefaults()
		l.problems(fmt.Sprintf("models[%d]", i), m.Check())
		l.config.Models = append(l.config.Models, m)
	}
}

// modelsOf is what a book is to know of models.
func modelsOf(all []model.Config) []rules.Model {
	var known []rules.Model
	for _, m := range all {
		known = append(known, rules.Model{Name: m.Name, Brands: m.Brands, When: m.When, Sentiment: m.Sentiment, Urgency: m.Urgency})
	}
	return known
}
