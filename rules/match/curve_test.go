//go:build linux

package match_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"earshot/rules/match"
)

var curve = flag.String("curve", "", "write the plot of BenchmarkCurve to `FILE`")

// point is what a post of 280 characters costs beside so many queries.
type point struct {
	queries int
	cost    time.Duration
}

// BenchmarkCurve measures how the cost of a post grows with the number of queries,
// and draws it. It takes the best of several passes over the same posts.
func BenchmarkCurve(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var points []point
	for _, n := range []int{10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000} {
		w := newWorld()
		x, mentions := match.New(w.queries(b, n), n), w.mentions(2000, 280)
		var p match.Post
		best := time.Hour
		for range 15 {
			start := cpu(b)
			for i := range mentions {
				x.Search(&p, &mentions[i])
			}
			best = min(best, (cpu(b)-start)/time.Duration(len(mentions)))
		}
		points = append(points, point{n, best})
		b.ReportMetric(float64(best.Nanoseconds())/1000, fmt.Sprintf("µs@%d", n))
	}
	if *curve == "" {
		return
	}
	if err := os.WriteFile(*curve, draw(points), 0o644); err != nil {
		b.Fatal(err)
	}
}

// draw is an SVG with logarithmic axes; the dashed line is linear growth.
func draw(points []point) []byte {
	const left, top, width, height = 70, 30, 520, 300
	x := func(queries float64) float64 { return left + width*(math.Log10(queries)-1)/4 }
	y := func(micros float64) float64 { return top + height - height*math.Log10(micros)/3 }
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", left+width+30, top+height+50)
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	for queries := 10; queries <= 100_000; queries *= 10 {
		fmt.Fprintf(&b, `<path d="M%.0f %d v%d" stroke="#ddd"/><text x="%.0f" y="%d" text-anchor="middle">%d</text>`+"\n",
			x(float64(queries)), top, height, x(float64(queries)), top+height+18, queries)
	}
	for micros := 1; micros <= 1000; micros *= 10 {
		fmt.Fprintf(&b, `<path d="M%d %.0f h%d" stroke="#ddd"/><text x="%d" y="%.0f" text-anchor="end">%d µs</text>`+"\n",
			left, y(float64(micros)), width, left-6, y(float64(micros))+4, micros)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">queries</text><text x="%d" y="18">cost of matching a post of 280 characters, CPU time</text>`+"\n",
		left+width/2, top+height+40, left)
	var line strings.Builder
	for i, p := range points {
		micros := float64(p.cost.Nanoseconds()) / 1000
		sign := 'L'
		if i == 0 {
			sign = 'M'
		}
		fmt.Fprintf(&line, "%c%.1f %.1f ", sign, x(float64(p.queries)), y(micros))
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="#06c"/><text x="%.1f" y="%.1f" text-anchor="middle">%.1f</text>`+"\n",
			x(float64(p.queries)), y(micros), x(float64(p.queries)), y(micros)-8, micros)
	}
	fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="#06c" stroke-width="2"/>`+"\n", strings.TrimSpace(line.String()))
	first := float64(points[0].cost.Nanoseconds()) / 1000
	fmt.Fprintf(&b, `<path d="M%.1f %.1f L%.1f %.1f" stroke="#999" stroke-dasharray="4"/><text x="%.1f" y="%.1f" fill="#666">linear</text>`+"\n",
		x(10), y(first), x(10*1000/first), float64(top), x(10*1000/first)+6, float64(top)+14)
	b.WriteString("</svg>\n")
	return b.Bytes()
}
