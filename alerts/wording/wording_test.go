package wording_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"earshot"
	"earshot/alerts/wording"
)

func words(t testing.TB, o wording.Options) *wording.Wording {
	t.Helper()
	w, problems := wording.New(o)
	if problems != nil {
		t.Fatal(problems)
	}
	return w
}

// Every language says everything in words of its own.
func TestLanguages(t *testing.T) {
	crisis := earshot.Alert{
		ID: "c.pr.2", Case: "c", Team: "pr", Brand: "acme", Kind: earshot.KindCrisis, Urgency: earshot.Critical, Why: earshot.BecauseEscalated,
		Evidence: &earshot.Evidence{From: earshot.Watch, To: earshot.InCrisis, Seen: 120, Expected: 9.04, Negative: 80, Authors: 77, NewShare: 0.31},
	}
	said := map[string]string{}
	for _, language := range wording.Languages() {
		w := words(t, wording.Options{Language: language, Zone: "Europe/Copenhagen"})
		for _, a := range []*earshot.Alert{&crisis, wording.Sample(time.Now())} {
			v := w.View(a, true)
			text := w.Title(v) + w.Text(v) + w.HTML(v)
			for _, key := range []string{"kind.", "urgency.", "why.", "alarm.", "_text", "respond_by", "<no value>", "ZgotmplZ"} {
				if strings.Contains(text, key) {
					t.Errorf("%s has no word for %s: %s", language, key, text)
				}
			}
			if other := said[text]; other != "" {
				t.Errorf("%s says what %s does", language, other)
			}
			said[text] = language
		}
	}
}

// What strangers wrote is text in HTML, and a link is one only if it is an address.
func TestHostileHTML(t *testing.T) {
	w := words(t, wording.Options{})
	a := wording.Sample(time.Now())
	a.Mention.Text = `</blockquote><script>alert(1)</script>"'><img src=x>`
	a.Mention.URL = "javascript:alert(1)"
	a.Mention.Author.Name = "<b>Bob</b>"
	html := w.HTML(w.View(a, false))
	for _, bad := range []string{"<script", "<img", "<b>Bob", "javascript:"} {
		if strings.Contains(html, bad) {
			t.Errorf("%s is in:\n%s", bad, html)
		}
	}
	if strings.Count(html, "</blockquote>") != 1 {
		t.Errorf("the quotation was left:\n%s", html)
	}
}

// The template that fits best is taken: of team and language, team, language, all. One
// that does not parse or fails is a problem, and the usual one is used.
func TestTemplates(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	title := func(o wording.Options) string {
		o.Dir = dir
		w := words(t, o)
		return w.Title(w.View(wording.Sample(time.Now()), false))
	}
	write("title.txt", "all {{.Brand}}\r\nBcc: x@y.example")
	write("de.title.txt", "language {{word \"urgency.high\"}}")
	write("pr.title.txt", "team")
	write("pr.de.title.txt", "both")
	for want, o := range map[string]wording.Options{
		"all acme Bcc: x@y.example": {Team: "cs"}, "language hoch": {Team: "cs", Language: "de"},
		"team": {Team: "pr", Language: "fr"}, "both": {Team: "pr", Language: "de"},
	} {
		if got := title(o); got != want {
			t.Errorf("%+v: %q, want %q", o, got, want)
		}
	}
	for _, broken := range []string{"{{.Nothing}}", "{{", "{{word}}"} {
		write("title.txt", broken)
		w, problems := wording.New(wording.Options{Team: "cs", Dir: dir})
		if len(problems) != 1 || !strings.Contains(problems[0].What, "title.txt") {
			t.Errorf("%s: %v", broken, problems)
		}
		if got := w.Title(w.View(wording.Sample(time.Now()), false)); !strings.HasPrefix(got, "[high] acme") {
			t.Errorf("%s: %q", broken, got)
		}
	}
}

// Whatever is written, a line is one line, of the length asked for, and says nothing
// that cannot be seen.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{"", "a\r\nb", "\u202etxt.exe", "👩‍👩‍👧‍👦", "Z̸̢̛̛̭̗", "\xff\x00", strings.Repeat("word ", 100)} {
		f.Add(seed, 20)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 1 + int(uint(limit)%500)
		line := wording.Line(s, limit)
		if strings.ContainsAny(line, "\r\n\t\x00\u2028\u202e\u2066") || utf8.RuneCountInString(line) > limit || !utf8.ValidString(line) {
			t.Errorf("%q", line)
		}
		if again := wording.Line(line, limit); again != line {
			t.Errorf("%q became %q", line, again)
		}
		if text := wording.Lines(s, limit); utf8.RuneCountInString(text) > limit || strings.Contains(text, "\n\n\n") {
			t.Errorf("%q", text)
		}
	})
}
