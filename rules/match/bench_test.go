//go:build linux

package match_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"earshot"
	"earshot/rules/match"
)

// function words are the most frequent of a language, by rank.
const functionWords = "the to and a of i in is it you for on that my with this be was at have not are so me just but your all from we up out " +
	"what get by an has or as if no do can like one they he she will when now our day time about good new love how more there her his " +
	"would been who them some back were going its then really people had make too because think know after still last only want over"

// world makes texts and queries as people write them: words are drawn by
// Zipf–Mandelbrot (s = 1.07, q = 2.7) from 50,000, of which the first are function
// words and the rest are made of syllables, the rarer the longer.
type world struct {
	random *rand.Rand
	zipf   *rand.Zipf
	words  []string
}

func newWorld() *world {
	const vocabulary = 50_000
	random := rand.New(rand.NewPCG(20, 26))
	w := &world{random: random, zipf: rand.NewZipf(random, 1.07, 2.7, vocabulary-1), words: strings.Fields(functionWords)}
	known := map[string]bool{}
	for len(w.words) < vocabulary {
		syllables := 1
		for rank := len(w.words); rank > 300; rank /= 12 {
			syllables++
		}
		if s := w.syllables(syllables); !known[s] {
			known[s] = true
			w.words = append(w.words, s)
		}
	}
	return w
}

func (w *world) syllables(n int) string {
	var b strings.Builder
	for range n + w.random.IntN(2) {
		b.WriteString([]string{"b", "d", "st", "f", "g", "k", "l", "m", "n", "p", "r", "s", "tr", "v", "sh", "ch"}[w.random.IntN(16)])
		b.WriteString([]string{"a", "e", "i", "o", "u", "ea", "ou"}[w.random.IntN(7)])
		if w.random.IntN(2) == 0 {
			b.WriteString([]string{"n", "r", "s", "t", "l", "ck"}[w.random.IntN(6)])
		}
	}
	return b.String()
}

func (w *world) word() string { return w.words[w.zipf.Uint64()] }

// topical is a word that people search for: no function word and none of the most
// frequent others.
func (w *world) topical() string {
	for {
		if rank := w.zipf.Uint64(); rank > 80 {
			return w.words[rank]
		}
	}
}

// text has at least so many bytes; one in three has a tag, a handle, an address.
func (w *world) text(bytes int) string {
	var b strings.Builder
	for b.Len() < bytes {
		b.WriteString(w.word())
		switch w.random.IntN(40) {
		case 0, 1, 2:
			b.WriteString(". ")
		case 3, 4:
			b.WriteString(", ")
		default:
			b.WriteByte(' ')
		}
	}
	s := b.String()[:bytes]
	switch w.random.IntN(3) {
	case 0:
		return s[:bytes-16] + " #" + w.topical()
	case 1:
		return "@" + w.topical() + " " + s[:bytes-50] + " https://" + w.topical() + ".example/x/" + w.topical()
	}
	return s
}

// query is one of five forms: a brand with what is left out, a brand and its
// words, words close to each other, a phrase, and groups of words.
func (w *world) query() string {
	brand := w.syllables(3)
	switch w.random.IntN(10) {
	case 0, 1, 2, 3:
		return fmt.Sprintf(`(%[1]s OR #%[1]s OR @%[1]scare) NOT ("%[1]s %[2]s" OR site:%[1]s.example)`, brand, w.topical())
	case 4, 5:
		return fmt.Sprintf(`(%s OR %s) AND (%s OR %s OR %s*)`, brand, w.syllables(3), w.topical(), w.topical(), w.topical()+"en")
	case 6, 7:
		return fmt.Sprintf(`(%s* OR %s) NEAR/9 (%s OR %s OR %s)`, w.topical()+"e", w.topical(), w.topical(), w.topical(), w.topical())
	case 8:
		return fmt.Sprintf(`"%s %s"`, w.topical(), w.topical())
	}
	return fmt.Sprintf(`(%s OR %s OR %s) AND (%s OR %s OR %s) NOT %s`, w.topical(), w.topical(), w.topical(), w.topical(), w.topical(), w.topical(), w.topical())
}

func (w *world) queries(tb testing.TB, n int) []*earshot.Query {
	queries := make([]*earshot.Query, n)
	for i := range queries {
		queries[i] = parse(tb, w.query())
	}
	return queries
}

func (w *world) mentions(n, bytes int) []earshot.Mention {
	mentions := make([]earshot.Mention, n)
	for i := range mentions {
		mentions[i].Text = w.text(bytes)
	}
	return mentions
}

// search runs an index over mentions in turn and reports posts a second.
func search(b *testing.B, x *match.Index, mentions []earshot.Mention) {
	var p match.Post
	found := 0
	for i := range mentions {
		found += len(x.Search(&p, &mentions[i]))
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	b.ResetTimer()
	start := cpu(b)
	for i := range b.N {
		x.Search(&p, &mentions[i%len(mentions)])
	}
	b.ReportMetric(float64(b.N)/(cpu(b)-start).Seconds(), "posts/s")
	b.ReportMetric(float64(found)/float64(len(mentions)), "matches/post")
}

// cpu is how long this thread has worked: what counts where others work too.
func cpu(tb testing.TB) time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var usage syscall.Rusage
	if err := syscall.Getrusage(thread, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkMatch matches posts of 280 characters, and of 5 kB.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1_000, 10_000, 100_000} {
		w := newWorld()
		x, mentions := match.New(w.queries(b, n), n), w.mentions(2000, 280)
		b.Run(fmt.Sprintf("280/%d", n), func(b *testing.B) { search(b, x, mentions) })
		if n == 10_000 {
			articles := w.mentions(200, 5000)
			b.Run(fmt.Sprintf("5000/%d", n), func(b *testing.B) { search(b, x, articles) })
		}
	}
}

// BenchmarkIndex builds an index of queries that are read already, and tells what
// it takes.
func BenchmarkIndex(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			queries := newWorld().queries(b, n)
			before := heap()
			x := match.New(queries, n)
			taken := heap() - before
			runtime.KeepAlive(x)
			b.ResetTimer()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			start := cpu(b)
			for range b.N {
				match.New(queries, n)
			}
			b.ReportMetric((cpu(b)-start).Seconds()*1000/float64(b.N), "cpu-ms")
			b.ReportMetric(float64(taken)/1e6, "index-MB")
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
