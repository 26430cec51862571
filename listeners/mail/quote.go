package mail

import (
	"regexp"
	"strings"
)

// reply returns what the author of a text wrote: without the mails that are quoted
// in it, without the lines that introduce those, and without signatures. What is
// forwarded is what somebody wants us to read, and stays. When nothing is left the
// text was something else than it looked like, and is returned as it is.
func reply(text string) string {
	lines := strings.Split(text, "\n")
	kept := lines
	if end := copyBegins(lines); end >= 0 {
		kept = lines[:end]
	}
	kept = withoutQuoted(kept)
	kept = withoutSignature(kept)
	if own := tidy(kept); own != "" {
		return own
	}
	return tidy(lines)
}

// tidy joins lines, without those at the beginning and end that are empty, and with
// at most one empty line in a row.
func tidy(lines []string) string {
	var b strings.Builder
	blank := 0
	for _, line := range lines {
		line = strings.TrimRight(line, " \t\u00a0")
		if line == "" {
			blank++
			continue
		}
		switch {
		case b.Len() == 0:
		case blank > 0:
			b.WriteString("\n\n")
		default:
			b.WriteByte('\n')
		}
		blank = 0
		b.WriteString(line)
	}
	return b.String()
}

// separator is the line that some programs put above the mail that is answered.
var separator = regexp.MustCompile(`(?i)^\s*[-_]{2,}\s*(original message|original appointment|reply message|ursprüngliche nachricht|ursprungliche nachricht|originalnachricht|message d'origine|message original|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|originalmeddelande|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|původní zpráva|pôvodná správa|eredeti üzenet|mesaj original|özgün ileti|orijinal mesaj|исходное сообщение|пересылаемое сообщение|оригінальне повідомлення|αρχικό μήνυμα|הודעה מקורית|الرسالة الأصلية|元のメッセージ|原始邮件|原始郵件|원본 메시지)\s*[-_]{2,}\s*$`)

// copyBegins returns the line at which a copy of the mail that is answered begins,
// as Outlook and those like it put it below everything, and -1 when none does.
func copyBegins(lines []string) int {
	const most = 100 // lines that look as if one began
	looked := 0
	for i, line := range lines {
		if separator.MatchString(line) {
			return i
		}
		if looked == most || !headerNames[0].MatchString(line) {
			continue
		}
		if looked++; !isHeaderBlock(lines[i:]) {
			continue
		}
		above := i
		for above > 0 && strings.Trim(lines[above-1], "_- \t") == "" {
			above--
		}
		if above > 0 && forwarded.MatchString(lines[above-1]) {
			return -1
		}
		return above
	}
	return -1
}

// headerNames are the first words of a mail's headers as programs translate them:
// who, when, to whom and about what.
var headerNames = [4]*regexp.Regexp{
	regexp.MustCompile(`(?i)^[\s*]*(from|von|de|da|van|från|fra|lähettäjä|od|feladó|de la|kimden|gönderen|от|от кого|від|από|מאת|من|差出人|发件人|寄件者|보낸 사람)\s*\*?\s*[:：]\*?\s*\S`),
	regexp.MustCompile(`(?i)^[\s*]*(sent|date|gesendet|datum|envoyé|enviado|enviada el|fecha|data|inviato|verzonden|skickat|sendt|dato|lähetetty|wysłano|odesláno|odoslané|dátum|elküldve|trimis|gönderildi|tarih|отправлено|дата|надіслано|στάλθηκε|ημερομηνία|נשלח|تاريخ|التاريخ|送信日時|日付|发送时间|傳送日期|보낸 날짜)\s*\*?\s*[:：]`),
	regexp.MustCompile(`(?i)^[\s*]*(to|an|à|para|a|aan|till|til|vastaanottaja|do|komu|címzett|către|kime|alıcı|кому|προς|אל|إلى|宛先|收件人|收件者|받는 사람|cc)\s*\*?\s*[:：]`),
	regexp.MustCompile(`(?i)^[\s*]*(subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|předmět|predmet|tárgy|subiect|konu|тема|θέμα|נושא|الموضوع|件名|主题|主旨|제목)\s*\*?\s*[:：]`),
}

// isHeaderBlock reports whether the first of lines, which says who wrote a mail, is
// followed closely by at least two of when, to whom and about what.
func isHeaderBlock(lines []string) bool {
	const within, longest = 8, 500
	if len(lines[0]) > longest {
		return false
	}
	seen := [4]bool{}
	for _, line := range lines[1:min(len(lines), within)] {
		for i := 1; i < len(headerNames); i++ {
			if len(line) <= longest && headerNames[i].MatchString(line) {
				seen[i] = true
			}
		}
	}
	return seen[1] && (seen[2] || seen[3])
}

// forwarded is the line above a mail that is passed on.
var forwarded = regexp.MustCompile(`(?i)^[\s>*-]*(begin forwarded message|forwarded message|forwarded by|weitergeleitete nachricht|anfang der weitergeleiteten|message transféré|début du message|mensaje reenviado|inizio messaggio inoltrato|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht|vidarebefordrat meddelande|videresendt|välitetty viesti|przekazana wiadomość|přeposlaná zpráva|továbbított üzenet|mesaj redirecționat|iletilen ileti|пересланное сообщение|переслане повідомлення|προωθημένο μήνυμα|הודעה שהועברה|رسالة معاد توجيهها|転送メッセージ|转发的邮件|轉寄的郵件|전달된 메시지)`)

// withoutQuoted leaves out the lines that are quoted, and those that say whom they
// quote. Below an introduction that no quoted line follows, everything is a copy.
func withoutQuoted(lines []string) []string {
	if isForward(lines) {
		return lines
	}
	var kept []string
	for i := 0; i < len(lines); i++ {
		if isQuoted(lines[i]) {
			continue
		}
		n := attribution(lines[i:])
		if n == 0 {
			kept = append(kept, lines[i])
			continue
		}
		i += n - 1
		below := nextWritten(lines, i+1)
		if below < len(lines) && !isQuoted(lines[below]) {
			break
		}
	}
	return kept
}

// isForward reports whether what a text quotes is what it is about.
func isForward(lines []string) bool {
	for i := nextWritten(lines, 0); i < len(lines); i = nextWritten(lines, i+1) {
		if forwarded.MatchString(lines[i]) {
			return true
		}
		if isQuoted(lines[i]) {
			return false
		}
	}
	return false
}

func isQuoted(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, ">") && !strings.HasPrefix(line, ">:(") && !strings.HasPrefix(line, ">_<")
}

// nextWritten is the next line at i or below that is not empty.
func nextWritten(lines []string, i int) int {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return i
}
