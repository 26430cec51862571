package bus

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"earshot"
)

// readJudged reads the body of a stored mention. Four fifths of it are the reasons
// of its verdict, which stand last and are all alike: they are read by hand, as
// encoding/json would read them but ten times faster. Whatever looks otherwise
// than what earshot writes is left to encoding/json.
func readJudged(data []byte) (earshot.Judged, error) {
	if judged, ok := readWritten(data); ok {
		return judged, nil
	}
	var judged earshot.Judged
	err := json.Unmarshal(data, &judged)
	return judged, err
}

// readWritten reads a mention with one verdict: {…,"verdicts":[{…,"reasons":[…]}]}.
// A quote within a text is escaped, so that what stands between can be found.
func readWritten(data []byte) (judged earshot.Judged, ok bool) {
	const begin, middle, end = `,"verdicts":[`, `,"reasons":[`, `]}]}`
	mention, rest, found := bytes.Cut(data, []byte(begin))
	what, why, both := bytes.Cut(rest, []byte(middle))
	list, whole := bytes.CutSuffix(why, []byte(end))
	if !found || !both || !whole || empty(mention) || empty(what) {
		return judged, false
	}
	var verdict earshot.Verdict
	if json.Unmarshal(object(mention), &judged) != nil || judged.Verdicts != nil ||
		json.Unmarshal(object(what), &verdict) != nil || verdict.Reasons != nil {
		return judged, false
	}
	r := reasonReader{text: list}
	if verdict.Reasons, ok = r.all(); !ok {
		return judged, false
	}
	judged.Verdicts = []earshot.Verdict{verdict}
	return judged, true
}

// object closes an object of which the rest was cut off.
func object(data []byte) []byte { return append(slices.Clip(data), '}') }

// empty reports whether an object, of which the rest was cut off, may hold nothing
// yet, so that no comma may follow.
func empty(data []byte) bool {
	return len(data) == 0 || data[len(data)-1] <= ' ' || data[len(data)-1] == '{'
}

// reasonReader is a place in a list of reasons.
type reasonReader struct {
	text []byte
	at   int
	rule string // of the last reason: words of one model come one after the other
}

func (r *reasonReader) all() ([]earshot.Reason, bool) {
	count := bytes.Count(r.text, []byte("{"))
	all, spans := make([]earshot.Reason, 0, count), make([]earshot.Span, 0, count)
	for r.at < len(r.text) {
		if len(all) > 0 && !r.word(",") {
			return nil, false
		}
		var one earshot.Reason
		var span earshot.Span
		spoken, ok := r.one(&one, &span)
		if !ok {
			return nil, false
		}
		if spoken && len(spans) < cap(spans) {
			spans = append(spans, span)
			one.Span = &spans[len(spans)-1]
		}
		all = append(all, one)
	}
	return all, true
}

// one reads a reason and whether it has a span.
func (r *reasonReader) one(to *earshot.Reason, span *earshot.Span) (spoken, ok bool) {
	if !r.word(`{"of":"`) {
		return false, false
	}
	of, ok := r.quoted()
	if to.Of = quality(of); !ok || to.Of == "" || !r.word(`,"rule":"`) {
		return false, false
	}
	rule, ok := r.quoted()
	if !ok {
		return false, false
	}
	if r.rule != string(rule) {
		r.rule = string(rule)
	}
	to.Rule = r.rule
	if r.word(`,"field":"`) {
		field, ok := r.quoted()
		if !ok {
			return false, false
		}
		to.Field = fieldName(field)
	}
	if r.word(`,"span":[`) {
		spoken = true
		if !r.count(&span[0]) || !r.word(",") || !r.count(&span[1]) || !r.word("]") {
			return false, false
		}
	}
	return spoken, r.word(`,"weight":`) && r.score(&to.Weight) && r.word("}")
}

func quality(name []byte) earshot.Quality {
	for _, q := range []earshot.Quality{earshot.OfSentiment, earshot.OfUrgency, earshot.OfRelevance, earshot.OfDelight} {
		if string(q) == string(name) {
			return q
		}
	}
	return ""
}

func fieldName(name []byte) string {
	switch string(name) {
	case "text":
		return "text"
	case "title":
		return "title"
	}
	return string(name)
}

func (r *reasonReader) word(w string) bool {
	if len(r.text)-r.at < len(w) || string(r.text[r.at:r.at+len(w)]) != w {
		return false
	}
	r.at += len(w)
	return true
}

// quoted reads the rest of a string without escapes.
func (r *reasonReader) quoted() ([]byte, bool) {
	start := r.at
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			name := r.text[start:r.at]
			r.at++
			return name, utf8.Valid(name)
		case c == '\\' || c < ' ':
			return nil, false
		}
	}
	return nil, false
}

// digits reads up to nine digits, which may begin with noughts.
func (r *reasonReader) digits() (n, width int) {
	const most = 9
	for width < most && r.at < len(r.text) && '0' <= r.text[r.at] && r.text[r.at] <= '9' {
		n = 10*n + int(r.text[r.at]-'0')
		r.at++
		width++
	}
	return n, width
}

// count reads a whole number. What follows it says whether it was whole.
func (r *reasonReader) count(to *int) bool {
	start := r.at
	n, width := r.digits()
	*to = n
	return width == 1 || width > 1 && r.text[start] != '0'
}

// score reads a number of at most six decimals, which are exact.
func (r *reasonReader) score(to *earshot.Score) bool {
	const decimals = 6
	negative := r.word("-")
	var whole int
	if !r.count(&whole) {
		return false
	}
	score := earshot.Score(whole) * earshot.Unit
	if r.word(".") {
		fraction, width := r.digits()
		if width == 0 || width > decimals {
			return false
		}
		for ; width < decimals; width++ {
			fraction *= 10
		}
		score += earshot.Score(fraction)
	}
	if negative {
		score = -score
	}
	*to = score
	return true
}
