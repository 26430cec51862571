package sentiment_test

import (
	"strings"
	"testing"

	"earshot/rules/sentiment"
	"earshot/rules/text"
)

// Words of size, age, time, colour and place are neither good nor bad.
func TestNeutralWords(t *testing.T) {
	var tokens text.Tokens
	for lang, words := range map[string]string{
		"en": "old new big little small large long short cold hot warm hard soft empty full open closed ready tonight party birthday weekend early high low young light dark red black white thick thin wide deep heavy wet dry quiet public private local first last next other same different few many whole recent support kind strong bright painted scarf huge joystick",
		"de": "alt alte alter neu neue groß große großer klein kleine jung lang lange kurz kalt warm heiß einfach hoch tief dick dünn breit schwer leicht früh hell dunkel rot schwarz weiß offen leer nächste letzte erste allein großes fast hell",
		"fr": "vieux vieille nouveau nouvelle grand grande petit petite jeune long longue court froid chaud haut bas premier dernier libre seul lourd léger plein vide ouvert fermé gros autre même rouge noir blanc pain lame fine",
		"es": "viejo vieja nuevo nueva grande pequeño pequeña joven largo corto frío caliente alto bajo primero último tarde otro mismo abierto cerrado lleno vacío esperanza",
		"it": "vecchio vecchia nuovo nuova grande piccolo piccola giovane lungo corto freddo caldo alto basso primo ultimo solo altro stesso aperto chiuso pieno vuoto tasse fine",
		"pt": "velho velha novo nova grande pequeno pequena jovem longo curto frio quente alto baixo primeiro último tarde outro mesmo aberto fechado cheio vazio esperança",
		"nl": "oud oude nieuw nieuwe groot grote klein kleine jong lang kort koud warm hoog laag eerste laatste laat ander zelfde open dicht vol leeg",
		"sv": "gammal gamla ny nya stor stora liten lilla ung lång kort kall varm hög låg första sista sen annan samma öppen stängd full tom",
		"da": "gammel gamle ny nye stor store lille små ung lang kort kold varm høj lav første sidste anden samme åben lukket fuld tom",
		"no": "gammel gamle ny nye stor store liten små ung lang kort kald varm høy lav første siste annen samme åpen stengt full tom",
		"fi": "vanha uusi iso suuri pieni nuori pitkä lyhyt kylmä lämmin korkea matala ensimmäinen viimeinen toinen sama avoin täysi tyhjä kova valita valitse valinta",
		"pl": "stary stara nowy nowa duży mały mała młody długi krótki zimny ciepły wysoki niski pierwszy ostatni inny otwarty zamknięty pełny pusty wolny wolne droga drogeria",
		"ru": "старый старая новый новая большой маленький молодой длинный короткий холодный теплый высокий низкий первый последний другой открытый закрытый полный пустой дорога разбирать хамелеон",
		"tr": "eski yeni büyük küçük genç uzun kısa soğuk sıcak yüksek alçak ilk son başka aynı açık kapalı dolu boş",
		"ar": "قديم جديد كبير صغير طويل قصير بارد حار أول آخر مفتوح مغلق",
		"hi": "पुराना नया बड़ा छोटा लंबा ठंडा गरम पहला purana naya bada chota",
		"ja": "古い 新しい 大きい 小さい 高い 低い 長い 短い 寒い 暑い 若い",
		"ko": "오래된 새로운 큰 작은 높은 낮은 긴 짧은 추운 더운 젊은",
		"zh": "旧 新 大 小 高 低 长 短 冷 热 年轻 可以 快递 一般",
		"th": "เก่า ใหม่ ใหญ่ เล็ก สูง ต่ำ ยาว สั้น หนาว ร้อน",
	} {
		for word := range strings.FieldsSeq(words) {
			tokens.Reset()
			tokens.Add(text.Body, word)
			got := sentiment.NumbersOf(sentiment.Input{Tokens: &tokens, Fields: [2]string{"", word}, Lang: lang})
			if got != [sentiment.Numbers]float32{} {
				t.Errorf("%s: %s is %v", lang, word, got)
			}
		}
	}
}
