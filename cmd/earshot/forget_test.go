package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

// inFiles returns the files below a folder that hold a text.
func inFiles(t testing.TB, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) || err == nil && e.IsDir() {
			return nil // the server replaces files while we look
		}
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		if bytes.Contains(data, []byte(text)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// line is a line of a file listener.
func line(id, author, text string, more ...string) string {
	network, _, _ := strings.Cut(id, ":")
	return fmt.Sprintf(`{"id":%q,"network":%q,"author":{"handle":%q},"text":%q%s}`, id, network, author, text, strings.Join(more, ""))
}

// house is a daemon with a file to hear and its store.
type house struct {
	*process
	t                          *testing.T
	config, posts, state, http string
	bus                        string // address of the embedded server
	store                      string // where the store's files are
	js                         jetstream.JetStream
}

func (h *house) start() {
	h.t.Helper()
	h.process = startProcess(h.t, h.config, h.http)
	h.ready(h.t)
	if h.bus != "" { // its password is a new one
		h.js = connectAsDaemon(h.t, "nats://"+h.bus, h.state)
	}
}

func (h *house) hears(lines ...string) {
	h.t.Helper()
	for _, l := range lines {
		appendLine(h.t, h.posts, l)
	}
}

// run runs a command on the daemon and returns what it printed.
func (h *house) run(args ...string) []byte {
	h.t.Helper()
	cmd := program(h.t, append(args, "-c", h.config)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		h.t.Fatalf("earshot %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.Bytes()
}

// without waits until the store has a text no more, and never more.
func (h *house) without(texts ...string) {
	h.t.Helper()
	for _, text := range texts {
		eventually(h.t, text+" is gone", func() error {
			if found := inFiles(h.t, h.store, text); len(found) > 0 {
				return fmt.Errorf("it is in %v", found)
			}
			return nil
		})
	}
}

// with checks that the store has texts. What is gone never comes back; what is not
// may be in a file that the server is just replacing.
func (h *house) with(texts ...string) {
	h.t.Helper()
	for _, text := range texts {
		eventually(h.t, text+" is stored", func() error {
			if len(inFiles(h.t, h.store, text)) == 0 {
				return fmt.Errorf("it is gone")
			}
			return nil
		})
	}
}

// alerts waits until some alerts have been raised, and returns those that are left.
func (h *house) alerts(why earshot.Why, raised int) []earshot.Alert {
	h.t.Helper()
	eventually(h.t, fmt.Sprintf("%d alerts are %s", raised, why), func() error {
		n := 0
		for _, urgency := range earshot.BandNames() {
			series := fmt.Sprintf(`earshot_alerts_total{kind="customer",team="cs",urgency=%q,why=%q}`, urgency, why)
			if h.atLeast(h.t, series, 1) == nil {
				n += int(h.metric(h.t, series))
			}
		}
		if n < raised {
			return fmt.Errorf("%d are", n)
		}
		return nil
	})
	var all []earshot.Alert
	for _, body := range readAll(h.t, h.js, "EARSHOT_ALERTS", "earshot.alerts.>") {
		var a earshot.Alert
		unmarshal(h.t, body, &a)
		all = append(all, a)
	}
	return all
}

func newHouse(t *testing.T, external bool) *house {
	h := &house{t: t, state: filepath.Join(t.TempDir(), "state"), posts: emptyFile(t, t.TempDir(), "posts.ndjson"), http: freeAddress(t)}
	if external {
		server := newNATSServer(t)
		h.config = writeConfig(t, fmt.Sprintf(degradedConfig, h.state, server.busConfig(), h.http, h.posts))
		h.start()
		h.store, h.js = filepath.Join(filepath.Dir(server.config), "store"), connect(t, "nats://"+server.address, server.login())
		return h
	}
	h.bus = freeAddress(t)
	h.config, h.store = writeConfig(t, fmt.Sprintf(degradedConfig, h.state, "listen: "+h.bus, h.http, h.posts)), h.state
	h.start()
	return h
}

// What an author takes back leaves no word in any file: not in the mention, nor in
// the alerts that quoted it; replies that did not name the brand go as they came.
func TestTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.hears(line("forum:1", "@jane", "acme makes me furious, my heirloom broke"),
		line("forum:2", "@jane", "furious here as well, my bicycle", `,"reply_to":"forum:1"`),
		line("forum:3", "@jane", "mine too, furious", `,"reply_to":"forum:2"`),
		line("forum:4", "@dora", "furious about my umbrella", `,"reply_to":"forum:none"`))
	h.alerts(earshot.BecauseNew, 1)
	if left := h.alerts(earshot.BecauseChanged, 2); len(left) != 3 || left[2].Count != 3 {
		t.Fatalf("the thread is not one case: %+v", left)
	}
	h.with("heirloom", "bicycle")
	h.hears(line("forum:1", "@jane", "acme makes me furious, my teapot broke", `,"change":"edited"`))
	h.alerts(earshot.BecauseChanged, 3)
	h.without("heirloom")
	h.with("teapot", "bicycle")
	h.hears(`{"id":"forum:1","network":"forum","change":"deleted"}`, `{"id":"forum:2","network":"forum","change":"deleted"}`, `{"id":"forum:4","network":"forum","change":"deleted"}`)
	left := h.alerts(earshot.BecauseChanged, 5)
	h.without("teapot", "bicycle", "umbrella")
	quoting := 0
	for _, a := range left {
		if a.Mention != nil {
			quoting++
		}
	}
	if quoting != 1 || left[len(left)-1].Count != 1 {
		t.Errorf("%d alerts quote somebody; the last is %+v", quoting, left[len(left)-1])
	}
	h.stop(t)
	h.without("heirloom", "teapot", "bicycle")
	h.with("mine too, furious")
}

// Whoever is forgotten is in no file of the store, is not heard again, and leaves
// the others where they were; what is stored of him can be handed out before.
func TestForget(t *testing.T) {
	t.Parallel()
	for _, external := range []bool{false, true} {
		t.Run(fmt.Sprintf("external=%v", external), func(t *testing.T) {
			t.Parallel()
			testForget(t, newHouse(t, external))
		})
	}
}

func testForget(t *testing.T, h *house) {
	h.hears(line("forum:one", "@Jane", "acme makes me furious, my heirloom broke"),
		line("forum:two", "@jane", "acme and my heirloom again"),
		line("forum:bob", "@bob", "acme makes me furious, my bicycle broke", `,"reply_to":"forum:one"`),
		line("forum:carl", "@carl", "acme makes me furious, my heirloom broke", `,"repost_of":"forum:one"`),
		`{"id":"forum:bad","author":{"handle":"@jane"},"text":7,"title":"heirloom"}`,
		line("other:jane", "@jane", "acme makes me furious, my umbrella broke"))
	h.alerts(earshot.BecauseNew, 3)

	lines := map[string]int{}
	for l := range bytes.Lines(h.run("export", "jane", "--network", "forum")) {
		var x exported
		unmarshal(t, l, &x)
		lines[x.What]++
	}
	if lines["mention"] != 3 || lines["alert"] != 1 || lines["case"] == 0 || lines["dead letter"] != 1 {
		t.Errorf("exported %v", lines)
	}
	var all []exported
	unmarshal(t, h.run("export", "forum:two", "--json"), &all)
	if len(all) != 1 || all[0].What != "mention" {
		t.Errorf("exported of one mention: %+v", all)
	}

	var r receipt
	unmarshal(t, h.run("forget", "@jane", "--network", "forum", "--dry-run", "--json"), &r)
	if r.Mentions != 3 || r.Alerts != 1 || r.DeadLetters != 1 || r.CaseEvents == 0 || !r.DryRun || r.Receipt != "" {
		t.Errorf("dry run: %+v", r)
	}
	h.with("heirloom", "forum:one")

	printed := h.run("forget", "@jane", "--network", "forum", "--json", "--reason", "request 7")
	r = receipt{}
	unmarshal(t, printed, &r)
	if r.Mentions != 3 || r.DeadLetters != 1 || r.Told["cs"] != 1 || r.IDs != 3 || len(r.Networks) != 1 || r.Reason != "request 7" || r.Receipt == "" {
		t.Errorf("receipt: %s", printed)
	}
	if bytes.Contains(bytes.ToLower(printed), []byte("jane")) {
		t.Errorf("the receipt names the author: %s", printed)
	}
	// That somebody else answered the post stays in what he wrote.
	h.without("heirloom", `"id":"forum:one"`, `"opening":"forum:one"`, `"mention":"forum:one"`, "forum:two", "forum:carl", "@Jane",
		(&earshot.Mention{Network: "forum", Author: earshot.Author{Handle: "@jane"}}).AuthorKey())
	h.with("bicycle", "umbrella", "forum:bob", "other:jane")

	strange := h.metric(t, "earshot_mentions_forgotten_total")
	h.hears(line("forum:one", "@jane", "acme makes me furious, my heirloom broke"), line("forum:new", "@JANE", "acme heirloom for ever"),
		line("forum:carl2", "@carl", "acme heirloom", `,"repost_of":"forum:one"`), line("forum:dora", "@dora", "acme makes me furious, my teapot broke"))
	h.alerts(earshot.BecauseNew, 4)
	if got := h.metric(t, "earshot_mentions_forgotten_total"); got != strange+3 {
		t.Errorf("%v posts were kept out", got-strange)
	}
	h.stop(t)
	h.start()
	h.hears(line("forum:newer", "@jane", "acme heirloom after all"), line("forum:erik", "@erik", "acme makes me furious, my violin broke"))
	h.with("violin")
	h.without("heirloom")

	r = receipt{}
	unmarshal(t, h.run("forget", "jane", "--network", "forum", "--yes", "--json"), &r)
	if r.Mentions+r.Alerts+r.CaseEvents+r.DeadLetters != 0 {
		t.Errorf("something was left: %+v", r)
	}
	h.run("forget", "forum:bob", "--yes")
	h.without("bicycle", "forum:bob")
	h.with("teapot")
	runEarshot(t, exitFailed, "name the network", "forget", "@nobody", "-c", h.config)
	h.stop(t)
	h.without("heirloom", "bicycle", "forum:one", "forum:bob")
}

// Killed anywhere, the command or the daemon, forgetting is completed by doing it
// again. What a server that dies was overwriting at that moment may leave bytes.
func TestForgetInterrupted(t *testing.T) {
	t.Parallel()
	for _, daemonToo := range []bool{false, true} {
		t.Run(fmt.Sprintf("daemonToo=%v", daemonToo), func(t *testing.T) {
			t.Parallel()
			testForgetInterrupted(t, newHouse(t, false), daemonToo)
		})
	}
}

func testForgetInterrupted(t *testing.T, h *house, daemonToo bool) {
	const posts = 30
	for n := range posts {
		h.hears(line(fmt.Sprintf("forum:jane-%d", n), "@jane", "acme makes me furious, my heirloom broke"))
		h.hears(line(fmt.Sprintf("forum:bob-%d", n), fmt.Sprint("@bob", n), "furious as well, my bicycle", fmt.Sprintf(`,"reply_to":"forum:jane-%d"`, n)))
	}
	h.alerts(earshot.BecauseNew, posts+1)
	for n, moment := range milliseconds(60, 90, 130, 180, 250, 350) {
		cmd := program(t, "forget", "@jane", "-c", h.config, "--network", "forum")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(moment):
			_ = cmd.Process.Kill()
			<-ended
		}
		if daemonToo && n%2 == 1 {
			h.kill()
			h.start()
		}
	}
	h.run("forget", "@jane", "--network", "forum")
	for _, text := range []string{"heirloom", `"id":"forum:jane-`, `"opening":"forum:jane-`, `"mention":"forum:jane-`, "@jane"} {
		if err := h.unread(text); err != nil {
			t.Error(err)
		}
		if !daemonToo {
			h.without(text)
		}
	}
	counts := map[int]int{}
	for _, body := range readAll(t, h.js, "EARSHOT_MENTIONS", "earshot.mentions.>") {
		var m earshot.Mention
		unmarshal(t, body, &m)
		if !strings.HasPrefix(m.Author.Handle, "@bob") {
			t.Errorf("left: %s", body)
		}
	}
	for _, c := range lastStates(t, h.js) {
		counts[c.Count]++
	}
	if counts[1] != posts {
		t.Errorf("cases by the number of their mentions: %v, want %d with one", counts, posts)
	}
	h.stop(t)
}

// lastStates are all cases as they stand.
func lastStates(t *testing.T, js jetstream.JetStream) map[string]earshot.Case {
	t.Helper()
	cases := map[string]earshot.Case{}
	for _, body := range readAll(t, js, "EARSHOT_CASES", "earshot.cases.>") {
		var e earshot.CaseEvent
		unmarshal(t, body, &e)
		cases[e.Case.ID] = e.Case
	}
	return cases
}

// Whoever may not write gets an answer, and nothing happens.
func TestForgetRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	login := []string{"--server", "nats://" + h.bus, "--user", "cs", "--password-file", teamCredential(h.state, "cs")}
	runEarshot(t, exitFailed, "permissions", append([]string{"forget", "@jane", "--network", "forum"}, login...)...)
	runEarshot(t, exitFailed, "permissions", append([]string{"export", "@jane"}, login...)...)
	runEarshot(t, exitUsage, "one author or ID", "forget", "@", "-c", h.config)
	runEarshot(t, exitUsage, "forget @jane --network x", "forget", "x:@jane", "--yes", "-c", h.config)
	runEarshot(t, exitUsage, "export @jane --network x", "export", "x:@jane", "-c", h.config)
	runEarshot(t, exitUsage, "one author or ID", "export", "-c", h.config)
	h.stop(t)
}
