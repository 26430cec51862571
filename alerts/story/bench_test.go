package story_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"earshot/alerts/story"
)

// writer makes texts that have nothing to do with each other: letters as frequent
// as in English, words as frequent as in languages.
type writer struct {
	random *rand.Rand
	common *rand.Zipf
	words  []string
}

const letters = "eeeeeeeeeeeetttttttttaaaaaaaaooooooooiiiiiiinnnnnnnssssssrrrrrrhhhhhhllllddddccccuuummmfffppgggwwyybbvk"

func newWriter(seed uint64) *writer {
	w := &writer{random: rand.New(rand.NewPCG(seed, 1))}
	for i := range 20_000 {
		word := make([]byte, 2+w.random.IntN(3)+min(i/50, 4))
		for k := range word {
			word[k] = letters[w.random.IntN(len(letters))]
		}
		w.words = append(w.words, string(word))
	}
	w.common = rand.NewZipf(w.random, 1.07, 2.7, uint64(len(w.words)-1))
	return w
}

func (w *writer) text(words int) string {
	list := make([]string, words)
	for i := range list {
		list[i] = w.words[w.common.Uint64()]
	}
	return strings.Join(list, " ")
}

// processor is the time that the processor gave to this program, in nanoseconds:
// what a busy machine does not change.
func processor() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkPlace(b *testing.B) {
	for _, kind := range []string{"distinct", "copies", "edited", "articles"} {
		b.Run(kind, func(b *testing.B) {
			w := newWriter(1)
			x := story.New(story.Options{})
			base := make([]string, 500)
			for i := range base {
				base[i] = w.text(22)
			}
			posts := make([]story.Post, 200_000)
			for i := range posts {
				text := ""
				switch kind {
				case "distinct":
					text = w.text(22)
				case "copies":
					text = base[i%len(base)]
				case "edited":
					text = base[i%len(base)] + " " + w.text(3)
				case "articles":
					text = w.text(800)
					posts = posts[:min(len(posts), 20_000)]
				}
				if i < len(posts) {
					posts[i] = said(uint64(i+1), strconv.Itoa(i), "a"+strconv.Itoa(i%5000), text)
				}
				if i >= len(posts)-1 {
					break
				}
			}
			for i := range posts[:len(posts)/2] {
				x.Place(posts[i])
			}
			b.ReportAllocs()
			n := len(posts) / 2
			before := processor()
			for b.Loop() {
				p := posts[n%len(posts)]
				p.Key = fmt.Sprintf("%026d", n)
				p.Sequence = uint64(n + 1)
				x.Place(p)
				n++
			}
			b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// Memory a remembered mention and a story take.
func BenchmarkMemory(b *testing.B) {
	for _, kind := range []string{"mention", "story"} {
		b.Run(kind, func(b *testing.B) {
			w := newWriter(2)
			for b.Loop() {
				const n = 100_000
				before := heap()
				x := story.New(story.Options{})
				text := ""
				for i := range n {
					if kind == "mention" || i%5 == 0 {
						text = w.text(22)
					}
					x.Place(said(uint64(i+1), strconv.Itoa(i), "a"+strconv.Itoa(i%5000), text))
				}
				x.Changed()
				used := float64(heap() - before)
				b.ReportMetric(used/n, "B/mention")
				if kind == "story" {
					b.ReportMetric(used/(n/5), "B/story-of-5")
				}
				runtime.KeepAlive(x)
			}
		})
	}
}

// However many mentions come, no more are remembered than the index was told to.
func TestFlood(t *testing.T) {
	const remembered = 500
	n := 4_000
	if s := os.Getenv("EARSHOT_FLOOD"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	} else {
		t.Log("4,000 mentions; EARSHOT_FLOOD=5000000 for the whole flood")
	}
	w := newWriter(3)
	x := story.New(story.Options{Prints: remembered, Stories: 100})
	place := func(from, to int) {
		for i := from; i < to; i++ {
			text := w.text(20)
			p := said(uint64(i+1), strconv.Itoa(i), "a"+strconv.Itoa(i), text)
			x.Place(p)
			if i%4 == 0 { // and stories without end
				x.Place(said(uint64(i+1), strconv.Itoa(i)+"b", "b"+strconv.Itoa(i), text))
			}
			x.Changed()
		}
	}
	place(0, n/2)
	half := heap()
	place(n/2, n)
	if end := heap(); end > half+half/4+1<<20 {
		t.Errorf("%d bytes after half of the flood, %d after all of it", half, end)
	}
	runtime.KeepAlive(x)
}
