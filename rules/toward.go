package rules

import (
	"earshot"
	"earshot/rules/match"
	"earshot/rules/sentiment"
	"earshot/rules/text"
)

// mostOthers is how many other brands are asked where a post names them.
const mostOthers = 8

// toward is what the post feels for the brand that is judged, whose words w.read has
// found, and not for others of the book that it names too.
func (w *worker) toward(b *Book, n int) earshot.Score {
	w.own = b.brands[n].owned.places(append(w.own[:0], w.words...), &w.post.Tokens)
	w.others = w.others[:0]
	asked := 0
	for _, other := range w.named {
		if int(other) != n && asked < mostOthers {
			asked++
			w.others = b.index.Words(&w.post, int(other), w.others)
			w.others = b.brands[other].owned.places(w.others, &w.post.Tokens)
		}
	}
	return w.feelings.Toward(w.input(), w.own, w.others).Score
}

// input is the post as models read it.
func (w *worker) input() sentiment.Input {
	return sentiment.Input{Tokens: &w.post.Tokens, Post: &w.features, Fields: w.fields, Lang: w.lang}
}

// places appends to dst where a text has handles of the brand.
func (o *owned) places(dst []match.Words, tokens *text.Tokens) []match.Words {
	if len(o.handles) == 0 {
		return dst
	}
	for i := range tokens.List {
		if t := &tokens.List[i]; t.Kind == text.Handle && o.handles[string(tokens.Key(i))] {
			dst = append(dst, match.Words{Field: t.Field, Span: earshot.Span{int(t.From), int(t.To)}})
		}
	}
	return dst
}
