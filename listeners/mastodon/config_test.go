package mastodon_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/listeners/mastodon"
)

// Each timeline is a part with a name that stays.
func TestParts(t *testing.T) {
	t.Parallel()
	parts, err := openParts(t, mastodon.Config{
		Server: "https://social.example/", Tags: []string{"#Acme", "bären"}, Public: "local", Every: time.Minute,
	})
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
	}
	if got := strings.Join(names, "|"); err != nil || got != "tag acme|tag bären|public local" {
		t.Errorf("%s, %v", got, err)
	}
}

// What is wrong is said with the key it is at, all at once, without addresses. Asking
// very often is worth a warning.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	const server = "https://social.example"
	for paths, config := range map[string]mastodon.Config{
		"server tags every":       {},
		"server":                  {Server: "https://u:hunter2@social.example", Public: "all", Every: time.Minute},
		"tags[0] tags[1] tags[3]": {Server: server, Tags: []string{"#", "a b", "acme", "#ACME"}, Every: time.Minute},
		"public token_file":       {Server: server, Public: "everything", Notifications: true, Every: time.Minute},
		"since":                   {Server: server, Public: "all", Every: time.Minute, Since: -1},
		"every (warning)":         {Server: server, Notifications: true, Every: time.Millisecond, TokenFile: "/no/such/file"},
	} {
		_, err := openParts(t, config)
		var problems earshot.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", paths, err)
			continue
		}
		var got []string
		for _, p := range problems {
			if got = append(got, p.Path); p.Warning {
				got = append(got, "(warning)")
			}
		}
		if strings.Join(got, " ") != paths || strings.Contains(problems.Error(), "hunter2") {
			t.Errorf("want %s, got %v", paths, problems)
		}
	}
}
