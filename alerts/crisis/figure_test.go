package crisis_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/crisis"
)

// The figure of docs/crisis.md shows a recall as the machine sees it.
func TestFigure(t *testing.T) {
	drawing := figure()
	decoder := xml.NewDecoder(bytes.NewReader(drawing))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the figure is no XML: %v", err)
		}
	}
	for _, state := range []earshot.Alarm{earshot.Elevated, earshot.InCrisis, earshot.Recovering} {
		if !bytes.Contains(drawing, []byte(">"+state+"<")) {
			t.Errorf("the figure does not show %s", state)
		}
	}
	if os.Getenv("EARSHOT_FIGURES") == "" {
		t.Log("docs/crisis.svg is not drawn anew: set EARSHOT_FIGURES=1")
		return
	}
	if err := os.WriteFile(filepath.Join("..", "..", "docs", "crisis.svg"), drawing, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Sizes of the figure, in pixels.
const (
	width, height, left, below = 900, 300, 50, 40
	shown                      = 3 * 24 * 12 // steps
)

func figure() []byte {
	s := script{hourly: 60, negative: 0.1, weeks: 2, happens: []event{
		{from: 8*day + 9*time.Hour, long: 8 * time.Hour, posts: 900, negative: 0.04, authors: 800},
		{from: 9*day + 9*time.Hour, long: 12 * time.Hour, posts: 2500, negative: 0.8, authors: 1800, reposts: 0.4},
	}}
	steps := s.play(2)
	all, bad := make([]crisis.Bucket, len(steps)), make([]crisis.Bucket, len(steps))
	states := make([]earshot.Alarm, len(steps))
	w := crisis.NewWatch(crisis.Config{}, "lego", "")
	w.Advance(monday)
	for i, mentions := range steps {
		at := monday.Add(time.Duration(i) * 5 * time.Minute)
		all[i].From, bad[i].From = at, at
		for _, m := range mentions {
			w.Hear(m)
			all[i].Count++
			if m.Negative {
				bad[i].Count++
			}
		}
		w.Advance(at.Add(5 * time.Minute))
		states[i] = w.State()
	}
	first := 8 * 24 * 12
	total, ill := crisis.Detect(all)[first:first+shown], crisis.Detect(bad)[first:first+shown]
	top := 1.0
	for _, r := range total {
		top = max(top, r.Seen)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	shade(&b, states[first:first+shown])
	line(&b, "#999", top, total, func(r crisis.Reading) float64 { return r.Expected })
	line(&b, "#06c", top, total, func(r crisis.Reading) float64 { return r.Seen })
	line(&b, "#c00", top, ill, func(r crisis.Reading) float64 { return r.Seen })
	for d := range 4 {
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", left+d*(width-left)/3, height-below+16, monday.Add(8*day+time.Duration(d)*day).Format("Mon"))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d">mentions in an hour: <tspan fill="#06c">heard</tspan>, <tspan fill="#c00">negative</tspan>, <tspan fill="#999">by habit</tspan>; 0 to %.0f</text>`+"\n</svg>\n", left, height-8, top)
	return b.Bytes()
}

// shade paints the states.
func shade(b io.Writer, states []earshot.Alarm) {
	colours := map[earshot.Alarm]string{
		earshot.Watch: "#ffd", earshot.Elevated: "#fd9", earshot.InCrisis: "#fbb", earshot.Recovering: "#dfd",
	}
	labels := 0
	for from := 0; from < len(states); {
		to := from
		for to < len(states) && states[to] == states[from] {
			to++
		}
		if colour, shaded := colours[states[from]]; shaded {
			x, wide := left+float64(from)/shown*(width-left), float64(to-from)/shown*(width-left)
			fmt.Fprintf(b, `<rect x="%.0f" y="0" width="%.1f" height="%d" fill="%s"/>`, x, max(1, wide), height-below, colour)
			fmt.Fprintf(b, `<text transform="translate(%.0f,%d) rotate(90)">%s</text>`+"\n", x+2, 8+70*(labels%3), states[from]) // one below the other, as some states are short
			labels++
		}
		from = to
	}
}

func line(b io.Writer, colour string, top float64, readings []crisis.Reading, value func(crisis.Reading) float64) {
	var points strings.Builder
	for i, r := range readings {
		if i%3 == 0 {
			fmt.Fprintf(&points, "%.0f,%.0f ", left+float64(i)/shown*(width-left), (height-below)*(1-value(r)/top))
		}
	}
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/>`+"\n", colour, strings.TrimSpace(points.String()))
}
