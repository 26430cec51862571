package mail

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile mails are made to cost much.
func hostile() map[string]string {
	const size = 4 << 20
	head := "From: eve@evil.example\r\nSubject: x\r\n"
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	nested := head
	for i := range 5000 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	html := head + "Content-Type: text/html\r\n\r\n"
	return map[string]string{
		"deep":              nested,
		"same boundary":     head + fill("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"),
		"many parts":        head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + fill("--b\r\n\r\nx\r\n"),
		"many attachments":  head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + fill("--b\r\nContent-Disposition: attachment; filename=x.exe\r\n\r\nx\r\n"),
		"many fields":       fill("A: b\r\n") + "\r\nx",
		"one long field":    head + "X: " + fill("y") + "\r\n\r\nx",
		"long continuation": head + "X: y\r\n" + fill(" y\r\n") + "\r\nx",
		"many recipients":   head + "To: " + fill("a@b.example, ") + "\r\n\r\nx",
		"bad recipients":    head + "To: " + fill("(<@,\"") + "\r\n\r\nx",
		"many references":   head + "References: " + fill("<a@b>") + "\r\n\r\nx",
		"encoded words":     head + "Subject: " + fill("=?utf-8?B?YQ==?= ") + "\r\n\r\nx",
		"open comments":     head + "Date: " + fill("(") + "\r\n\r\nx",
		"lines":             head + "\r\n" + fill("\n"),
		"attributions":      head + "\r\n" + fill("On 1.1. a@b.c wrote\n"),
		"from lines":        head + "\r\n" + fill("From: x\n"),
		"dashes":            head + "\r\n" + fill("-- \n"),
		"one line":          head + "\r\n" + fill("From: Sent: "),
		"open tags":         html + fill("<div class=gmail_quote>"),
		"closed tags":       html + fill("</div>"),
		"forwards":          html + fill("<blockquote type=cite>Forwarded message</blockquote>"),
		"attributes":        html + "<div " + fill("a=b ") + ">",
		"entities":          html + fill("&amp;"),
		"base64":            head + "Content-Transfer-Encoding: base64\r\n\r\n" + fill("!!!!"),
		"quoted-printable":  head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + fill("="),
		"parameters":        head + "Content-Type: text/plain" + fill("; a*0=b") + "\r\n\r\nx",
	}
}

// No mail makes us work without end, fill the memory or keep much of it.
func TestHostile(t *testing.T) {
	for name, raw := range hostile() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		m, err := parse([]byte(raw), received, false)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %s, %d MiB", name, took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20)
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 1<<10 {
			t.Errorf("%s: %d MiB were allocated", name, mib)
		}
		if len(m.Media) > maxAttachments || len(m.Text) > maxText || len(m.To) > 50 || len(m.Links) > 100 {
			t.Errorf("%s: %d attachments, %d bytes, %d recipients, %d links", name, len(m.Media), len(m.Text), len(m.To), len(m.Links))
		}
	}
}
