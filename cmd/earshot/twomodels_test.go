package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"earshot"
)

const twinModelConfig = `
state: %[1]s
bus: {%[2]s}
http: {listen: %[3]s}
client: {allow_private: [127.0.0.1]}
brands:
  - {name: acme, query: acme}
models:
  - {name: sage, url: %[6]s, form: json, brands: [acme], when: 'mention.text contains "letter"', urgency: 40, labels: [fraud], timeout: 10m, concurrent: 1}
teams:
  - {name: cs}
listeners:
  - {name: %[4]s, type: file, path: %[5]s}
`

func startModelTwin(t *testing.T, server *natsServer, o *oracle, name string) *twin {
	t.Helper()
	w := &twin{posts: emptyFile(t, t.TempDir(), name+".ndjson"), address: freeAddress(t)}
	w.config = writeConfig(t, fmt.Sprintf(twinModelConfig, filepath.Join(t.TempDir(), "state"), server.busConfig(), w.address, name, w.posts, o.server.URL))
	w.process = startProcess(t, w.config, w.address)
	w.ready(t)
	return w
}

// Two daemons on one bus share a model: whoever holds its lease asks of what both
// hear, each post once; when it is killed while it asks, the other takes over and
// asks again of that post alone, and every post ends with one opinion.
func TestTwoDaemonsShareAModel(t *testing.T) {
	t.Parallel()
	o, server := newOracle(t), newNATSServer(t)
	left := startModelTwin(t, server, o, "left")
	js := connect(t, "nats://"+server.address, server.login())
	eventually(t, "the model begins", func() error {
		return atLeastOne(float64(len(readAll(t, js, "KV_earshot_settings", "$KV.earshot_settings.tally._models.sage.progress"))))
	})
	right := startModelTwin(t, server, o, "right")
	opinions := func(n int) {
		t.Helper()
		eventually(t, fmt.Sprintf("post %d has one opinion", n), func() error {
			subject := "earshot.mentions.acme.forum." + earshot.Key(fmt.Sprintf("forum:%d", n))
			if all := readAll(t, js, "EARSHOT_MENTIONS", subject); len(all) == 0 || strings.Count(string(all[len(all)-1]), `"by":"sage"`) != 1 {
				return fmt.Errorf("it has %d versions", len(all))
			}
			return nil
		})
	}
	appendLine(t, left.posts, line("forum:1", "@jane", "acme sent me letter one"))
	appendLine(t, right.posts, line("forum:2", "@bob", "acme sent me letter two"))
	opinions(1)
	opinions(2)

	good := o.answer
	asking, release := make(chan struct{}, 8), make(chan struct{})
	t.Cleanup(func() { close(release) }) // before the oracle waits for its answers
	o.answers(func(_ http.ResponseWriter, r *http.Request) {
		asking <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	appendLine(t, right.posts, line("forum:3", "@eve", "acme sent me letter three"))
	<-asking
	o.answers(good)
	holder, other := left, right
	if right.metric(t, `earshot_model_mentions_total{model="sage",outcome="answered"}`) > 0 {
		holder, other = right, left // the lease has moved: a busy machine may do that
	}
	holder.kill()
	appendLine(t, other.posts, line("forum:4", "@eve", "acme sent me letter four"))
	opinions(3)
	opinions(4)
	moved := strings.Count(left.log.String()+right.log.String(), "another daemon does this from now on")
	for word, most := range map[string]int{"one": 1, "two": 1, "three": 2, "four": 1} {
		if n := o.of(word); n < 1 || n > most+moved {
			t.Errorf("asked %d times of %s, the lease moved %d times", n, word, moved)
		}
	}
	other.stop(t)
}
