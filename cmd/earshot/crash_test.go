package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

// crashSize is how much a crash test does: short in the test suite, in full by
// make crash, which sets EARSHOT_CRASH=full.
func crashSize() (posts, step, kills int) {
	if os.Getenv("EARSHOT_CRASH") == "full" {
		return 20_000, 20, 50
	}
	return 2_000, 10, 8
}

const crashConfig = `
state: %[1]s
bus: {%[2]s}
http: {listen: %[3]s}
client: {allow_private: [127.0.0.1], per_second: 1000, burst: 1000}
log: {level: warn}
brands:
  - {name: acme, query: acme}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 50, send: [cs]}
teams:
  - {name: cs, respond_within: {high: 1h}}
listeners:
  - {name: numbered, type: rss, urls: ["%[4]s"], every: 20ms, at_most: 20ms}
`

// A daemon killed at any moment, many times over, loses no post that the feed
// still offers and repeats none, and raises each alert once.
func TestCrashEmbedded(t *testing.T) {
	t.Parallel()
	posts, step, kills := crashSize()
	feed := newNumberedFeed(t, posts, step)
	state := filepath.Join(t.TempDir(), "state")
	natsAddress, httpAddress := freeAddress(t), freeAddress(t)
	config := writeConfig(t, fmt.Sprintf(crashConfig, state, "listen: "+natsAddress, httpAddress, feed.server.URL))

	killAtRandom(t, config, httpAddress, feed, kills, nil)

	d := startProcess(t, config, httpAddress)
	d.ready(t)
	checkLog(t, connectAsDaemon(t, "nats://"+natsAddress, state), feed)
	d.stop(t)
}

// The same holds on an external server that dies and comes back as it likes.
func TestCrashExternal(t *testing.T) {
	t.Parallel()
	posts, step, kills := crashSize()
	feed := newNumberedFeed(t, posts, step)
	server := newNATSServer(t)
	httpAddress := freeAddress(t)
	config := writeConfig(t, fmt.Sprintf(crashConfig, filepath.Join(t.TempDir(), "state"), server.busConfig(), httpAddress, feed.server.URL))

	lives := 0
	killAtRandom(t, config, httpAddress, feed, kills, func() {
		if lives++; lives%2 == 0 {
			server.kill()
			server.start()
		}
	})

	d := startProcess(t, config, httpAddress)
	d.ready(t)
	checkLog(t, connect(t, "nats://"+server.address, server.login()), feed)
	d.stop(t)
}

// killAtRandom starts and kills the daemon until it has died often enough and
// the feed has told everything; besides happens in the middle of each life, if
// not nil. Lives last longer where the machine is too slow to hear anything in one.
func killAtRandom(t testing.TB, config, address string, feed *numberedFeed, kills int, besides func()) {
	t.Helper()
	most := 500 * time.Millisecond
	for died := 0; died < kills || !feed.done(); died++ {
		if died > 20*kills {
			t.Fatalf("after %d kills the feed has told %d of %d posts", died, feed.told(), feed.total)
		}
		before := feed.told()
		d := startProcess(t, config, address)
		d.live(t, rand.N(most))
		if besides != nil {
			besides()
		}
		d.live(t, rand.N(most))
		d.kill()
		if !feed.done() && feed.told()-before < feed.total/kills/2 {
			most = min(most*5/4, 10*time.Second)
		}
	}
}

// checkLog waits until the log holds what the feed promises, then compares
// exactly.
func checkLog(t *testing.T, js jetstream.JetStream, feed *numberedFeed) {
	t.Helper()
	checkStored(t, js, feed.wantMentions(), feed.wantAlerts())
}

// checkStored waits until all alerts are there and then compares exactly: each
// mention is stored once, and each alert.
func checkStored(t *testing.T, js jetstream.JetStream, wantMentions, wantAlerts map[string]bool) {
	t.Helper()
	atLeast(t, js, "EARSHOT_ALERTS", "earshot.alerts.>", len(wantAlerts))
	mentions := map[string]int{}
	for _, msg := range readAll(t, js, "EARSHOT_MENTIONS", "earshot.mentions.>") {
		var m earshot.Judged
		unmarshal(t, msg, &m)
		mentions[m.ID]++
	}
	compareOnce(t, "mention", mentions, wantMentions)
	alerts := map[string]int{}
	for _, msg := range readAll(t, js, "EARSHOT_ALERTS", "earshot.alerts.>") {
		var a earshot.Alert
		unmarshal(t, msg, &a)
		alerts[a.Mention.ID]++
	}
	compareOnce(t, "alert", alerts, wantAlerts)
}

func compareOnce(t testing.TB, what string, got map[string]int, want map[string]bool) {
	t.Helper()
	for id := range want {
		if got[id] != 1 {
			t.Errorf("%s for %s is there %d times", what, id, got[id])
		}
	}
	for id := range got {
		if !want[id] {
			t.Errorf("%s for %s was not expected", what, id)
		}
	}
	if len(want) == 0 {
		t.Errorf("no %s was expected: the test proves nothing", what)
	}
}

func connectAsDaemon(t testing.TB, url, state string) jetstream.JetStream {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(state, "credentials", "daemon"))
	if err != nil {
		t.Fatal(err)
	}
	return connect(t, url, nats.UserInfo("daemon", strings.TrimSpace(string(password))))
}

func connect(t testing.TB, url string, options ...nats.Option) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(url, append(options, nats.Timeout(patience))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func count(ctx context.Context, js jetstream.JetStream, stream, subject string) (int, error) {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return 0, err
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(subject))
	if err != nil {
		return 0, err
	}
	total := 0
	for _, n := range info.State.Subjects {
		total += int(n)
	}
	return total, nil
}

// readAll returns the bodies under a subject, oldest first. It asks for one after
// the other: a consumer would have to guess whether more is to come while the
// daemon stores and erases.
func readAll(t testing.TB, js jetstream.JetStream, stream, subject string) [][]byte {
	t.Helper()
	s, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	for next := uint64(1); ; {
		m, err := s.GetMsg(t.Context(), next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return bodies
		}
		if err != nil {
			t.Fatalf("%s from %d on: %v", subject, next, err)
		}
		bodies = append(bodies, m.Data)
		next = m.Sequence + 1
	}
}

func unmarshal(t testing.TB, body []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
}

// atLeast waits until a subject holds so many messages.
func atLeast(t testing.TB, js jetstream.JetStream, stream, subject string, want int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s holds %d messages", subject, want), func() error {
		got, err := count(t.Context(), js, stream, subject)
		if err == nil && got < want {
			err = fmt.Errorf("there are %d", got)
		}
		return err
	})
}
