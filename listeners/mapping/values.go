package mapping

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// value is what an expression gave, as its kind.
type value struct {
	text   string
	number float64
	time   time.Time
	flag   bool
	list   []any
}

// count is the number as a whole one that is not negative.
func (v value) count() int64 {
	if !(v.number > 0) {
		return 0
	}
	return int64(min(v.number, math.MaxInt32*1e6))
}

func convert(d *Document, got any, kind Kind) (v value, err error) {
	switch kind {
	case Text:
		v.text, err = asText(got)
	case Number:
		var n any
		if n, err = asNumber(got); err == nil {
			v.number = toFloat(n)
		}
	case Time:
		v.time, err = asTime(d, got)
	case Flag:
		v.flag, err = asFlag(got)
	case List:
		v.list, err = asList(got)
	}
	return v, err
}

// describe names a value without saying what is in it.
func describe(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "a text"
	case int, float64:
		return "a number"
	case bool:
		return "true or false"
	case time.Time:
		return "a time"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "something odd"
}

func asText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	return "", fmt.Errorf("%s is no text", describe(v))
}

// asNumber is an int or a float64. Missing is 0.
func asNumber(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case int, float64:
		return v, nil
	case string:
		s := strings.TrimSpace(v)
		if i, err := strconv.Atoi(s); err == nil {
			return i, nil
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil && f-f == 0 {
			return f, nil
		}
		return nil, errors.New("the text is no number")
	}
	return nil, fmt.Errorf("%s is no number", describe(v))
}

func isNumeric(v any) bool {
	switch v.(type) {
	case int, float64:
		return true
	}
	return false
}

func toFloat(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

func asFlag(v any) (bool, error) {
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	}
	return false, fmt.Errorf("%s is neither true nor false", describe(v))
}

func asList(v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		return v, nil
	case bool, time.Time:
		return nil, fmt.Errorf("%s is no list", describe(v))
	}
	return []any{v}, nil
}

// texts are the texts and numbers of a list.
func texts(list []any) []string {
	var all []string
	for _, one := range list {
		if s, err := asText(one); err == nil && s != "" {
			all = append(all, s)
		}
	}
	return all
}

func asTime(d *Document, v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v, nil
	case string:
		return parseDate(d, v), nil
	}
	return time.Time{}, fmt.Errorf("%s is no time (unix(…) reads seconds since 1970)", describe(v))
}

// layouts of dates, the usual ones first. Without a zone they are UTC.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02 15:04:05.999999999 MST", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04Z07:00",
	time.RFC1123Z, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 -0700", time.RubyDate, time.DateOnly,
}

// parseDate reads a date in one of the usual forms. What is none is the zero time,
// and noted.
func parseDate(d *Document, s string) time.Time {
	const longest = 64
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s[:min(len(s), longest)]); err == nil {
			return t.UTC()
		}
	}
	d.badDate = true
	return time.Time{}
}

// date reads a date, in the layout of Go's time package if one is given.
func date(d *Document, args []any) (any, error) {
	if t, ok := args[0].(time.Time); ok {
		return t, nil
	}
	s, err := take(d, args[0])
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return parseDate(d, s), nil
	}
	layout, err := take(d, args[1])
	if err != nil {
		return nil, err
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		d.badDate = s != ""
		return time.Time{}, nil
	}
	return t.UTC(), nil
}

// since1970 reads seconds or milliseconds since 1970.
func since1970(d *Document, v any, unit time.Duration) (any, error) {
	n, err := asNumber(v)
	if err != nil {
		d.badDate = true
		return time.Time{}, nil
	}
	const latest = 1 << 38 // seconds: the year 10680
	seconds := toFloat(n) * unit.Seconds()
	switch {
	case seconds == 0:
		return time.Time{}, nil
	case !(math.Abs(seconds) < latest):
		d.badDate = true
		return time.Time{}, nil
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e3))*int64(time.Millisecond)).UTC(), nil
}
