package bluesky_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/listeners/bluesky"
)

// A listener without a word of configuration hears the instances of Bluesky.
func TestDefaults(t *testing.T) {
	t.Parallel()
	parts, err := openParts(t, bluesky.Config{})
	if err != nil || len(parts) != 1 || parts[0].Name != "posts" {
		t.Errorf("%v, %v", parts, err)
	}
}

// What is wrong is said with the key it is at, all at once, without addresses.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	const good = "wss://jetstream.example"
	for paths, config := range map[string]bluesky.Config{
		"servers":    {Servers: []string{}},
		"servers[1]": {Servers: []string{good, good}},
		"servers[0] servers[1] servers[2] servers[3] servers[4]": {Servers: []string{
			"https://jetstream.example", "wss://", "wss://u:hunter2@x.example", "wss://x.example?key=hunter2", "wss://[",
		}},
		"api":   {Servers: []string{good}, Profiles: true, API: "public.api.example"},
		"since": {Servers: []string{good}, Since: -time.Second},
	} {
		_, err := openParts(t, config)
		var problems earshot.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", paths, err)
			continue
		}
		var got []string
		for _, p := range problems {
			got = append(got, p.Path)
		}
		if strings.Join(got, " ") != paths || strings.Contains(problems.Error(), "hunter2") {
			t.Errorf("want %s, got %v", paths, problems)
		}
	}
}
