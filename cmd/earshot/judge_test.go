package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"earshot"
	"earshot/rules"
)

// benchConfig is ten brands with a topic each, and thirty rules.
func benchConfig() string {
	var b strings.Builder
	b.WriteString("brands:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  - name: brand%d\n    query: '(zorbl%d OR #zorbl%d OR @zorblcare%d) NOT (\"zorbl%d street\" OR site:zorbl%d.example.org)'\n", i, i, i, i, i, i)
		fmt.Fprintf(&b, "    owned: {handles: ['@zorblcare%d']}\n", i)
		fmt.Fprintf(&b, "    topics: {safety: {query: 'chok* OR injur* OR \"caught fire\" OR (recall* NEAR/5 product*)', danger: true}, late: '(late OR waiting) NEAR/6 (order OR parcel)'}\n")
	}
	b.WriteString("rules:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  - {name: unhappy %d, when: 'sentiment < -0.%d && addresses_brand', urgency: %d, send: [cs]}\n", i, i, i)
		fmt.Fprintf(&b, "  - {name: danger %d, when: '\"safety\" in topics && mention.author.followers > %d', urgency: 5, routes: [{team: pr, kind: crisis}]}\n", i, i*1000)
		fmt.Fprintf(&b, "  - {name: late %d, when: '\"late\" in topics && complaint > 0.%d', urgency: 3, send: [cs]}\n", i, i)
	}
	return b.String()
}

var phrases = []string{
	"just had the best coffee of my life in the little place around the corner", "why is the train late again, third time this week",
	"new photos of the dog at the lake, she loves the water so much", "can anybody recommend a good plumber in the north of the city?",
	"that film was terrible and I want my two hours back", "reading the report on the recall of a product I never owned",
	"Heute scheint die Sonne und ich sitze im Büro", "on a passé une soirée magnifique avec les amis hier", "今日はとても良い天気ですね、散歩に行きましょう",
}

