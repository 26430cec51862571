package urgency_test

import (
	"testing"

	"earshot"
	"earshot/rules/language"
	"earshot/rules/text"
	"earshot/rules/urgency"
)

func measure(s string) ([]earshot.Reason, urgency.Result) {
	var tokens text.Tokens
	tokens.Add(text.Body, s)
	return urgency.Measure(nil, urgency.Input{Tokens: &tokens, Fields: [2]string{"", s}, Lang: language.Guess(&tokens)})
}

// Each head hears its own matter, in many languages, and not the others'.
func TestHeads(t *testing.T) {
	for s, want := range map[string]urgency.Head{
		"my castle arrived broken and nobody answers":               urgency.Complaint,
		"where is my order, please help":                            urgency.Request,
		"the battery caught fire next to my son":                    urgency.Danger,
		"you will hear from my lawyer, I am going to the press":     urgency.Threat,
		"die Burg kam beschädigt an und es fehlen Teile":            urgency.Complaint,
		"wo bleibt meine Bestellung? Bitte melden":                  urgency.Request,
		"das Spielzeug hat Feuer gefangen":                          urgency.Danger,
		"ich kündige und gehe zum Anwalt":                           urgency.Threat,
		"le jouet a pris feu":                                       urgency.Danger,
		"toujours pas reçu mon colis, aucune réponse":               urgency.Complaint,
		"el juguete explotó y mi hijo está en el hospital":          urgency.Danger,
		"voy a poner una denuncia, mi abogado está avisado":         urgency.Threat,
		"il giocattolo è arrivato rotto, voglio il rimborso":        urgency.Complaint,
		"o brinquedo pegou fogo":                                    urgency.Danger,
		"het speelgoed is kapot en de klantenservice reageert niet": urgency.Complaint,
		"おもちゃから発火しました":                                              urgency.Danger,
		"玩具着火了":                                                     urgency.Danger,
		"ของเล่นไฟไหม้":                                             urgency.Danger,
		"игрушка загорелась":                                        urgency.Danger,
	} {
		_, r := measure(s)
		best := urgency.Complaint
		for _, h := range urgency.Heads() {
			if r.Heads[h] > r.Heads[best] {
				best = h
			}
		}
		if best != want || r.Heads[best] == 0 {
			t.Errorf("%q: %v, want most of %s", s, r.Heads, want)
		}
	}
}

// Chatter is not urgent.
func TestChatter(t *testing.T) {
	for _, s := range []string{"acme stock fell 3% today", "I love my new castle", "Das neue Schloss ist da", "新しいお城"} {
		if reasons, r := measure(s); r.Points != 0 {
			t.Errorf("%q: %v %+v", s, r.Heads, reasons)
		}
	}
}

func TestQuestion(t *testing.T) {
	for s, want := range map[string]bool{
		"where is it?": true, "https://x.example/?q=1": false, "本当ですか？": true, "no": false, "\"what?\" she said": true,
	} {
		if _, r := measure(s); r.Question != want {
			t.Errorf("%q: question %v", s, r.Question)
		}
	}
}

// The reasons sum to the points and no head exceeds 1, whatever the text.
func FuzzMeasure(f *testing.F) {
	f.Add("broken broken broken broken caught fire lawyer please help?")
	f.Fuzz(func(t *testing.T, s string) {
		reasons, r := measure(s)
		sum := earshot.Score(0)
		for _, reason := range reasons {
			sum += reason.Weight
			if reason.Span[0] < 0 || reason.Span[0] >= reason.Span[1] || reason.Span[1] > len(s) {
				t.Fatalf("reason outside %q: %v", s, *reason.Span)
			}
		}
		if sum != r.Points {
			t.Fatalf("reasons of %q sum to %s, points %s", s, sum, r.Points)
		}
		for h, score := range r.Heads {
			if score < 0 || score > earshot.Unit {
				t.Fatalf("head %d is %s", h, score)
			}
		}
	})
}
