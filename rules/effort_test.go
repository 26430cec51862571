package rules_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"earshot"
	"earshot/rules"
)

// costly are the worst conditions that are not refused, as far as we know.
func costly() []string {
	fill := func(part, join string) (longest string) {
		for n := 1; ; n++ {
			when := strings.Join(slices.Repeat([]string{part}, n), join)
			if b, _ := compile(when); b == nil {
				return longest
			}
			longest = when
		}
	}
	return []string{
		fill(`mention.text matches "(.*a){9}$"`, " || "),
		fill(`mention.text matches "(?s)(a|b|c|ab|bc|.*x)*z"`, " || "),
		`mention.text matches "(\\pL*\\PL*){10}$"`,
		`mention.text matches "(a?){27}b"`,
		fill(`mention.text matches "a.$"`, " || "),
		fill(`mention.text contains "aaaaaab"`, " || "),
		fill(`mention.text contains "`+strings.Repeat("a", 63)+`b"`, " || "),
		fill(`upper(mention.text) == "x"`, " || "),
		fill(`len(mention.text) == 1`, " || "),
		fill(`mention.text < mention.title`, " || "),
		fill(`mention.text in mention.links`, " || "),
		fill(`any(mention.links, # matches "(.*a){3}$")`, " || "),
		fill(`any(mention.links, upper(#) == "x")`, " || "),
		fill(`any(mention.links, # == mention.url)`, " || "),
		`any(mention.links, ` + strings.Repeat(`# < "b" && `, 70) + `# == "x")`,
		`any(mention.media, ` + strings.Repeat(`sentiment < 2 && `, 65) + `.alt == "x")`,
	}
}

// hostile is the largest mention of one repeated text.
func hostile(unit string) *earshot.Mention {
	text := strings.Repeat(unit, 65<<10/len(unit))
	m := &earshot.Mention{Text: "acme " + text, Title: "acme " + text + "z", URL: text}
	for range 100 {
		m.Links = append(m.Links, text[:1000]+"y")
		m.Media = append(m.Media, earshot.Media{URL: text[:500], Alt: text[:500]})
	}
	return m
}

func withRule(tb testing.TB, when string) *rules.Book {
	tb.Helper()
	b, problems := compile(when)
	if b == nil {
		tb.Fatalf("%.80q: %v", when, problems)
	}
	return b
}

// fastest is the least time that a processor works on judging, however many others
// want it; what is good enough is not tried again.
func fastest(tb testing.TB, b *rules.Book, m *earshot.Mention, enough time.Duration) time.Duration {
	tb.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	least := time.Hour
	for tries := 0; tries < 3 && least > enough; tries++ {
		start := threadTime(tb)
		b.Judge(m)
		least = min(least, threadTime(tb)-start)
	}
	return least
}

// threadTime is how long this thread has worked.
func threadTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// No condition that is accepted takes long on any mention.
func TestCostlyConditions(t *testing.T) {
	const most = 400 * time.Millisecond // of a processor with -race; docs/rules.md has the real figure
	mentions := []*earshot.Mention{hostile("a"), hostile("aé "), hostile("\u3000"), hostile("Ж")}
	var usual []time.Duration // of judging without a condition
	for _, m := range mentions {
		usual = append(usual, fastest(t, withRule(t, "true"), m, 0))
	}
	for _, when := range costly() {
		b := withRule(t, when)
		worst := time.Duration(0)
		for i, m := range mentions {
			worst = max(worst, fastest(t, b, m, usual[i]+most/4)-usual[i])
		}
		t.Logf("%s: %.60s… (%d bytes)", worst, when, len(when))
		if worst > most {
			t.Errorf("%.80s takes %s", when, worst)
		}
	}
}

// The condition that once took 40 seconds is refused.
func TestTooCostly(t *testing.T) {
	patterns := make([]string, 17)
	for i := range patterns {
		patterns[i] = fmt.Sprintf(`mention.text matches "(.*%c){9}$"`, 'a'+i)
	}
	all := strings.Join(patterns, " or ")
	for _, when := range []string{"any(mention.links, " + all + ")", all} {
		if b, problems := compile(when); b != nil || len(problems) == 0 || problems[0].Hint == "" {
			t.Errorf("%.80s: %v", when, problems)
		}
	}
}
