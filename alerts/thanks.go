package alerts

import (
	"strings"
	"unicode"

	"earshot"
)

// maxThanks is how many words somebody takes who says thank you and nothing else.
const maxThanks = 14

// How people say thank you, and how they say that something is still wrong, in the
// languages of the models. Words of scripts without blanks are looked for anywhere.
var (
	gratitude = set("thanks thank thx thankyou ty tysm cheers appreciate appreciated sorted solved dank " +
		"danke dankeschön dankeschon merci gracias grazie obrigado obrigada valeu bedankt tak tack takk kiitos " +
		"shukriya dhanyavaad dhanyawad شكرا شكراً مشكور धन्यवाद शुक्रिया спасибо")
	gratitudeRuns = []string{"ขอบคุณ", "ขอบใจ", "ありがとう", "谢谢", "謝謝", "감사", "고마워", "🙏", "👍", "❤"}
	protest       = set("but still however yet not never no nothing again aber noch nicht kein nichts mais encore pas rien pero todavía todavia aún aun no nada " +
		"ma ancora non niente mas ainda não nao nada maar nog niet men fortfarande lekin abhi nahi لكن مازال ليس लेकिन नहीं अभी")
	protestRuns = []string{"แต่", "ยังไม่", "ไม่", "でも", "まだ", "但", "还没", "하지만", "아직"}
)

func set(words string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		all[word] = true
	}
	return all
}

// isThanks reports whether a further word of a customer only says thank you, so
// that it brings no case back: it is short, asks nothing, protests nothing and is
// not meant badly. In doubt it is not: a customer who is read once too often is
// better off than one who is not heard.
func isThanks(m *earshot.Mention, v *earshot.Verdict) bool {
	text := strings.ToLower(m.Title + " " + m.Text)
	if len(text) > 600 || strings.ContainsAny(text, "?？؟") || v != nil && (v.Sentiment < 0 || v.Danger) {
		return false
	}
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) && r != '@' && r != '\''
	})
	count, grateful := 0, containsAny(text, gratitudeRuns)
	for _, word := range words {
		if strings.HasPrefix(word, "@") {
			continue
		}
		count++
		grateful = grateful || gratitude[word]
		if protest[word] || strings.HasSuffix(word, "n't") {
			return false
		}
	}
	return grateful && count <= maxThanks && !containsAny(text, protestRuns)
}

func containsAny(text string, runs []string) bool {
	for _, run := range runs {
		if strings.Contains(text, run) {
			return true
		}
	}
	return false
}
