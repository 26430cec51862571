package bus

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
)

// stored is the body of a mention as earshot writes it.
func stored(tb testing.TB, reasons ...earshot.Reason) []byte {
	tb.Helper()
	data, err := json.Marshal(earshot.Judged{
		Mention: earshot.Mention{ID: "rss:1", Text: `she said ,"verdicts":[{ and ,"reasons":[ ]}]}`, Author: earshot.Author{Handle: "@ann"}},
		Verdicts: []earshot.Verdict{{
			Brand: "acme", Relevance: earshot.Unit, Topics: []string{"delivery"}, Routes: []earshot.Route{{Team: "cs", Kind: earshot.KindCustomer}}, Reasons: reasons,
		}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func span(from, to int) *earshot.Span { return &earshot.Span{from, to} }

var usual = []earshot.Reason{
	{Of: earshot.OfRelevance, Rule: "query:acme", Field: "text", Span: span(0, 4), Weight: earshot.Unit},
	{Of: earshot.OfSentiment, Rule: "sentiment", Field: "title", Span: span(5, 12), Weight: -12},
	{Of: earshot.OfUrgency, Rule: "wütend", Weight: 65*earshot.Unit + 250_000},
	{Of: earshot.OfDelight, Rule: "sentiment", Weight: 0},
}

// What earshot writes is read by hand; what it does not write so is read all the
// same.
func TestReadJudged(t *testing.T) {
	plain := string(stored(t, usual...))
	replaced := func(old, by string) []byte {
		if !strings.Contains(plain, old) {
			t.Fatalf("no %s in %s", old, plain)
		}
		return []byte(strings.Replace(plain, old, by, 1))
	}
	for name, c := range map[string]struct {
		data   []byte
		byHand bool
	}{
		"as written":              {[]byte(plain), true},
		"no reasons":              {stored(t), false},
		"an empty list":           {stored(t, []earshot.Reason{}...), true},
		"a name with escapes":     {replaced(`"wütend"`, `"w\u00fctend"`), false},
		"a name that is no text":  {replaced(`"wütend"`, "\"w\xff\""), false},
		"another quality":         {replaced(`"of":"delight"`, `"of":"luck"`), false},
		"an exponent":             {replaced(`"weight":65.25`, `"weight":6.525e1`), false},
		"seven decimals":          {replaced(`"weight":65.25`, `"weight":65.2500001`), false},
		"many digits":             {replaced(`"weight":65.25`, `"weight":12345678901.25`), false},
		"a nought before":         {replaced(`"weight":65.25`, `"weight":065.25`), false},
		"white space":             {replaced(`"weight":65.25`, `"weight": 65.25`), false},
		"a key more":              {replaced(`"weight":65.25`, `"weight":65.25,"more":1`), false},
		"a comma too many":        {replaced(`"weight":65.25}`, `"weight":65.25},`), false},
		"a comma missing":         {replaced(`"weight":65.25},`, `"weight":65.25}`), false},
		"reasons of their own":    {replaced(`"brand":"acme"`, `"brand":"acme","Reasons":[]`), false},
		"verdicts twice":          {replaced(`"text":`, `"Verdicts":[],"text":`), false},
		"two verdicts":            {replaced(`"verdicts":[{`, `"verdicts":[{"brand":"bolt","reasons":[]},{`), false},
		"no verdict":              {[]byte(`{"id":"rss:1","text":"","verdicts":[]}`), false},
		"something behind":        {[]byte(plain + " "), false},
		"nothing before":          {[]byte(`{"id":"1","verdicts":[{,"reasons":[]}]}`), false},
		"cut":                     {[]byte(plain[:len(plain)-1]), false},
		"reasons of another list": {[]byte(`{"id":"1","verdicts":[{"brand":"acme"}],"x":[{"y":1,"reasons":[]}]}`), false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, byHand := readWritten(c.data); byHand != c.byHand {
				t.Errorf("by hand %v, want %v: %s", byHand, c.byHand, c.data)
			}
			checkRead(t, c.data)
		})
	}
}

// checkRead compares with encoding/json.
func checkRead(tb testing.TB, data []byte) {
	tb.Helper()
	var want earshot.Judged
	wantErr := json.Unmarshal(data, &want)
	got, err := readJudged(data)
	if (err == nil) != (wantErr == nil) || !cmp.Equal(got, want) {
		tb.Errorf("read %s: %v, %v\n%s", data, err, wantErr, cmp.Diff(want, got))
	}
}

// Whatever is stored is read as encoding/json reads it.
func FuzzReadJudged(f *testing.F) {
	f.Add(stored(f, usual...))
	f.Add(stored(f))
	f.Add([]byte(`{"id":"1","verdicts":[{"brand":"acme","reasons":[{"of":"urgency","rule":"r","span":[0,1],"weight":-0.5},{"of":"urgency","rule":"r","weight":1}]}]}`))
	f.Add([]byte(`{"id":"1","verdicts":[{"brand":"a"}],"x":[{"y":1,"reasons":[]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) { checkRead(t, data) })
}

// BenchmarkReadJudged reads a mention of tweet size, 22 words of which say how its
// author feels.
func BenchmarkReadJudged(b *testing.B) {
	reasons := usual
	for i := range 22 {
		reasons = append(reasons, earshot.Reason{Of: earshot.OfSentiment, Rule: "sentiment", Field: "text", Span: span(5*i, 5*i+4), Weight: earshot.Score(1234 * i)})
	}
	data := stored(b, reasons...)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readJudged(data); err != nil {
			b.Fatal(err)
		}
	}
}
