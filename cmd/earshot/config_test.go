package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/cmd/earshot/strict"
)

// environ is an environment without surprises.
func environ(variables map[string]string) environment {
	return func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
}

// Each file of testdata/config holds mistakes; beside it stands all that is said
// of them, which never is a secret.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := said(parseConfig(filepath.Base(path), data, environ(nil)))
			dir := configDir("x")
			got = strings.ReplaceAll(got, dir, "DIR")
			golden := strings.TrimSuffix(path, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(got, "hunter2") {
				t.Error("a secret was said")
			}
		})
	}
}

func said(c *Config, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, w := range c.Warnings {
		b.WriteString(w.Error() + "\n")
	}
	return b.String() + "ok: " + c.summary() + "\n"
}

// The example of the documents holds and means what it says.
func TestExample(t *testing.T) {
	c, err := Load("../../docs/examples/earshot.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 0 {
		t.Errorf("warnings: %v", c.Warnings)
	}
	if c.Retention != 30*24*time.Hour || c.AlertMaxAge != 24*time.Hour || c.Bands != earshot.DefaultBands() {
		t.Errorf("%+v", c)
	}
	if got := c.Rules.Brands[0].Topics; len(got) != 2 || got[0].Name != "safety" || !got[0].Danger || got[1].Query == "" {
		t.Errorf("topics: %+v", got)
	}
	if got := c.Teams[0].RespondWithin[earshot.Critical]; got != 15*time.Minute {
		t.Errorf("critical is answered within %s", got)
	}
	if len(c.Listeners) != 2 || c.Listeners[0].Type != "rss" || c.Book == nil {
		t.Errorf("%+v", c)
	}
}

// judge reads what a book is made of and passes over every other section there is.
func TestBookless(t *testing.T) {
	known := append([]string{"brands", "rules", "urgency", "models"}, bookless...)
	for f := range reflect.TypeFor[fileConfig]().Fields() {
		if !slices.Contains(known, f.Tag.Get("yaml")) {
			t.Errorf("judge does not know the section %s", f.Tag.Get("yaml"))
		}
	}
}

// A listener is restarted when its own section changes, and only then.
func TestFingerprints(t *testing.T) {
	load := func(text string, variables map[string]string) []ListenerConfig {
		c, err := parseConfig("x.yaml", []byte(text), environ(variables))
		if err != nil {
			t.Fatal(err)
		}
		return c.Listeners
	}
	const a, b = "{name: a, type: rss, urls: ['https://a.example/${X}']}", "{name: b, type: rss, urls: [https://b.example/]}"
	x := map[string]string{"X": "1"}
	before := load("listeners:\n- "+a+"\n- "+b, x)
	after := load("retention: 9d\nlisteners: ["+b+", "+a+"]", x)
	if before[0].Fingerprint != after[1].Fingerprint || before[1].Fingerprint != after[0].Fingerprint {
		t.Error("the order and other sections count")
	}
	changed := load("listeners: ["+a+"]", map[string]string{"X": "2"})
	if changed[0].Fingerprint == before[0].Fingerprint {
		t.Error("a changed variable does not count")
	}
}

// Secrets are found beside the file, then among systemd's credentials.
func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nats.pw"), []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "bus: {url: nats://nats.example, user: u, password_file: nats.pw}"
	c, err := parseConfig("/etc/earshot/earshot.yaml", []byte(text), environ(map[string]string{"CREDENTIALS_DIRECTORY": dir}))
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "nats.pw"); c.Bus.PasswordFile != want {
		t.Errorf("%q, want %q", c.Bus.PasswordFile, want)
	}
}

// A value from the environment is never said, whoever complains about it.
func TestVariablesStaySecret(t *testing.T) {
	text := "bus: {max_bytes: '${SIZE}', users: [{name: '${NAME} x', role: boss}]}\nbrands: [{name: 'Ab${NAME}', query: x}]\n" +
		"listeners: [{name: a, type: '${NAME}'}, {name: '${NAME}!', type: rss, urls: ['${NAME}']}]\nretention: ${NAME}"
	_, err := parseConfig("x.yaml", []byte(text), environ(map[string]string{"SIZE": "hunter2", "NAME": "S3CR3T"}))
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(strings.ToUpper(err.Error()), "S3CR3T") {
		t.Errorf("said: %v", err)
	}
}

// Whatever the bytes, loading them ends, and each finding has its place.
func FuzzConfig(f *testing.F) {
	files, err := filepath.Glob("testdata/config/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range append(files, "../../docs/examples/earshot.yaml") {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig("f.yaml", data, environ(nil))
		var findings []strict.Finding
		if err != nil {
			findings = err.(*ConfigError).Findings //nolint:errorlint,forcetypeassert // it is always one
		} else {
			findings = c.Warnings
		}
		for _, finding := range findings {
			if finding.Line < 1 || finding.Col < 1 || finding.What == "" {
				t.Errorf("no place: %+v", finding)
			}
		}
	})
}

// Nobody can listen at an address that is none, and the network need not be asked.
func TestWrongAddresses(t *testing.T) {
	for address, good := range map[string]bool{
		"127.0.0.1:0": true, ":80": true, "[::1]:80": true, "localhost:65535": true, "box.example:1": true,
		"": false, "localhost": false, "1.2.3.4:65536": false, "1.2.3.4:-1": false, "1.2.3.4:http": false, "1.2.3.400:1": false, "::1:80": false,
	} {
		if what := wrongAddress(address); (what == "") != good {
			t.Errorf("%q: %q", address, what)
		}
	}
}

// What a part finds wrong with the configuration when it is started is a matter
// of configuration too; all else is not.
func TestRefused(t *testing.T) {
	err := refused("e.yaml", fmt.Errorf("opening the bus: %w", earshot.Problems{{Path: "bus.url", What: "no host", Hint: "write one"}, {What: "odd", Warning: true}}))
	if invalid, ok := errors.AsType[*ConfigError](err); !ok || err.Error() != "e.yaml: bus.url: no host (write one)\ne.yaml: warning: odd\ne.yaml has 1 error and 1 warning" {
		t.Errorf("%v %v", invalid, err)
	}
	for _, err := range []error{nil, io.EOF, earshot.Problems{{What: "odd", Warning: true}}} {
		if got := refused("e.yaml", err); !errors.Is(got, err) && got.Error() != err.Error() {
			t.Errorf("%v became %v", err, got)
		}
	}
}
