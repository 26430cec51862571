package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
)

// crashPlay is a book in which everything happens: customers with clocks, danger
// with a rota, stories, crises, and two teams that hear of it outside.
const crashPlay = `
brands:
  - name: acme
    query: acme
    owned: {handles: ["@acmecare"]}
    topics: {safety: {query: burned, danger: true}}
rules:
  - {name: hurt, when: '"safety" in topics', urgency: 90, routes: [{team: cs}, {team: pr, kind: crisis}]}
  - {name: furious, when: 'mention.text contains "furious"', urgency: 50, send: [cs]}
teams:
  - name: cs
    respond_within: {critical: 1h, high: 20m}
    next_reply_within: {critical: 30m, high: 30m}
    warn_at: 0.5
    lead: lea
    people: [{name: ann}, {name: bob}, {name: lea}]
    rota: {shifts: [{from: 2026-01-01 00:00, every: 1d, people: [ann, bob]}], fallback: {team: pr}, zone: UTC}
  - {name: pr, kinds: [crisis, story]}
sinks:
  - {name: crm, type: webhook, team: cs, url: "%[1]s", secret_file: %[2]s}
  - {name: press, type: webhook, team: pr, url: "%[1]s", secret_file: %[2]s}
`

// friday is when the plays that have a past begin.
var friday = time.Date(2026, 1, 9, 10, 0, 0, 0, time.UTC)

// somebody writes something as an author of their own.
func somebody(network string, n int, text string) earshot.Mention {
	id := fmt.Sprintf("%s:%d", network, n)
	return earshot.Mention{
		ID: id, Network: network, URL: "https://" + network + ".example/" + fmt.Sprint(n), Text: text + ", " + wordsOf(id) + " " + wordsOf(id+"."),
		Author: earshot.Author{Handle: fmt.Sprintf("@%s%d", network, n), Followers: 100, Created: friday.AddDate(-3, 0, 0)},
	}
}

// ordinaryDays are days of little talk about a brand before a moment.
func ordinaryDays(brand string, days int, until time.Time) []earshot.Mention {
	var list []earshot.Mention
	for half := range 48 * days {
		m := somebody([]string{"x", "forum"}[half%2], 1_000_000+half, brand+" is what we were talking about")
		m.ID = fmt.Sprintf("%s:%s%d", m.Network, brand, half)
		m.Heard = until.Add(-time.Duration(48*days-half) * 30 * time.Minute)
		list = append(list, m)
	}
	return list
}

const (
	horror = "I hate acme, a terrible disaster"
	rumour = "the window of the acme shop in the high street shows a lighthouse made of nothing but old yellow bricks"
	every  = 5 * time.Minute // a scene
)

// crashScene is what is heard and done at a time of the play.
type crashScene struct {
	posts []earshot.Mention
	acts  []crashAct
}

// crashAct is what a person does to the case of a post.
type crashAct struct{ person, verb, mention string }

// crashScenes is the play: customers with clocks that are answered, ignored, claimed and
// taken back, one more word of theirs, danger that nobody claims and danger that
// somebody does, a rumour that spreads, and a crowd that makes it a crisis.
func crashScenes() []crashScene {
	by := func(author string, n int, text, replyTo string) earshot.Mention {
		m := somebody("forum", n, text)
		m.Author.Handle, m.ReplyTo = author, replyTo
		return m
	}
	const furious = "acme makes me furious"
	scenes := make([]crashScene, 14)
	at := func(scene int, posts ...earshot.Mention) {
		scenes[scene].posts = append(scenes[scene].posts, posts...)
	}
	do := func(scene int, person, verb, mention string) {
		scenes[scene].acts = append(scenes[scene].acts, crashAct{person, verb, mention})
	}
	at(0, by("@nora", 1, furious, ""), by("@omar", 2, furious, ""), by("@petra", 3, furious, ""), by("@quinn", 4, furious, ""),
		by("@rosa", 5, "my son burned his hand on the acme lamp", ""))
	at(1, by("@saul", 6, "the acme stove burned my kitchen down", ""), by("@acmecare", 7, "we are sorry, acme will see to it", "forum:1"))
	do(1, "bob", "claim", "forum:6")
	do(1, "ann", "claim", "forum:3")
	at(2, by("@nora", 8, furious+" still, nothing came of it", "forum:7"), by("@omar", 9, furious+" again", "forum:2"))
	do(2, "ann", "resolve", "forum:3")
	at(3, earshot.Mention{ID: "forum:4", Network: "forum", Change: earshot.Deleted}, by("@petra", 10, furious+" once more", "forum:3"))
	do(3, "ann", "note", "forum:3")
	n := 100
	for scene := range 5 {
		for range 5 {
			m := somebody("x", n, "")
			m.Text = fmt.Sprintf("RT @jane: %s https://x.example/%d", rumour, n)
			at(scene+1, m)
			n++
		}
	}
	for scene := 5; scene < 12; scene++ {
		for i := range 9 {
			text := horror
			if i == 0 {
				text = furious + ", " + horror
			}
			at(scene, somebody([]string{"x", "forum", "reddit"}[i%3], n, text))
			n++
		}
	}
	at(11, by("@tess", 11, "my acme lamp burned the cat", ""))
	return scenes
}

