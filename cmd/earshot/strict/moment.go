package strict

import (
	"fmt"
	"reflect"
	"time"
)

// moments are the ways to write one: with its zone, or a day alone, which begins at
// midnight UTC.
var moments = []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly}

func (d *Document) decodeMoment(n *Node, v reflect.Value) {
	text, ok := d.value(n)
	if !ok {
		return
	}
	for _, layout := range moments {
		if at, err := time.Parse(layout, text); err == nil {
			v.Set(reflect.ValueOf(at.UTC()))
			return
		}
	}
	d.Report(n, fmt.Sprintf("%q is no moment", text), "write the day and the time with its zone, such as 2027-03-01T08:00:00Z or 2027-03-01T09:00:00+01:00, or the day alone")
}
