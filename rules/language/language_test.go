package language_test

import (
	"testing"

	"earshot/rules/features"
	"earshot/rules/language"
)

func guess(s string) string {
	var p features.Post
	p.Read("", s)
	return language.Guess(&p, "", s)
}

func TestGuess(t *testing.T) {
	for s, want := range map[string]string{
		"The castle arrived without its door and I don't know what to do": "en",
		"Das Schloss kam ohne Tür an und ich bin sehr enttäuscht":         "de",
		"Le château est arrivé sans sa porte, je ne suis pas contente":    "fr",
		"El castillo llegó sin la puerta y no me contesta nadie":          "es",
		"Il castello è arrivato senza la porta e non mi rispondono":       "it",
		"O castelo chegou sem a porta e não me respondem":                 "pt",
		"Het kasteel kwam zonder deur en ik krijg geen antwoord":          "nl",
		"Замок пришёл без двери, и я не знаю, что делать":                 "ru",
		"Zamek przyszedł bez drzwi i nie wiem, co robić":                  "pl",
		"お城にドアがありませんでした":                                                  "ja",
		"城堡没有门":                             "zh",
		"성에 문이 없어요":                         "ko",
		"ปราสาทไม่มีประตู":                  "th",
		"وصلت القلعة بلا باب":               "ar",
		"acme 😡 https://the.example/is/you": "",
		"":                                  "",
	} {
		if got := guess(s); got != want {
			t.Errorf("Guess(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestBase(t *testing.T) {
	for tag, want := range map[string]string{"en-GB": "en", "pt_BR": "pt", "DE": "de", "und": "", "": "", "zh-Hant": "zh", "nb-NO": "no"} {
		if got := language.Base(tag); got != want {
			t.Errorf("Base(%q) = %q, want %q", tag, got, want)
		}
	}
}