// play plays all scenes to the end. Between tells what is to happen while a scene is
// being dealt with.
func play(s *theatre, scenes []crashScene, between func()) {
	s.tell(ordinaryDays("acme", 4, friday)...)
	s.settle()
	cases := map[string]string{} // of mentions
	for i, scene := range scenes {
		s.set(friday.Add(time.Duration(i) * every))
		s.tell(scene.posts...)
		between()
		s.settle()
		if len(scene.acts) == 0 {
			continue
		}
		for _, e := range s.events() {
			if e.Case.Team == "cs" {
				cases[e.Case.Opening] = e.Case.ID
			}
		}
		for n, act := range scene.acts {
			text := ""
			if act.verb == "note" {
				text = `,"text":"called her"`
			}
			s.asks("cs", act.person, act.verb, fmt.Sprintf(`{"case":%q,"request":"%d.%d"%s}`, cases[act.mention], i, n, text))
		}
	}
}

// A daemon that is killed at any moment while stories, crises and clocks run and
// people act comes to the same cases and the same alerts as one that lives, each told
// once on the log and to each sink at least once; and so on the embedded bus and on
// another.
func TestCrashCases(t *testing.T) {
	t.Parallel()
	kills := 2
	killed := map[string]func(t *testing.T) *natsServer{"embedded": func(*testing.T) *natsServer { return nil }}
	if os.Getenv("EARSHOT_LONG") != "" {
		kills = 100
		killed["external"] = func(t *testing.T) *natsServer { return newNATSServer(t) }
	} else {
		t.Log("2 kills; EARSHOT_LONG=1 makes it 200, half of them beside a server that dies as well")
	}
	var want ending
	got := map[string]ending{}
	var mu sync.Mutex
	t.Run("plays", func(t *testing.T) {
		t.Run("lived", func(t *testing.T) {
			t.Parallel()
			want = performance(t, newNATSServer(t), 0)
		})
		for name, server := range killed {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				end := performance(t, server(t), kills)
				mu.Lock()
				defer mu.Unlock()
				got[name] = end
			})
		}
	})
	if t.Failed() {
		return
	}
	checkPlay(t, want)
	for name, end := range got {
		t.Run(name, func(t *testing.T) { compareEndings(t, want, end) })
	}
}

// ending is what a play has come to.
type ending struct {
	cases  map[string]earshot.Case
	alerts []earshot.Alert
	events []string // that people or the time brought about, by case
}

