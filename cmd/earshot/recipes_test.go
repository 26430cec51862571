package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/poll"
	"earshot/listeners/recipes"
)

// recipeConfig is a configuration with one listener of a recipe.
func recipeConfig(r *recipe, keys ...string) string {
	return "state: ./s\nbrands: [{name: acme, query: 'acme OR @acmecare'}]\nlisteners:\n  - " +
		strings.TrimSuffix(r.example(), "}") + ", " + strings.Join(keys, ", ") + "}\n"
}

// stage is a client whose requests all go to a server that gives the recorded
// answers, whatever host they are for.
type stage struct {
	server *httptest.Server
	mu     sync.Mutex
	asked  []string
}

func newStage(t *testing.T, dir string) *stage {
	t.Helper()
	s := &stage{}
	read := func(name string) []byte {
		found, err := filepath.Glob(filepath.Join(dir, name+".*"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s has no %s: %v", dir, name, err)
		}
		content, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	answer, empty := read("answer"), read("empty")
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.asked = append(s.asked, r.Header.Get("X-Meant")+string(body))
		content := answer
		if len(s.asked) > 1 {
			content = empty
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(s.server.Close)
	return s
}

// RoundTrip asks the stage instead of the network.
func (s *stage) RoundTrip(r *http.Request) (*http.Response, error) {
	staged := r.Clone(r.Context())
	staged.Header.Set("X-Meant", r.URL.String())
	to, err := url.Parse(s.server.URL)
	if err != nil {
		return nil, err
	}
	staged.URL.Scheme, staged.URL.Host, staged.Host = to.Scheme, to.Host, ""
	resp, err := s.server.Client().Transport.RoundTrip(staged)
	if err == nil {
		resp.Request = r
	}
	return resp, err
}

// Each recipe turns what its network documents into mentions, by the driver itself
// and from a configuration that check accepts.
func TestRecipes(t *testing.T) {
	for _, r := range allRecipes() {
		t.Run(r.Name, func(t *testing.T) {
			dir := filepath.Join("../../listeners/recipes/testdata", r.Name)
			var keys []string
			if r.Driver == "poll" {
				keys = append(keys, "first: 36500d") // the answers have dates of their own
			}
			file := filepath.Join(t.TempDir(), "earshot.yaml")
			if err := os.WriteFile(filepath.Join(filepath.Dir(file), "github.token"), []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := parseConfig(file, []byte(recipeConfig(r, keys...)), environ(nil))
			if err != nil {
				t.Fatal(err)
			}
			stage := newStage(t, dir)
			got := hearOnce(t, c, stage)
			name := filepath.Join(dir, "mentions.json")
			if *update {
				if err := os.WriteFile(name, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var errHeard = errors.New("heard")

// hearOnce runs the first part of the only listener until it emits, and writes
// what it asked and heard.
func hearOnce(t *testing.T, c *Config, stage *stage) []byte {
	t.Helper()
	parts, err := c.Listeners[0].open(c.setup(c.Listeners[0], &listeners.Network{Client: &http.Client{Transport: stage}}, nothingRuns(), zap.NewNop()))
	var problems earshot.Problems
	if err != nil && (!errors.As(err, &problems) || problems.Fatal()) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var heard listeners.Batch
	err = parts[0].Source.Listen(ctx, nil, func(_ context.Context, b listeners.Batch) error {
		heard = b
		return errHeard
	})
	if !errors.Is(err, errHeard) {
		t.Fatal(err)
	}
	for _, d := range heard.Dead {
		t.Errorf("a dead letter: %s", d.Reason)
	}
	for i := range heard.Mentions {
		if len(heard.Mentions[i].Flags) > 0 {
			t.Errorf("flags %v", heard.Mentions[i].Flags)
		}
	}
	stage.mu.Lock()
	asked := dateless(stage.asked[0])
	stage.mu.Unlock()
	text, err := json.MarshalIndent(map[string]any{"asked": asked, "mentions": heard.Mentions}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// dateless is what was asked, without the time that it was asked at.
func dateless(asked string) string {
	now := time.Now()
	for _, at := range []time.Time{now.Add(-36500 * 24 * time.Hour), now.Add(24 * time.Hour)} {
		for ago := range int(patience.Seconds()) + 10 {
			at := at.Add(-time.Duration(ago) * time.Second)
			asked = strings.ReplaceAll(asked, fmt.Sprint(at.Unix()), "TIME")
			asked = strings.ReplaceAll(asked, url.QueryEscape(at.UTC().Format(time.RFC3339)), "TIME")
			asked = strings.ReplaceAll(asked, at.UTC().Format(time.RFC3339), "TIME")
		}
	}
	return asked
}

// What is wrong with the parameters of a recipe is said where they stand, and a
// value never leads elsewhere.
func TestRecipeParameters(t *testing.T) {
	for listener, want := range map[string]string{
		"type: recipe/lemmy":                                "4:5: the recipe needs site (add site: lemmy.world",
		"type: recipe/lemmy, site: 'evil.example/x?y='":     "site is not the name of a host",
		"type: recipe/lemmy, site: 'a@evil.example'":        "site is not the name of a host",
		"type: recipe/lemmy, site: a.example, kind: 'x&y'":  "kind is not a word",
		"type: recipe/appstore, app: 0":                     "app is not a number above 0",
		"type: recipe/appstore, app: abc":                   "not a whole number",
		"type: recipe/googlenews, query: ''":                "query is empty",
		"type: recipe/lemmy, site: a.example, ever: 5m":     `unknown key "ever" (did you mean "every"?`,
		"type: recipe/lemmy, site: a.example, every: soon":  "not a duration",
		"type: recipe/lemmi, site: a.example":               `there is no listener of type "recipe/lemmi" (did you mean "recipe/lemmy"?`,
		"type: recipe/lobsters, mapping: {text: 'htlm(x)'}": `there is no function "htlm"`,
	} {
		_, err := parseConfig("f.yaml", []byte("state: ./s\nbrands: [{name: acme, query: acme}]\nlisteners:\n  - {name: a, "+listener+"}\n"), environ(nil))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", listener, err, want)
		}
	}
}

// A recipe says all that its driver needs, and nothing that nobody reads.
func TestRecipesAreComplete(t *testing.T) {
	if len(allRecipes()) != len(recipes.Names()) || len(recipes.Names()) < 9 {
		t.Error(recipes.Names())
	}
	for _, r := range allRecipes() {
		if r.About == "" || r.Document == "" || r.Misses == "" || drivers()[r.Driver].Open == nil {
			t.Errorf("%s: %+v", r.Name, r)
		}
		for _, p := range r.Parameters {
			if !strings.Contains(r.section(), "${"+p.Name+"}") {
				t.Errorf("%s: nothing uses %s", r.Name, p.Name)
			}
			if p.About == "" || p.Required == (p.Example == "") || !strings.Contains(" host word number file text ", " "+p.As+" ") {
				t.Errorf("%s: %+v", r.Name, p)
			}
		}
	}
	if recipes.Text("nothing") != nil || recipes.Text("../recipes") != nil {
		t.Error("there is a recipe that is none")
	}
}

// sources recipes lists every recipe, and shows one with all that a person needs
// to use it or to write another like it.
func TestSourcesRecipes(t *testing.T) {
	run := func(args ...string) (code int, stdout, stderr string) {
		var out, err strings.Builder
		code = exitCode(append([]string{"sources", "recipes"}, args...), strings.NewReader(""), &out, &err)
		return code, out.String(), err.String()
	}
	_, list, _ := run()
	for _, r := range allRecipes() {
		if !strings.Contains(list, "\nrecipe/"+r.Name+" ") {
			t.Errorf("%s is not listed:\n%s", r.Name, list)
		}
		code, shown, said := run(r.Name)
		if code != exitOK || !strings.Contains(shown, r.example()) || !strings.Contains(shown, r.section()) {
			t.Errorf("%s: %d %s%s", r.Name, code, said, shown)
		}
		for _, p := range r.Parameters {
			if !strings.Contains(shown, p.About) {
				t.Errorf("%s does not explain %s", r.Name, p.Name)
			}
		}
	}
	if code, _, said := run("hackernew"); code != exitFailed || !strings.Contains(said, `did you mean "hackernews"?`) {
		t.Errorf("%d %s", code, said)
	}
}

// The keys of a listener replace those of its recipe, field by field.
func TestRecipeOverrides(t *testing.T) {
	c, err := parseConfig("f.yaml", []byte("state: ./s\nbrands: [{name: acme, query: acme}]\nlisteners:\n"+
		"  - {name: hn, type: recipe/hackernews, tags: comment, every: 7m, search: {terms: [acme toys]}, mapping: {place: '\"here\"'}}\n"), environ(nil))
	if err != nil {
		t.Fatal(err)
	}
	var config poll.Config
	if err := c.Listeners[0].Decode(&config); err != nil {
		t.Fatal(err)
	}
	if config.Every != 7*time.Minute || config.Mapping.Place != `"here"` || config.Mapping.ID != "objectID" || !strings.Contains(config.URL, "tags=comment&") {
		t.Errorf("%+v", config)
	}
	parts, err := c.Listeners[0].open(c.setup(c.Listeners[0], &listeners.Network{Client: &http.Client{}}, nothingRuns(), zap.NewNop()))
	if err != nil || len(parts) != 1 || parts[0].Name != "acme toys" {
		t.Errorf("%v, %v", parts, err)
	}
}
