package rss

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

func openWith(c Config) ([]listeners.Part, error) {
	return Driver().Open(listeners.Setup{
		Name: "news", Client: http.DefaultClient, Log: zap.NewNop(),
		Decode: func(into any) error {
			config, ok := into.(*Config)
			if !ok {
				return errors.New("not a Config")
			}
			if c.Every == 0 {
				c.Every = config.Every // the default stays
			}
			*config = c
			return nil
		},
	})
}

// Every address is a part named like it.
func TestParts(t *testing.T) {
	t.Parallel()
	parts, err := openWith(Config{URLs: []string{"https://a.example/feed", "http://b.example/?q=1#top"}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
	}
	if !slices.Equal(names, []string{"https://a.example/feed", "http://b.example/?q=1#top"}) {
		t.Errorf("the parts are %q", names)
	}
}

// What is wrong is said with the key it is at, all at once, without addresses.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	const good = "https://a.example/feed"
	for name, c := range map[string]struct {
		config Config
		paths  []string
		fatal  bool
	}{
		"no address": {Config{}, []string{"urls"}, true},
		"bad ones":   {Config{URLs: []string{"feed.xml", "ftp://a.example/x", "https:///x", "http://[", "https://u:hunter2@a.example/"}}, []string{"urls[0]", "urls[1]", "urls[2]", "urls[3]", "urls[4]"}, true},
		"twice":      {Config{URLs: []string{good, good}}, []string{"urls[1]"}, true},
		"negative":   {Config{URLs: []string{good}, Every: -time.Second}, []string{"every"}, true},
		"at_most":    {Config{URLs: []string{good}, Every: time.Hour, AtMost: time.Minute}, []string{"at_most"}, true},
		"very often": {Config{URLs: []string{good}, Every: 10 * time.Millisecond}, []string{"every"}, false},
	} {
		parts, err := openWith(c.config)
		var problems earshot.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var paths []string
		for _, p := range problems {
			paths = append(paths, p.Path)
		}
		if !slices.Equal(paths, c.paths) || problems.Fatal() != c.fatal || c.fatal == (len(parts) > 0) {
			t.Errorf("%s: %d parts and %v", name, len(parts), problems)
		}
		if strings.Contains(problems.Error(), "hunter2") {
			t.Errorf("%s: it tells the secret: %v", name, problems)
		}
	}
}

// The upper bound follows the lower one when it is left out.
func TestBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ every, atMost, most time.Duration }{
		{5 * time.Minute, 0, time.Hour},
		{10 * time.Millisecond, 0, 120 * time.Millisecond},
		{time.Hour, 0, 6 * time.Hour},
		{12 * time.Hour, 0, 12 * time.Hour},
		{time.Minute, 2 * time.Minute, 2 * time.Minute},
	} {
		if got := (Config{Every: c.every, AtMost: c.atMost}).bounds(); got != (bounds{c.every, c.most}) {
			t.Errorf("every %v, at_most %v: %v", c.every, c.atMost, got)
		}
	}
}
