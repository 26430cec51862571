package urgency_test

import (
	"testing"

	"earshot/rules/urgency"
)

// People say in plain words that somebody is hurt or may be, and short posts do
// not always give their language away.
func TestPlainDanger(t *testing.T) {
	for _, s := range []string{
		"our boy has one of the magnets stuck in his throat, in A&E now", "the power bank swelled up and burst in my bag",
		"the bunk bed collapsed with both girls in it", "I smelt gas in the kitchen, it was the new hob", "lid blew off and scalded my aunt",
		"half the office was sick after your salad", "got an electrical shock from the lamp", "the brakes failed on the hill", "found a piece of glass in the jar",
		"Das Ladekabel ist durchgeschmort", "meine Tochter hat einen Stromschlag bekommen", "in der Küche riecht es nach Gas",
		"j'ai pris une décharge électrique", "il y avait un morceau de verre dans le pot", "mon fils n'arrive plus à respirer",
		"de oplader vloog in brand", "mijn dochter kreeg een schok van de lamp", "había un trozo de vidrio en la lata", "huele a gas desde ayer",
		"ho preso la scossa dal tostapane", "la batteria gonfia mi fa paura", "levei um choque no chuveiro", "tem cheiro de gás na cozinha",
		"الشاحن اشتعل وأصيب ابني", "في ريحة غاز من الفرن", "चार्जर में आग लग गई", "charger mein aag lag gayi", "मुझे करंट लग गया",
		"ที่ชาร์จไฟลุก", "ลูกติดคอ หายใจไม่ออก", "充电宝鼓包了", "バッテリーから火が出た", "충전기에 불이 붙었어요", "зарядка ударила током, пахнет газом",
		"ładowarka kopnęła, prąd kopnął mnie", "laddaren luktar gas", "priz elektrik çarptı", "laturi savuaa, sain sähköiskun",
	} {
		if parts, r := measure(s); r.Heads[urgency.Danger] <= 0 {
			t.Errorf("%q: no danger in %+v", s, parts)
		}
	}
}

// The same words mean nothing of the kind.
func TestNoDanger(t *testing.T) {
	for _, s := range []string{
		"this curry burns so good", "the new fire engine set is adorable", "firefighters and a fire station, what a set", "our sales are absolutely on fire this year",
		"my phone died after two days", "the wallet app had me in stitches", "their prices shocked me", "looking for a needle in a haystack", "I could kill for a burger",
		"dass sie anrufen, springt ins Auge", "meine Feuerwehr ist da, tolles Set", "¿cómo te llamas?", "se me hizo un nudo en la garganta", "j'ai un chat dans la gorge",
		"ho un nodo in gola", "meu celular morreu", "hij klapte voor het orkest", "de uitslag van de wedstrijd", "ten film to czad", "bu oyuna bayıldım", "teraz szwy są ładne",
		"brand awareness in brand marketing", "dil jal gaya yaar", "my mind exploded",
	} {
		if parts, r := measure(s); r.Heads[urgency.Danger] > 0 {
			t.Errorf("%q: %+v", s, parts)
		}
	}
}
