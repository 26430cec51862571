package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// backtestReport is what a book would change.
type backtestReport struct {
	Since    time.Time    `json:"since"`
	Mentions int          `json:"mentions"` // judged, each once
	Brands   []*brandDiff `json:"brands"`
	Told     *toldDiff    `json:"told,omitempty"` // missing when interrupted
	Posts    []postDiff   `json:"posts"`          // those that change most
}

func (c *comparison) report() *backtestReport {
	r := &backtestReport{Since: c.since.UTC(), Mentions: c.mentions, Brands: []*brandDiff{}, Told: c.daemon, Posts: c.shown}
	for _, name := range slices.Sorted(maps.Keys(c.brands)) {
		d := c.brands[name]
		slices.SortFunc(d.Alerts, func(a, b alertsDiff) int {
			return strings.Compare(a.Team+" "+string(a.Kind), b.Team+" "+string(b.Kind))
		})
		r.Brands = append(r.Brands, d)
	}
	if r.Posts == nil {
		r.Posts = []postDiff{}
	}
	return r
}

// print writes tables for people.
func (r *backtestReport) print(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s stored since %s\n\n", plural(r.Mentions, "mention"), r.Since.Local().Format("2006-01-02 15:04"))
	if len(r.Brands) > 0 {
		r.printBrands(&b)
		r.printAlerts(&b)
	}
	if r.Told != nil {
		r.Told.write(&b)
	}
	changed := 0
	for _, d := range r.Brands {
		changed += d.Changed
	}
	switch {
	case changed == 0:
		b.WriteString("No post changes its urgency or whom it goes to.\n")
	case len(r.Posts) > 0:
		fmt.Fprintf(&b, "The %d of %s that change most:\n", len(r.Posts), plural(changed, "post"))
		for i := range r.Posts {
			r.Posts[i].write(&b)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (r *backtestReport) printBrands(b *bytes.Buffer) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "BRAND\tMENTIONS\tGAINED\tLOST\tMORE URGENT\tLESS URGENT\tROUTES +\tROUTES -\tCHANGED\t")
	for _, d := range r.Brands {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", d.Brand, d.Mentions, d.Gained, d.Lost, d.MoreUrgent, d.LessUrgent, d.RoutesAdded, d.RoutesRemoved, d.Changed)
	}
	_ = t.Flush() // into memory
	b.WriteByte('\n')
}

func (r *backtestReport) printAlerts(b *bytes.Buffer) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "ALERTS OF\tTEAM\tKIND\tOLD\tNEW\tCHANGE\t")
	for _, d := range r.Brands {
		for _, a := range d.Alerts {
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%+d\t\n", d.Brand, a.Team, a.Kind, a.Old, a.New, a.New-a.Old)
		}
	}
	_ = t.Flush() // into memory
	b.WriteByte('\n')
}

// becauseMost is how many contributions a person is shown of a change.
const becauseMost = 3

func (p *postDiff) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n%s  %s  %s\n", p.Heard.Local().Format("2006-01-02 15:04"), p.Brand, printable(p.Mention))
	fmt.Fprintf(b, "  “%s”\n", printable(p.Text))
	fmt.Fprintf(b, "  urgency %s → %s", urgencyText(p.Old), urgencyText(p.New))
	for i, c := range p.Because {
		if i == becauseMost {
			b.WriteString(", …")
			break
		}
		fmt.Fprintf(b, "%s %s %s", map[bool]string{true: ":", false: ","}[i == 0], signed(c.Weight), printable(c.Rule))
	}
	b.WriteByte('\n')
	for _, route := range p.RoutesAdded {
		fmt.Fprintf(b, "  + goes to %s\n", route)
	}
	for _, route := range p.RoutesRemoved {
		fmt.Fprintf(b, "  - no more to %s\n", route)
	}
}

func urgencyText(v *verdictShort) string {
	if v == nil {
		return "not concerned"
	}
	return fmt.Sprintf("%s (%s)", v.Urgency, v.Band)
}