// performance plays with so many deaths.
func performance(t *testing.T, server *natsServer, kills int) ending {
	t.Helper()
	outside := newReceiver(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(hookSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newTheatre(t, server, fmt.Sprintf(crashPlay, outside.server.URL, secret), friday)
	scenes, scene := crashScenes(), 0
	random := rand.New(rand.NewPCG(uint64(kills), 4))
	play(s, scenes, func() {
		scene++
		for range kills*scene/len(scenes) - kills*(scene-1)/len(scenes) {
			longest := 150 * time.Millisecond
			if random.IntN(4) == 0 {
				longest = 20 * longest // long enough to take over from the dead
			}
			s.live(t, time.Duration(random.Int64N(int64(longest))))
			if server != nil && random.IntN(3) == 0 {
				server.kill()
				server.start()
			}
			s.again()
		}
	})
	end := s.ending()
	ids := make([]string, 0, len(end.alerts))
	for _, a := range end.alerts {
		ids = append(ids, a.ID)
	}
	eventually(t, "every alert is delivered", func() error { return outside.has(ids) })
	s.ready(t) // who was started this moment would not know how to stop
	s.stop(t)
	outside.mu.Lock()
	defer outside.mu.Unlock()
	for _, c := range end.cases { // alerts that quoted what was taken back are not on the log any more
		for n := range c.Told {
			delete(outside.alerts, fmt.Sprintf("%s.%s.%d", c.ID, c.Team, n+1))
		}
	}
	if len(outside.wrong)+len(outside.alerts) > 0 {
		t.Errorf("wrong are %v; nobody raised %v", outside.wrong, outside.alerts)
	}
	return end
}

func (s *theatre) ending() ending {
	end := ending{cases: map[string]earshot.Case{}, alerts: s.alerts()}
	for key, c := range s.cases() {
		c.Through = 0 // where mentions and events lie differs
		for i := range c.Acts {
			c.Acts[i].Before = 0
		}
		end.cases[key] = c
	}
	for i := range end.alerts { // what a crash kept from being told is told without
		a := &end.alerts[i]
		a.Story = nil
		if a.Evidence != nil {
			a.Evidence.First, a.Evidence.Top = earshot.Source{}, nil
		}
	}
	slices.SortFunc(end.alerts, func(a, b earshot.Alert) int { return strings.Compare(a.ID, b.ID) })
	for _, e := range s.events() {
		if e.Seat == nil {
			end.events = append(end.events, fmt.Sprintf("%s.%s %s by %s at %s", e.Case.Team, e.Case.ID, e.Event, e.By, e.At.Format(time.TimeOnly)))
		}
	}
	slices.Sort(end.events)
	return end
}

// compareEndings says what came otherwise.
func compareEndings(t *testing.T, want, got ending) {
	t.Helper()
	for i := 1; i < len(got.alerts); i++ {
		if got.alerts[i].ID == got.alerts[i-1].ID {
			t.Errorf("%s is on the log twice", got.alerts[i].ID)
		}
	}
	if diff := cmp.Diff(want.cases, got.cases); diff != "" {
		t.Errorf("cases (-lived +killed):\n%s", diff)
	}
	if diff := cmp.Diff(want.alerts, got.alerts); diff != "" {
		t.Errorf("alerts (-lived +killed):\n%s", diff)
	}
	if diff := cmp.Diff(want.events, got.events); diff != "" {
		t.Errorf("events (-lived +killed):\n%s", diff)
	}
}

// checkPlay checks that the play has in it what it is played for, and that no clock
// was told of twice.
func checkPlay(t *testing.T, end ending) {
	t.Helper()
	seen, clocks := map[string]int{}, map[string]int{}
	for _, a := range end.alerts {
		seen[fmt.Sprint(a.Team, " ", a.Kind, " ", a.Why)]++
		if a.Evidence != nil {
			seen["evidence "+string(a.Evidence.To)]++
		}
		if a.Reminder != "" {
			said := strings.Fields(a.Reminder)
			seen[strings.Join(said[:3], " ")]++
			if said[0] == "the" {
				clocks[a.Case+" "+strings.Join(said[:5], " ")+" "+a.RespondBy.Format(time.TimeOnly)]++ // a limit that has moved is another one
			}
		}
	}
	for _, c := range end.cases {
		seen["state "+string(c.State)]++
	}
	for _, what := range []string{
		"cs customer new", "cs customer changed", "cs customer withdrawn", "cs customer reminder", "pr customer reminder",
		"pr story new", "pr crisis new", "pr crisis escalated", "evidence elevated", "evidence crisis",
		"nobody has claimed", "the first answer", "the next answer", "state claimed", "state open", "state expired",
	} {
		if seen[what] == 0 {
			t.Errorf("the play has no %s: %v", what, seen)
		}
	}
	for clock, n := range clocks {
		if n > 1 {
			t.Errorf("%s was told of %d times", clock, n)
		}
	}
}
