package adapt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"earshot"
)

// Correction is what somebody says a score should have been.
type Correction struct {
	Mention earshot.Mention // only its ID if it is to be looked up
	Whole   bool            // Mention is more than its ID
	Brand   string
	Field   Field
	Value   float64
	By      string
	At      time.Time
}

// line is the form of a correction.
type line struct {
	Mention json.RawMessage `json:"mention"`
	Brand   string          `json:"brand"`
	Field   Field           `json:"field"`
	Value   json.RawMessage `json:"value"`
	By      string          `json:"by"`
	At      string          `json:"at"`
}

// names are values that can be written as words.
var names = map[Field]map[string]float64{
	Relevance: {"true": 1, "false": 0},
	Sentiment: {`"neg"`: -0.6, `"neu"`: 0, `"pos"`: 0.6},
	Complaint: {"true": 1, "false": 0},
	Request:   {"true": 1, "false": 0},
}

// Parse reads a correction from one line of NDJSON. The mention is an object, or
// the ID of one that is stored. It may be called concurrently.
func Parse(data []byte) (Correction, error) {
	if !utf8.Valid(data) {
		return Correction{}, errors.New("the line is not UTF-8")
	}
	var l line
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Correction{}, fmt.Errorf("reading a correction: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Correction{}, errors.New("there is something behind the correction")
	}
	c := Correction{Brand: l.Brand, Field: l.Field, By: l.By}
	switch {
	case l.Brand == "":
		return c, errors.New(`the brand is missing (add "brand": "acme")`)
	case !slices.Contains(Fields(), l.Field):
		return c, fmt.Errorf("there is no field %.40q (fields are %v)", string(l.Field), Fields())
	case strings.TrimSpace(l.By) == "" || len(l.By) > 200:
		return c, errors.New(`it is not said who corrected (add "by": "ann")`)
	case l.At == "":
		return c, errors.New(`it is not said when (add "at": "2026-01-31T12:00:00Z")`)
	}
	var err error
	if c.At, err = time.Parse(time.RFC3339, l.At); err != nil || c.At.IsZero() {
		return c, fmt.Errorf(`%.40q is no moment (at is such as "2026-01-31T12:00:00Z")`, l.At)
	}
	if c.Value, err = value(l.Field, l.Value); err != nil {
		return c, err
	}
	c.Mention, c.Whole, err = mention(l.Mention)
	return c, err
}

func value(field Field, raw json.RawMessage) (float64, error) {
	if v, ok := names[field][string(bytes.TrimSpace(raw))]; ok {
		return v, nil
	}
	least, hint := 0.0, "a number from 0 to 1, true or false"
	if field == Sentiment {
		least, hint = -1, `a number from -1 to 1, "neg", "neu" or "pos"`
	}
	var v *float64
	if err := json.Unmarshal(raw, &v); err != nil || v == nil || *v < least || *v > 1 || math.IsNaN(*v) {
		return 0, fmt.Errorf("the value of %s is %s", field, hint)
	}
	return *v, nil
}

func mention(raw json.RawMessage) (m earshot.Mention, whole bool, err error) {
	var id string
	if json.Unmarshal(raw, &id) == nil && strings.TrimSpace(id) != "" {
		return earshot.Mention{ID: id}, false, nil
	}
	if len(raw) == 0 || raw[0] != '{' {
		return m, false, errors.New("the mention is missing: its ID, or the whole of it")
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, false, fmt.Errorf("reading the mention: %w", err)
	}
	if m.Text == "" && m.Title == "" {
		return m, false, errors.New("the mention has neither text nor title")
	}
	if m.ID == "" { // the same words are the same mention
		m.ID = "text:" + earshot.Key(m.Title+"\n"+m.Text)
	}
	return m, true, nil
}
