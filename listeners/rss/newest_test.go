package rss

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Of a feed that is too long the newest items are heard, at whichever end of the
// document they are.
func TestNewestOfTooMany(t *testing.T) {
	t.Parallel()
	const all = 4*maxItems + 5
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ name, item, between, around string }{
		{"xml", "<item><guid>urn:x:%d</guid><title>t</title><pubDate>%s</pubDate></item>", "", channel("%s")},
		{"json", `{"id":"urn:x:%d","title":"t","date_published":%q}`, ",", `{"version":"https://jsonfeed.org/version/1.1","items":[%s]}`},
	} {
		for _, rising := range []bool{true, false} {
			items := make([]string, all)
			for i := range items {
				items[i] = fmt.Sprintf(c.item, i, began.Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
			}
			if !rising {
				slices.Reverse(items)
			}
			doc, err := read([]byte(strings.Replace(c.around, "%s", strings.Join(items, c.between), 1)), "")
			if err != nil {
				t.Fatal(c.name, err)
			}
			last := doc.Items[len(doc.Items)-1].GUID
			if len(doc.Items) != maxItems || doc.excess != all-maxItems || last != fmt.Sprintf("urn:x:%d", all-1) {
				t.Errorf("%s, rising %v: %d items, %d left out, the last is %s", c.name, rising, len(doc.Items), doc.excess, last)
			}
		}
	}
}

// What is made of many small things costs itself and no other.
func TestTooManyElements(t *testing.T) {
	t.Parallel()
	const n = 2 * maxItemWeight
	for name, doc := range map[string]string{
		"in an item": channel(item("good", "good"), "<item><title>t</title>"+strings.Repeat("<x/>", n)+"</item>"),
		"in a JSON item": `{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"urn:x:good","title":"good"},{"id":"b","tags":[""` +
			strings.Repeat(`,""`, maxWeight) + "]}]}",
		"in a JSON feed": `{"version":"https://jsonfeed.org/version/1.1","_x":[0` + strings.Repeat(`,0`, maxWeight) +
			`],"items":[{"id":"urn:x:good","title":"good"}]}`,
	} {
		d, err := read([]byte(doc), "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wantBroken := 1
		if name == "in a JSON feed" {
			wantBroken = 0
		}
		if len(d.Items) != 1 || d.Items[0].GUID != "urn:x:good" || len(d.broken) != wantBroken {
			t.Errorf("%s: %d items, %d broken", name, len(d.Items), len(d.broken))
		}
	}
	if _, err := read([]byte(channel(strings.Repeat("<x/>", n), item("good", "good"))), ""); err == nil {
		t.Error("a feed of many elements outside its items was read")
	}
}

// The same nonsense over and over is one dead letter.
func TestDeadLettersAreSaidOnce(t *testing.T) {
	t.Parallel()
	s := newSession(t, map[string]page{feedURL: {body: channel(strings.Repeat("<item/>", 1000))}})
	s.hears()
	if len(s.last.Dead) != 1 {
		t.Errorf("%d dead letters", len(s.last.Dead))
	}
}

// An item of the wrong shape is a dead letter that says so in words for people.
func TestWrongShapesAreSaid(t *testing.T) {
	t.Parallel()
	d, err := read([]byte(`{"version":"https://jsonfeed.org/version/1.1","items":[0,{"id":"a","title":[]},{"id":"urn:x:good","title":"good"}]}`), "")
	if err != nil || len(d.Items) != 1 || len(d.broken) != 2 {
		t.Fatalf("%+v %v", d, err)
	}
	for i, want := range []string{"malformed JSON: the item itself is of the type number", "malformed JSON: title is of the type array"} {
		if got := d.broken[i].reason; got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}