// benchInput is NDJSON of tweet size in which one mention in twenty concerns a
// brand.
func benchInput(count int) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	for i := range count {
		text := phrases[i%len(phrases)] + " " + phrases[(i*7+3)%len(phrases)] + " #monday https://example.com/" + fmt.Sprint(i)
		if i%20 == 0 {
			text = fmt.Sprintf("hey @zorblcare%d my zorbl%d parcel is late and arrived broken, I am so disappointed! ", i/20%10, i/20%10) + phrases[i%len(phrases)]
		}
		m := earshot.Mention{
			ID: fmt.Sprintf("x:%d", i), Network: "x", Text: text, URL: fmt.Sprintf("https://x.example/status/%d", i), Lang: "en",
			Author: earshot.Author{Handle: fmt.Sprintf("@user%d", i%977), Name: "A Person", Followers: int64(i % 5000)},
		}
		if err := encoder.Encode(m); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

func benchBook(tb testing.TB, config string) *rules.Book {
	tb.Helper()
	l := newLoader("bench.yaml", []byte(config), environ(nil))
	l.document.Decode(l.document.Root(), &l.file, bookless...)
	l.book(nil)
	if _, err := l.findings(); err != nil {
		tb.Fatal(err)
	}
	return l.config.Book
}

// largeConfig is a thousand queries, of 250 brands with three topics each, and a
// hundred rules. The first ten brands are those of the input.
func largeConfig() string {
	var b strings.Builder
	b.WriteString("brands:\n")
	for i := range 250 {
		fmt.Fprintf(&b, "  - name: brand%d\n    query: '(zorbl%d OR #zorbl%d OR @zorblcare%d) NOT (\"zorbl%d street\" OR site:zorbl%d.example.org)'\n", i, i, i, i, i, i)
		fmt.Fprintf(&b, "    owned: {handles: ['@zorblcare%d']}\n", i)
		fmt.Fprintf(&b, "    topics: {safety: {query: 'chok* OR injur* OR \"caught fire\" OR (recall* NEAR/5 product*)', danger: true}, "+
			"late: '(late OR waiting) NEAR/6 (order OR parcel)', broken%d: 'broken OR crack* OR (fell NEAR/2f apart)'}\n", i)
	}
	b.WriteString("rules:\n")
	for i := range 25 {
		fmt.Fprintf(&b, "  - {name: unhappy %d, when: 'sentiment < -0.%02d && addresses_brand', urgency: 1, send: [cs]}\n", i, i)
		fmt.Fprintf(&b, "  - {name: danger %d, when: '\"safety\" in topics && mention.author.followers > %d', urgency: 5, routes: [{team: pr, kind: crisis}]}\n", i, i*1000)
		fmt.Fprintf(&b, "  - {name: late %d, when: '\"late\" in topics && complaint > 0.%02d', urgency: 1, send: [cs]}\n", i, i)
		fmt.Fprintf(&b, "  - {name: loud %d, when: 'mention.network == \"x\" && lang in [\"de\", \"fr\"] && request > 0.%02d', urgency: 1, send: [cs]}\n", i, i)
	}
	return b.String()
}

// The benchmark's input is what the issue asks for: one mention in twenty
// matches, and the input is of tweet size.
func TestBenchmarkInput(t *testing.T) {
	input := benchInput(2000)
	for _, config := range []string{benchConfig(), largeConfig()} {
		var out bytes.Buffer
		count, err := eachLine(t.Context(), "in", bytes.NewReader(input), &out, io.Discard, judge{book: benchBook(t, config)}.line)
		if err != nil || count != (lineCount{lines: 2000}) {
			t.Fatal(count, err)
		}
		if matched := bytes.Count(out.Bytes(), []byte("\n")); matched != 100 {
			t.Errorf("%d of 2000 match", matched)
		}
	}
}

// The whole of earshot judge but the pipes: NDJSON in, judged NDJSON out, with ten
// brands and thirty rules, and with a thousand queries and a hundred rules. The
// second figure is what two cores do that nobody else uses, by CPU time.
func BenchmarkJudgeCommand(b *testing.B) {
	const count = 100_000
	input := benchInput(count)
	for name, config := range map[string]string{"10-brands-30-rules": benchConfig(), "1000-queries-100-rules": largeConfig()} {
		b.Run(name, func(b *testing.B) {
			work := judge{book: benchBook(b, config)}.line
			b.SetBytes(int64(len(input)))
			start := processTime(b)
			b.ResetTimer()
			for range b.N {
				if _, err := eachLine(b.Context(), "in", bytes.NewReader(input), io.Discard, io.Discard, work); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds(), "mentions/s")
			b.ReportMetric(2*float64(count)*float64(b.N)/(processTime(b)-start).Seconds(), "mentions/2-cpu-s")
		})
	}
}

// processTime is how long this process has worked on all cores.
func processTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// What strangers write can neither command a terminal nor move the marks.
func TestExplain(t *testing.T) {
	e := explainer{color: true}
	text := "bad \x1b[2J\u202eacme boat"
	verdicts := []earshot.Verdict{{Reasons: []earshot.Reason{
		{Field: "text", Span: &earshot.Span{11, 15}},
		{Field: "text", Span: &earshot.Span{0, 3}},
		{Field: "text", Span: &earshot.Span{1, 2}},
		{Field: "title", Span: &earshot.Span{0, 4}},
		{Field: "text", Span: &earshot.Span{20, 99}},
	}}}
	const on, off = "\x1b[1;33m", "\x1b[0m"
	want := on + "bad" + off + "  [2J " + on + "acme" + off + " boat"
	if got := e.marked(text, "text", verdicts); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (explainer{}).marked(text, "text", verdicts); got != "bad  [2J acme boat" {
		t.Errorf("without colour: %q", got)
	}
}

// Words are green or red by what they add to the sentiment together, whole as
// people see them, and no word turns the direction of what stands beside it.
func TestExplainMarks(t *testing.T) {
	e := explainer{color: true}
	felt := func(from, to int, weight earshot.Score) earshot.Reason {
		return earshot.Reason{Of: earshot.OfSentiment, Field: "text", Span: &earshot.Span{from, to}, Weight: weight}
	}
	for _, tt := range []struct {
		text, want string
		reasons    []earshot.Reason
	}{
		{"good and bad", "\x1b[1;32mgood\x1b[0m and \x1b[1;31mbad\x1b[0m", []earshot.Reason{felt(9, 12, -5), felt(0, 4, 3)}},
		{"not good", "\x1b[1;31mnot \x1b[0m\x1b[1;32mgood\x1b[0m", []earshot.Reason{felt(0, 8, -2), felt(4, 8, 3)}},
		{"as is", "\x1b[1;33mas\x1b[0m is", []earshot.Reason{{Of: earshot.OfUrgency, Field: "text", Span: &earshot.Span{0, 2}, Weight: 7}}},
		{"cafe\u0301!", "\x1b[1;32mcafe\u0301\x1b[0m!", []earshot.Reason{felt(0, 4, 1)}},
		{"👍🏽", "\x1b[1;32m👍🏽\x1b[0m", []earshot.Reason{felt(0, 4, 1)}},
		{"é", "\x1b[1;32mé\x1b[0m", []earshot.Reason{felt(1, 2, 1)}},
		{"سيئ جدا", "\u2068\x1b[1;31mسيئ\x1b[0m جدا\u2069", []earshot.Reason{felt(0, 6, -1)}},
	} {
		if got := e.marked(tt.text, "text", []earshot.Verdict{{Reasons: tt.reasons}}); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// Below each quality stands the sum of its reasons, which is its score.
func TestExplainTable(t *testing.T) {
	e := explainer{judge: judge{book: benchBook(t, benchConfig())}}
	for _, text := range []string{"hey @zorblcare1 my zorbl1 parcel is late and arrived broken!!! 😡", "I wrote to zorbl2 and they answered, you made my day, I cried happy tears", "zorbl2", "مرحبا zorbl3 رائع"} {
		line, err := json.Marshal(earshot.Mention{ID: "x:1", Text: text})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := e.line(1, line, &out); err != nil {
			t.Fatal(err)
		}
		score, sums := "", 0
		for row := range strings.Lines(out.String()) {
			words := strings.Fields(row)
			switch {
			case len(words) == 2 && slices.Contains([]string{"relevance", "sentiment", "urgency", "delight"}, words[0]):
				score = words[1]
			case len(words) == 2 && words[0] == "=":
				if sums++; words[1] != score {
					t.Errorf("the sum is %s, the score %s:\n%s", words[1], score, out.String())
				}
			}
		}
		if sums == 0 {
			t.Errorf("no sums:\n%s", out.String())
		}
	}
}

// Whatever the spans and the text, marking it loses nothing of it.
func FuzzExplain(f *testing.F) {
	f.Add("good and bad", 0, 4, 9, 12)
	f.Add("é\xff👍🏽", 1, 3, -1, 99)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		verdicts := []earshot.Verdict{{Reasons: []earshot.Reason{
			{Of: earshot.OfSentiment, Field: "text", Span: &earshot.Span{a, b}, Weight: 1},
			{Of: earshot.OfSentiment, Field: "text", Span: &earshot.Span{c, d}, Weight: -2},
		}}}
		got := (explainer{color: true}).marked(text, "text", verdicts)
		for _, escape := range []string{"\x1b[1;31m", "\x1b[1;32m", "\x1b[0m", "\u2068", "\u2069"} {
			got = strings.ReplaceAll(got, escape, "")
		}
		if got != printable(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
