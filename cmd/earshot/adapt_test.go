package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"earshot"
	"earshot/rules/adapt"
)

const adaptConfig = `
state: %[1]s
bus: {listen: %[2]s}
http: {listen: %[3]s}
brands:
  - name: bolt
    query: bolt
    context: {for: [driver*]}
    adapt: %[4]s/bolt.adapt.json
rules: []
teams:
  - {name: cs}
listeners:
  - {name: posts, type: file, path: %[4]s/posts.ndjson}
`

// A daemon takes over what was learnt, and what was taken back, when it reloads;
// what is below the threshold is not stored.
func TestReloadOfWhatWasLearnt(t *testing.T) {
	t.Parallel()
	state, dir := filepath.Join(t.TempDir(), "state"), t.TempDir()
	busAddress, httpAddress := freeAddress(t), freeAddress(t)
	posts := emptyFile(t, dir, "posts.ndjson")
	text := fmt.Sprintf(adaptConfig, state, busAddress, httpAddress, dir)
	config := writeConfig(t, text)
	d := startProcess(t, config, httpAddress)
	d.ready(t)
	js := connectAsDaemon(t, "nats://"+busAddress, state)
	const stored = "earshot.mentions.*.forum.*"
	appendLine(t, posts, `{"id":"forum:1","network":"forum","text":"bolt washer"}`)
	atLeast(t, js, "EARSHOT_MENTIONS", stored, 1)

	layer := &adapt.Layer{Format: 1, Brand: "bolt", Fields: map[adapt.Field]*adapt.Learnt{
		adapt.Relevance: {Words: map[string]earshot.Score{"washer": -earshot.Unit / 5}},
	}}
	path := filepath.Join(dir, "bolt.adapt.json")
	if err := writeLayer(path, layer, "20261122T030000.000000Z"); err != nil {
		t.Fatal(err)
	}
	d.reload(t, config, text, "configuration reloaded")
	appendLine(t, posts, `{"id":"forum:2","network":"forum","text":"bolt washer"}`)
	appendLine(t, posts, `{"id":"forum:3","network":"forum","text":"bolt trip"}`)
	atLeast(t, js, "EARSHOT_MENTIONS", stored, 2)
	if got, err := count(t.Context(), js, "EARSHOT_MENTIONS", stored); err != nil || got != 2 {
		t.Errorf("%d mentions (%v): what is below the threshold is stored", got, err)
	}

	if before, err := undoLayer(path); err != nil || before != "" {
		t.Fatal(before, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatal(err)
	}
	d.reload(t, config, text, "configuration reloaded")
	eventually(t, "the daemon reloads again", func() error {
		if n := strings.Count(d.log.String(), "configuration reloaded"); n < 2 {
			return fmt.Errorf("it did %d times", n)
		}
		return nil
	})
	appendLine(t, posts, `{"id":"forum:4","network":"forum","text":"bolt washer"}`)
	atLeast(t, js, "EARSHOT_MENTIONS", stored, 3)

	out, err := adaptByID(t, config, "forum:1", "forum:2", "forum:3")
	if err == nil || !strings.Contains(err.Error(), "2 corrected mentions are too few") || !strings.Contains(out, "1 mention not stored any more") {
		t.Errorf("%s%v", out, err)
	}
}

// adaptByID corrects mentions that only the daemon has.
func adaptByID(t *testing.T, config string, ids ...string) (string, error) {
	t.Helper()
	var in, out bytes.Buffer
	for _, id := range ids {
		fmt.Fprintf(&in, `{"mention":%q,"brand":"bolt","field":"relevance","value":true,"by":"ann","at":"2026-11-22T03:00:00Z"}`+"\n", id)
	}
	cmd := newRootCommand()
	cmd.SetArgs([]string{"adapt", "-c", config})
	cmd.SetIn(&in)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}
