package sentiment_test

import (
	"slices"
	"testing"
	"unicode/utf8"

	"earshot"
	"earshot/rules/features"
	"earshot/rules/language"
	"earshot/rules/sentiment"
	"earshot/rules/text"
)

// reader measures texts as the book does.
type reader struct {
	tokens text.Tokens
	post   features.Post
	meter  sentiment.Meter
}

func (r *reader) measure(s, lang string) sentiment.Result {
	r.tokens.Reset()
	r.tokens.Add(text.Body, s)
	r.post.Read("", s)
	if lang == "" {
		lang = language.Guess(&r.post, "", s)
	}
	return r.meter.Measure(sentiment.Input{Tokens: &r.tokens, Post: &r.post, Fields: [2]string{"", s}, Lang: lang})
}

func measure(s string) ([]earshot.Reason, sentiment.Result) {
	var r reader
	result := r.measure(s, "")
	return sentiment.Reasons(nil, r.meter.Parts), result
}

// What is denied to be bad is not bad, and the reasons say so.
func TestDenied(t *testing.T) {
	for s, learnt := range map[string]bool{
		"I don't hate it": false, "not bad at all": true, "Das ist nicht schlecht": false, "it isn't terrible": false,
	} {
		reasons, got := measure(s)
		if got.Label == "neg" {
			t.Errorf("%q is %s (%s)", s, got.Label, got.Score)
		}
		if !learnt && !slices.ContainsFunc(reasons, func(r earshot.Reason) bool { return r.Rule == sentiment.RuleDenied && r.Weight > 0 }) {
			t.Errorf("%q: no reason says that it is denied: %+v", s, reasons)
		}
	}
}

// Plain feelings are recognised in many languages.
func TestLabel(t *testing.T) {
	for s, want := range map[string]string{
		"I love this castle, thank you so much!":       "pos",
		"Third time it arrived broken, I'm furious":    "neg",
		"The shop opens at nine on Monday":             "neu",
		"not good at all":                              "neg",
		"my parcel never came, awful":                  "neg",
		"can't wait for the new castle":                "pos",
		"The castle is nice but the service was awful": "neg",
		"this is baaaaad":                              "neg",
		"https://hate.example/awful":                   "neu",
		"I built a castle out of 900 bricks today":     "neu",
		"so sad :(":                    "neg",
		"ok :(":                        "neg",
		"Hey Acme, where is my order?": "neu",
		"😡😡":                           "neg",
		"mit 👍🏽":                       "pos",
		"Das Schloss ist kaputt und niemand antwortet, eine Frechheit": "neg",
		"Wir sind so begeistert, vielen Dank für die tolle Burg":       "pos",
		"Das ist nicht gut": "neg",
		"Jag är så besviken, den är trasig och ingen svarar":        "neg",
		"Vi älskar den, tack så mycket":                             "pos",
		"Det er elendig, den er gået i stykker":                     "neg",
		"Den er så flot, vi er glade for den":                       "pos",
		"Jeg er veldig skuffet, den virker ikke":                    "neg",
		"Takk, den er nydelig":                                      "pos",
		"Se on rikki ja olen pettynyt":                              "neg",
		"Kiitos, se on ihana ja kaunis":                             "pos",
		"Le château est arrivé cassé, c'est inadmissible":           "neg",
		"Je suis ravie, merci beaucoup pour ce beau cadeau":         "pos",
		"Nous sommes très contents, merci pour votre aide":          "pos",
		"Nous sommes très contents":                                 "pos",
		"Nous sommes ravis de notre achat":                          "pos",
		"El castillo llegó roto y nadie contesta, qué vergüenza":    "neg",
		"Me encanta el castillo, muchas gracias":                    "pos",
		"Il castello è arrivato rotto, che delusione":               "neg",
		"Sono molto contento, un castello bellissimo":               "pos",
		"O castelo chegou quebrado, péssimo":                        "neg",
		"Adorei o castelo, muito obrigada":                          "pos",
		"Het kasteel is kapot en niemand reageert, echt waardeloos": "neg",
		"Wat een geweldig mooi kasteel, bedankt":                    "pos",
		"お城が壊れていました。最悪です":                                           "neg",
		"このお城は最高です、ありがとう":                                           "pos",
		"好きじゃない":                                                    "neg",
		"城堡坏了,太差了":                                                  "neg",
		"我很喜欢这个城堡":                                                  "pos",
		"ของเล่นพัง ผิดหวังมาก":                                     "neg",
		"Замок сломан, ужасный сервис":                              "neg",
		"الخدمة سيئة والقلعة مكسورة":                                "neg",
		"Zamek przyszedł uszkodzony, nie polecam":                   "neg",
		"Kale kırık geldi, berbat":                                  "neg",
	} {
		if _, got := measure(s); got.Label != want {
			t.Errorf("%q is %s (%s), want %s", s, got.Label, got.Score, want)
		}
	}
}

// The reasons sum to the score, whatever the text, and point into it.
func FuzzMeasure(f *testing.F) {
	for _, s := range []string{"I HATE hate haaaaate this!!! :( <3", "very very good but bad!", "好きじゃない!", "\xff!!", "love love love love love"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		reasons, got := measure(s)
		sum := earshot.Score(0)
		for _, r := range reasons {
			sum += r.Weight
			if r.Span == nil {
				continue
			}
			if r.Span[0] < 0 || r.Span[0] >= r.Span[1] || r.Span[1] > len(s) || !utf8.RuneStart(s[r.Span[0]]) {
				t.Fatalf("reason outside %q: %v", s, *r.Span)
			}
		}
		if sum != got.Score || got.Score > earshot.Unit || got.Score < -earshot.Unit {
			t.Fatalf("reasons of %q sum to %s, score %s", s, sum, got.Score)
		}
		if got.Confidence < 0 || got.Confidence > earshot.Unit {
			t.Fatalf("confidence %s", got.Confidence)
		}
	})
}

func BenchmarkMeasure(b *testing.B) {
	const post = "Third time I've ordered and the castle arrived with missing pieces again. The box was crushed and " +
		"nobody answers the phone! What do I tell my daughter? Really disappointed, you used to be so much better 😡"
	var r reader
	b.ReportAllocs()
	for b.Loop() {
		r.measure(post, "en")
	}
}
