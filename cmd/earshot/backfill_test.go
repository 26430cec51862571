package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"earshot/listeners/youtube/youtubetest"
)

// A backfill beside the running daemon stores what was posted before it began to
// listen, once however often it is called.
func TestBackfill(t *testing.T) {
	t.Parallel()
	network := youtubetest.New()
	t.Cleanup(network.Close)
	dir := t.TempDir()
	section, err := network.Config(dir)
	if err != nil {
		t.Fatal(err)
	}
	const posts = 30
	texts := make([]string, posts)
	for i := range texts {
		texts[i] = numbered(i)
	}
	network.Publish(texts...)
	state, busAddress, httpAddress := filepath.Join(dir, "state"), freeAddress(t), freeAddress(t)
	write := func(name, brand string) string {
		path := filepath.Join(dir, name)
		text := fmt.Sprintf(driverCrashConfig, state, busAddress, httpAddress, freeAddress(t), indented(section))
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "query: acme,", "query: "+brand+",")), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// What was heard while the brand had another name concerned nobody.
	d := startProcess(t, write("before.yaml", "zeta"), httpAddress)
	d.ready(t)
	config := write("now.yaml", "acme")
	js := connectAsDaemon(t, "nats://"+busAddress, state)
	if n, err := count(t.Context(), js, "EARSHOT_MENTIONS", "earshot.mentions.acme.>"); err != nil || n != 0 {
		t.Fatalf("%d are stored before the backfill: %v", n, err)
	}
	for range 2 {
		var out, said strings.Builder
		if code := exitCode([]string{"backfill", "heard", "--since", "7d", "-c", config}, nil, &out, &said); code != exitOK {
			t.Fatalf("backfill ended with %d: %s", code, said.String())
		}
		if !strings.Contains(said.String(), "heard everything since") {
			t.Errorf("backfill said %q", said.String())
		}
		if err := stored(t, js, posts); err != nil {
			t.Error(err)
		}
	}
	if n, err := count(t.Context(), js, "EARSHOT_MENTIONS", "earshot.mentions.acme.>"); err != nil || n != posts {
		t.Errorf("%d are stored: %v", n, err)
	}
	var said strings.Builder
	if code := exitCode([]string{"backfill", "herd", "-c", config}, nil, &said, &said); code != exitUsage || !strings.Contains(said.String(), `did you mean "heard"`) {
		t.Errorf("a listener that is not there: %d %s", code, said.String())
	}
	d.stop(t)
}
