package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"earshot"
	"earshot/listeners/bluesky/blueskytest"
	"earshot/listeners/facebook/facebooktest"
	"earshot/listeners/mail/mailtest"
	"earshot/listeners/mastodon/mastodontest"
	"earshot/listeners/poll/polltest"
	"earshot/listeners/reddit/reddittest"
	"earshot/listeners/telegram/telegramtest"
	"earshot/listeners/webhook/webhooktest"
	"earshot/listeners/x/xtest"
	"earshot/listeners/youtube/youtubetest"
)

// standIn is a network on loopback that a driver can hear.
type standIn interface {
	// Config writes the files that the listener needs into dir and returns the keys
	// of its section besides the name.
	Config(dir string) (string, error)
	Publish(texts ...string)
	Close()
}

// standIns are the networks of all drivers but rss and file, which have crash tests
// of their own.
func standIns() map[string]func() standIn {
	return map[string]func() standIn{
		"bluesky":  func() standIn { return blueskytest.New() },
		"facebook": func() standIn { return facebooktest.New() },
		"mail":     func() standIn { return mailtest.New() },
		"mastodon": func() standIn { return mastodontest.New() },
		"poll":     func() standIn { return polltest.New(polltest.Options{}) },
		"reddit":   func() standIn { return reddittest.New() },
		"telegram": func() standIn { return telegramtest.New() },
		"webhook":  func() standIn { return hooked{webhooktest.New("standard")} },
		"x":        func() standIn { return xtest.New() },
		"youtube":  func() standIn { return youtubetest.New() },
	}
}

// hooked is a webhook's sender, which must know the listener's own address.
type hooked struct{ *webhooktest.Sender }

// DeliverTo says where the inbox is.
func (h hooked) DeliverTo(inbox string) { h.To(inbox + "/hooks/heard") }

// pusher is a stand-in that delivers to the inbox of the daemon.
type pusher interface {
	DeliverTo(inbox string)
}

const driverCrashConfig = `
state: %[1]s
bus: {listen: %[2]s}
http: {listen: %[3]s}
inbox: {listen: %[4]s, url: "http://%[4]s"}
client: {allow_private: [127.0.0.1, "::1", localhost], per_second: 1000, burst: 1000, concurrent: 20}
log: {level: warn}
brands:
  - {name: acme, query: acme, owned: {handles: ["@acmecare"]}}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 50, send: [cs]}
teams:
  - {name: cs}
listeners:
  - name: heard
%[5]s
`

// driverCrashSize is how many posts a driver hears and how often it is killed.
func driverCrashSize() (posts, kills int) {
	if os.Getenv("EARSHOT_CRASH") == "full" {
		return 2_000, 50
	}
	return 120, 3
}

// A daemon that is killed at any moment hears every post of every network exactly
// once and raises each alert once.
func TestCrashDrivers(t *testing.T) {
	for name, open := range standIns() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crashDriver(t, open())
		})
	}
}

func crashDriver(t *testing.T, network standIn) {
	t.Cleanup(network.Close)
	dir := t.TempDir()
	section, err := network.Config(dir)
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "state")
	busAddress, httpAddress, inboxAddress := freeAddress(t), freeAddress(t), freeAddress(t)
	config := filepath.Join(dir, "earshot.yaml")
	text := fmt.Sprintf(driverCrashConfig, state, busAddress, httpAddress, inboxAddress, indented(section))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, ok := network.(pusher); ok {
		p.DeliverTo("http://" + inboxAddress)
	}
	posts, kills := driverCrashSize()
	d := startProcess(t, config, httpAddress)
	d.ready(t) // some networks tell only what comes after the first contact
	heard := 0
	publish := func(n int) {
		texts := make([]string, 0, n)
		for range n {
			texts = append(texts, numbered(heard))
			heard++
		}
		network.Publish(texts...)
	}
	publish(1)
	js := connectAsDaemon(t, "nats://"+busAddress, state)
	eventually(t, "the first post is stored", func() error { return stored(t, js, 1) })
	for range kills {
		d.live(t, rand.N(300*time.Millisecond))
		publish(posts / kills)
		d.live(t, rand.N(300*time.Millisecond))
		d.kill()
		d = startProcess(t, config, httpAddress)
	}
	d.ready(t)
	publish(10)
	js = connectAsDaemon(t, "nats://"+busAddress, state)
	eventually(t, "all posts are stored", func() error { return stored(t, js, heard) })
	checkNumbers(t, js, heard)
	d.stop(t)
}

// numbered is a post of its own, in words of its own; one in ten asks for an answer.
func numbered(n int) string {
	mood := "quite"
	if n%10 == 0 {
		mood = "furious"
	}
	words := earshot.Key(fmt.Sprint(n))
	return fmt.Sprintf("acme is heard, %s number %d. %s %s %s %s", mood, n, words[:5], words[5:11], words[11:18], words[18:])
}

var number = regexp.MustCompile(`number (\d+)\.`)

func stored(t testing.TB, js jetstream.JetStream, want int) error {
	t.Helper()
	got := 0
	for _, area := range []string{"mentions", "private"} {
		n, err := count(t.Context(), js, "EARSHOT_MENTIONS", "earshot."+area+".acme.>")
		if err != nil {
			return err
		}
		got += n
	}
	if got < want {
		return fmt.Errorf("%d of %d are", got, want)
	}
	return nil
}

// checkNumbers compares what is stored and told with what was published.
func checkNumbers(t *testing.T, js jetstream.JetStream, posts int) {
	t.Helper()
	wantMentions, wantAlerts := map[string]bool{}, map[string]bool{}
	for n := range posts {
		wantMentions[fmt.Sprint(n)] = true
		if n%10 == 0 {
			wantAlerts[fmt.Sprint(n)] = true
		}
	}
	mentions, alerts := map[string]int{}, map[string]int{}
	for _, area := range []string{"mentions", "private"} {
		for _, msg := range readAll(t, js, "EARSHOT_MENTIONS", "earshot."+area+".acme.>") {
			var m earshot.Judged
			unmarshal(t, msg, &m)
			mentions[numberOf(&m.Mention)]++
		}
	}
	compareOnce(t, "mention", mentions, wantMentions)
	eventually(t, "all alerts are raised", func() error {
		n, err := count(t.Context(), js, "EARSHOT_ALERTS", "earshot.alerts.cs.>")
		if err == nil && n < len(wantAlerts) {
			err = fmt.Errorf("%d of %d are", n, len(wantAlerts))
		}
		return err
	})
	for _, msg := range readAll(t, js, "EARSHOT_ALERTS", "earshot.alerts.cs.>") {
		var a earshot.Alert
		unmarshal(t, msg, &a)
		alerts[numberOf(a.Mention)]++
	}
	compareOnce(t, "alert", alerts, wantAlerts)
}

func numberOf(m *earshot.Mention) string {
	found := number.FindStringSubmatch(m.Title + " " + m.Text)
	if found == nil {
		return "none: " + m.ID
	}
	return found[1]
}

// indented puts a section under its name.
func indented(section string) string {
	var b strings.Builder
	for line := range strings.Lines(section) {
		b.WriteString("    " + line)
	}
	return b.String()
}
