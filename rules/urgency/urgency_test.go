package urgency_test

import (
	"slices"
	"testing"

	"earshot"
	"earshot/rules/features"
	"earshot/rules/language"
	"earshot/rules/text"
	"earshot/rules/urgency"
)

func measure(s string) ([]urgency.Part, urgency.Result) {
	var tokens text.Tokens
	tokens.Add(text.Body, s)
	var post features.Post
	post.Read("", s)
	var m urgency.Meter
	result := m.Measure(urgency.Input{Tokens: &tokens, Post: &post, Fields: [2]string{"", s}, Lang: language.Guess(&post, "", s)})
	return m.Parts, result
}

// Each head hears its own matter, in many languages, and not the others'; but who
// asks or warns may complain as well.
func TestHeads(t *testing.T) {
	for s, want := range map[string]urgency.Head{
		"my castle arrived broken and nobody answers":               urgency.Complaint,
		"where is my order, please help":                            urgency.Request,
		"the battery caught fire next to my son":                    urgency.Danger,
		"you will hear from my lawyer, I am going to the press":     urgency.Legal,
		"die Burg kam beschädigt an und es fehlen Teile":            urgency.Complaint,
		"wo bleibt meine Bestellung? Bitte melden":                  urgency.Request,
		"das Spielzeug hat Feuer gefangen":                          urgency.Danger,
		"ich kündige und gehe zum Anwalt":                           urgency.Legal,
		"le jouet a pris feu":                                       urgency.Danger,
		"toujours pas reçu mon colis, aucune réponse":               urgency.Complaint,
		"el juguete explotó y mi hijo está en el hospital":          urgency.Danger,
		"voy a poner una denuncia, mi abogado está avisado":         urgency.Legal,
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
			if r.Heads[h] > r.Heads[best] || best == urgency.Complaint && best != want {
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
	slight := earshot.ScoreOf(0.15)
	for _, s := range []string{"acme stock fell 3% today", "I love my new castle", "Das neue Schloss ist da", "新しいお城"} {
		if parts, r := measure(s); slices.Max(r.Counted[:]) > slight {
			t.Errorf("%q: %v %+v", s, r.Counted, parts)
		}
	}
}

// News and chatter are no complaints.
func TestNoComplaint(t *testing.T) {
	half := earshot.Unit / 2
	for _, s := range []string{
		"acme stock fell", "acme stock fell 3% today", "Acme opens a new shop in Lisbon on Monday", "I love my new castle",
		"I built a castle out of 900 bricks today", "Acme reports higher sales for the third quarter",
	} {
		if parts, r := measure(s); r.Heads[urgency.Complaint] >= half {
			t.Errorf("%q is a complaint of %s: %+v", s, r.Heads[urgency.Complaint], parts)
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
		parts, r := measure(s)
		var sums urgency.Scores
		for _, p := range parts {
			sums[p.Head] += p.Value
			if p.From < 0 || p.From > p.To || p.To > len(s) {
				t.Fatalf("part outside %q: %+v", s, p)
			}
		}
		for h, score := range r.Heads {
			if score < 0 || score > earshot.Unit {
				t.Fatalf("head %d is %s", h, score)
			}
			if sums[h] != r.Counted[h] || r.Counted[h] > earshot.Unit {
				t.Fatalf("parts of %q sum to %s, %s of %s is %s", s, sums[h], r.Counted[h], score, urgency.Head(h))
			}
		}
	})
}
