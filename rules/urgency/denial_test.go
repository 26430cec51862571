package urgency_test

import (
	"testing"

	"earshot"
	"earshot/rules/urgency"
)

// doubt is what a model, which knows no grammar, may leave of a denied complaint.
var doubt = earshot.ScoreOf(0.5)

// What is said not to be is no sign of danger and no complaint.
func TestDenied(t *testing.T) {
	for _, s := range []string{
		"Nobody was hurt", "Nobody was hurt.", "no one was injured", "No one has been seriously injured or burned.", "no injuries",
		"It didn't catch fire", "There were no reports of injuries", "no passengers were injured", "not dangerous at all",
		"nothing was damaged", "We have no complaints", "it isn't broken", "without any damage", "nobody's hurt",
		"niemand wurde verletzt", "Zum Glück hat sich niemand verletzt", "es gab keine Verletzten", "Das ist nicht gefährlich", "Es fehlt nichts, das ist schön",
		"nadie resultó herido", "no hay heridos", "no es peligroso, me gusta", "no se incendió", "el castillo no está roto",
		"personne n'a été blessé", "il n'y a pas de blessés", "ce n'est pas dangereux", "aucun enfant n'est blessé",
		"nessuno è rimasto ferito", "non ci sono feriti", "non è pericoloso", "ninguém ficou ferido", "não é perigoso", "não houve feridos",
		"niemand raakte gewond", "er zijn geen gewonden", "het is niet gevaarlijk", "nikt nie został ranny", "to nie jest niebezpieczne",
		"никто не пострадал", "это не опасно", "ingen skadades", "den är inte farlig", "ingen kom til skade", "det er ikke farligt at lege med den",
		"ingen ble skadet", "kukaan ei loukkaantunut", "けがはありません", "没有人受伤", "kimse yaralanmadı", "다치지 않았어요", "ไม่มีใครบาดเจ็บ", "ليس خطير",
	} {
		if parts, r := measure(s); r.Counted[urgency.Danger] > 0 || r.Counted[urgency.Complaint] > doubt {
			t.Errorf("%q: %v %+v", s, r.Counted, parts)
		}
	}
}

// A negation takes nothing away that it does not deny.
func TestNotDenied(t *testing.T) {
	for s, want := range map[string]urgency.Head{
		"nobody helps me":                       urgency.Complaint,
		"it is not working":                     urgency.Complaint,
		"no answer":                             urgency.Complaint,
		"I can't believe it broke":              urgency.Complaint,
		"still no refund":                       urgency.Complaint,
		"not only broken, also dirty":           urgency.Complaint,
		"never again, it came broken":           urgency.Complaint,
		"no wonder it is broken":                urgency.Complaint,
		"Not nice. Broken":                      urgency.Complaint,
		"No, it is broken":                      urgency.Complaint,
		"Nobody told us that it is dangerous":   urgency.Danger,
		"don't buy this dangerous toy":          urgency.Danger,
		"she won't stop bleeding":               urgency.Danger,
		"no warning that it could catch fire":   urgency.Danger,
		"niemand hilft mir":                     urgency.Complaint,
		"niemand sagt, dass das gefährlich ist": urgency.Danger,
		"personne ne répond":                    urgency.Complaint,
		"nadie me ayuda":                        urgency.Complaint,
		"nessuno risponde":                      urgency.Complaint,
	} {
		if _, r := measure(s); r.Heads[want] == 0 {
			t.Errorf("%q: %v, want %s", s, r.Heads, want)
		}
	}
}

// A hospital alone says nothing of danger, a swallowed part does.
func TestBeside(t *testing.T) {
	for s, danger := range map[string]bool{
		"Thank you for the toys in the hospital, the children love them": false,
		"Gracias por la visita al hospital, fue maravilloso":             false,
		"He swallowed it, now we are in the hospital":                    true,
		"The castle arrived broken and my son is in hospital":            true,
		"My son is in hospital because of your toy":                      true,
		"a child could swallow the magnet":                               true,
		"toddlers may choke":                                             true,
		"the magnet can come loose and be swallowed":                     true,
		"magneten kan lossna och sväljas":                                true,
		"det er farligt hvis den bliver slugt":                           true,
		"den er farlig, og vi har ikke fått svar":                        true,
		"magneetti voi irrota ja lapsi voi niellä sen":                   true,
	} {
		if reasons, r := measure(s); (r.Heads[urgency.Danger] > 0) != danger {
			t.Errorf("%q: %v %+v", s, r.Heads, reasons)
		}
	}
}

// A word of another language hides none of the post's own: recall is Portuguese
// as well.
func TestLanguagesDoNotHide(t *testing.T) {
	if _, r := measure("the recall of the toys is big, they said to us"); r.Heads[urgency.Danger] == 0 {
		t.Error("recall is no danger")
	}
}
