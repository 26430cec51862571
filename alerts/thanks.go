package alerts

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"earshot"
)

// How much somebody says who says thank you and nothing else: words, names among
// them, and letters that are no words of it in scripts without blanks.
const (
	maxThanks  = 16
	maxNames   = 1
	maxStrange = 3
)

// isThanks reports whether a further word of a customer only says thank you, so
// that it brings no case back: every word of it is a thank-you, goes with one or
// is a name; it asks nothing, and neither the book nor a bitter word or emoji
// speaks against it. In doubt it is not: a customer who is read once too often is
// better off than one who is not heard.
func isThanks(m *earshot.Mention, v *earshot.Verdict) bool {
	said := m.Title + " " + m.Text
	if len(said) > 600 || strings.ContainsAny(said, "?？؟") || v != nil && isUnhappy(v) {
		return false
	}
	said = reassurances.Replace(said)
	if containsAny(said, grudgeRuns) {
		return false
	}
	count, names, grateful := 0, 0, containsAny(said, gratitudeRuns)
	for word := range strings.FieldsFuncSeq(said, isGap) {
		lower := strings.ToLower(word)
		switch {
		case word[0] == '@' || word[0] == '#' && len(word) > 1:
			continue
		case grudges[lower] || strings.HasSuffix(lower, "n't"):
			return false
		case gratitude[lower], isDrawnOut(lower):
			grateful = true
		case pleasantries[lower], isPleasant(lower):
		case isName(word, count):
			names++
		default:
			return false
		}
		count++
	}
	return grateful && count <= maxThanks && names <= maxNames
}

// uneasy is a sentiment that few who say thank you have.
const uneasy = -earshot.Unit / 5

// isUnhappy reports whether the book hears more in a mention than thanks.
func isUnhappy(v *earshot.Verdict) bool {
	if v.Sentiment < uneasy || v.Danger {
		return true
	}
	for i := range v.Reasons {
		r := &v.Reasons[i]
		head, _, learnt := strings.Cut(r.Rule, ":")
		if r.Of != earshot.OfUrgency || r.Weight <= 0 || learnt {
			continue
		}
		switch head {
		case "complaint", "danger", "leaving", "legal":
			return true
		}
	}
	return false
}

// reassurances hold a word that else would be a grudge.
var reassurances = strings.NewReplacer("’", "'", "no worries", "", "No worries", "", "no problem", "", "No problem", "", "kein Problem", "", "Kein Problem", "", "de nada", "", "De nada", "")

func isGap(r rune) bool {
	return !unicode.IsLetter(r) && (!unicode.IsMark(r) || r >= '\ufe00' && r <= '\ufe0f') && !unicode.IsNumber(r) && r != '@' && r != '\'' && r != '_' && r != '#'
}

// isDrawnOut reports whether a word is a thank-you with longer vowels: thaaanks.
func isDrawnOut(word string) bool {
	var short strings.Builder
	last := rune(0)
	for _, r := range word {
		if r != last {
			short.WriteRune(r)
		}
		last = r
	}
	return short.Len() < len(word) && gratitude[short.String()]
}

// isName reports whether a word may be the name of whom it thanks: it begins with
// a capital although it is not the first word, and is no shout.
func isName(word string, before int) bool {
	first, size := utf8.DecodeRuneInString(word)
	rest := word[size:]
	return before > 0 && unicode.IsUpper(first) && len(rest) > 0 && rest == strings.ToLower(rest) && len(word) < 20
}

// isPleasant reports whether nothing is left of a run of letters without blanks
// once the thanks and what goes with them are taken out.
func isPleasant(run string) bool {
	if first, _ := utf8.DecodeRuneInString(run); !isUnspaced(first) {
		return false
	}
	for _, list := range [][]string{gratitudeRuns, pleasantRuns} {
		for _, known := range list {
			run = strings.ReplaceAll(run, known, "")
		}
	}
	return utf8.RuneCountInString(run) <= maxStrange
}

func isUnspaced(r rune) bool {
	return unicode.In(r, unicode.Thai, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

func containsAny(text string, runs []string) bool {
	for _, run := range runs {
		if strings.Contains(text, run) {
			return true
		}
	}
	return false
}
