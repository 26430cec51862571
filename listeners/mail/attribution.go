package mail

import (
	"regexp"
	"strings"
)

// wrote is the verb of the line that introduces a quotation, in the languages of
// mail programs.
var wrote = regexp.MustCompile(`(?i)(\bwrote|\bschrieb|a écrit|\bescribi[óo]|\bha scritto|\bscrisse|\bescreveu|\bschreef|\bgeschreven|\bskrev|kirjoitti|\bpisze|napisał|napsal|napísal|je napisa[ol]|\bírta|a scris|\byazdı|şunları yazdı|пишет|написал|пише|написав|написа|έγραψε|כתב|كتب|写道|寫道|さんは書きました|のメール|작성|đã viết|menulis|เขียน|ने लिखा|va escriure|rašė|rakstīja|kirjutas)`)

// dated finds a day or a time, which an introduction has.
var dated = regexp.MustCompile(`\d{1,2}[:.h]\d{2}|\d{4}|\d{1,2}[./-]\d{1,2}`)

// addressed finds who is quoted.
var addressed = regexp.MustCompile(`<[^<>@\s]+@[^<>@\s]+>|\[mailto:|\S+@\S+\.\S+`)

// attribution returns how many lines at the beginning of lines introduce a
// quotation: "On Tuesday, 17 November 2026 at 09:30, Ida Holm <ida@…> wrote:".
// Programs wrap such lines, so it may be three; 0 means that they are none.
func attribution(lines []string) int {
	const longest, most = 400, 3
	joined := ""
	for n, line := range lines[:min(len(lines), most)] {
		line = strings.TrimSpace(line)
		if line == "" || isQuoted(line) || len(joined)+len(line) > longest {
			return 0
		}
		joined += " " + line
		if isAttribution(joined) {
			return n + 1
		}
	}
	return 0
}

func isAttribution(line string) bool {
	line = strings.TrimRight(line, " \t*")
	if !strings.HasSuffix(line, ":") && !strings.HasSuffix(line, "：") && !strings.HasSuffix(line, ":\u200f") {
		return false
	}
	hasDate, hasAddress := dated.MatchString(line), addressed.MatchString(line)
	if hasDate && hasAddress {
		return true
	}
	return (hasDate || hasAddress) && wrote.MatchString(line)
}

// sentFrom is the line that telephones add to what is written on them.
var sentFrom = regexp.MustCompile(`(?i)^\s*(sent from (my|mail for|outlook|yahoo|samsung|proton|the)|sent with |get outlook for|sent via |von meinem .{1,40} gesendet|gesendet (mit|von|aus) |diese nachricht wurde von meinem|envoyé (de mon|depuis|à partir)|enviado (desde|do meu|a partir)|inviato da|verzonden (vanaf|van|met)|verstuurd vanaf|skickat från|sendt fra|lähetetty |wysłan[eo] z|odesláno z|odoslané z|trimis de pe|iphone'?umdan gönderildi|отправлено (с|из)|надіслано з|نُ?رسل من|נשלח מה|iphone ?から送信|発送元|从我的.{1,20}发送|發自我的|나의 .{1,20}에서 보냄|gửi từ)`)

// withoutSignature leaves out what follows the line "-- " (RFC 3676, 4.3), and what
// telephones add.
func withoutSignature(lines []string) []string {
	if isForward(lines) {
		return lines
	}
	for i := range lines {
		if isSignature(lines[i:]) {
			lines = lines[:i]
			break
		}
	}
	const most, longest = 3, 200 // lines that may be added
	for range most {
		last := len(lines) - 1
		for last >= 0 && strings.TrimSpace(lines[last]) == "" {
			last--
		}
		if last < 0 || len(lines[last]) > longest || !sentFrom.MatchString(lines[last]) {
			break
		}
		lines = lines[:last]
	}
	return lines
}

// isSignature reports whether lines are one to their end. Many write two dashes
// between paragraphs, so without the space it must be short.
func isSignature(lines []string) bool {
	most := 20
	switch strings.TrimRight(lines[0], "\r") {
	case "-- ", "--\u00a0":
	case "--", "—":
		most = 8
	default:
		return false
	}
	written := 0
	for _, line := range lines[1:] {
		if strings.TrimSpace(line) != "" {
			written++
		}
		if written > most {
			return false
		}
	}
	return true
}
