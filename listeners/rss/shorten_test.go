package rss

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What is not too long in one piece stays as it is.
func TestShortenLeavesFeedsAlone(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if short := shorten(bytes.Clone(whole), len(whole)-1); !bytes.Equal(short, whole) {
			t.Errorf("%s became\n%s", file, short)
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for long, short := range map[string]string{
		"<a>123456789</a><b>1</b>":            "<a>123</a><b>1</b>", // a tag counts with its text
		"<a><![CDATA[<b>123456789</b>]]></a>": "<a><![CDATA[<b>12]]></a>",
		"<a><!-- 123456 --><?x 12345?></a>":   "<a><!-- 1234--><?x 123?></a>",
		"<a>1&amp;45</a>":                     "<a>1</a>",
		"<a>12\u00e4</a>":                     "<a>12</a>",
		"<a><!-- 123456789</a>":               "<a><!--",
		"1234567<":                            "12345<",
	} {
		if got := string(shorten([]byte(long), 5)); got != short {
			t.Errorf("%q became %q, want %q", long, got, short)
		}
	}
}

// Whatever it is made of, it is read once: read again from each piece, this would
// take hours.
func TestShortenIsLinear(t *testing.T) {
	t.Parallel()
	const size = 2 * maxRun
	for _, piece := range []string{"<", "<!--", "<![CDATA[", "<?", "&", "<!-->", "<a>"} {
		shorten(bytes.Repeat([]byte(piece), size/len(piece)), maxRun)
	}
}
