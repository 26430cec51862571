package story

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"earshot"
)

//go:embed story.yaml posts/*.yaml
var files embed.FS

// Config is the configuration of the daemon that listens to the tale, with
// ${STATE}, ${BUS}, ${FEEDS} and ${EVERY} to be filled in.
//
//go:embed earshot.yaml
var Config string

// Files is the tale as it is embedded: story.yaml and one file a chapter in posts.
func Files() fs.FS { return files }

// index is story.yaml.
type index struct {
	Brand    string        `yaml:"brand"`
	Length   time.Duration `yaml:"length"`
	Feeds    []Feed        `yaml:"feeds"`
	Chapters []string      `yaml:"chapters"`
}

// chapter is one file in posts.
type chapter struct {
	Name    string  `yaml:"chapter"`
	About   string  `yaml:"about"`   // for who reads the file
	In      string  `yaml:"in"`      // feed of posts that name none
	From    float64 `yaml:"from"`    // seconds; posts that name no time are spread …
	Until   float64 `yaml:"until"`   // … evenly between the two
	Matches bool    `yaml:"matches"` // for posts that do not say
	Posts   []post  `yaml:"posts"`
}

// post is a step as it is written down.
type post struct {
	At      *float64      `yaml:"at"`
	In      string        `yaml:"in"`
	ID      string        `yaml:"id"`
	By      string        `yaml:"by"` // name, @handle or both
	Lang    string        `yaml:"lang"`
	Title   string        `yaml:"title"`
	Text    string        `yaml:"text"`
	Link    string        `yaml:"link"`
	Reply   string        `yaml:"reply"`
	Days    int           `yaml:"days_old"`
	Matches *bool         `yaml:"matches"`
	Case    string        `yaml:"case"`
	Edit    string        `yaml:"edit"`   // ID of the post it changes
	Delete  string        `yaml:"delete"` // ID of the post it takes back
	Expect  []Expectation `yaml:"expect"`
}

// Read reads and checks a tale laid out as Files is.
func Read(fsys fs.FS) (*Story, error) {
	var idx index
	if err := decode(fsys, "story.yaml", &idx); err != nil {
		return nil, err
	}
	b := builder{
		story: &Story{Brand: idx.Brand, Length: idx.Length, Feeds: idx.Feeds},
		posts: map[string]Step{},
	}
	for _, name := range idx.Chapters {
		file := path.Join("posts", name+".yaml")
		var ch chapter
		if err := decode(fsys, file, &ch); err != nil {
			return nil, err
		}
		if err := b.add(name, ch); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
	}
	slices.SortStableFunc(b.story.Steps, func(x, y Step) int { return cmp.Compare(x.At, y.At) })
	return b.story, b.checkOrder()
}

func decode(fsys fs.FS, name string, into any) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("reading the story: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(data, into, yaml.Strict()); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// builder turns chapters into steps.
type builder struct {
	story *Story
	posts map[string]Step // by ID, as last written
}

func (b *builder) add(file string, ch chapter) error {
	for i, p := range ch.Posts {
		at := ch.From + (ch.Until-ch.From)*float64(i)/float64(len(ch.Posts))
		if p.At != nil {
			at = *p.At
		}
		if p.ID == "" {
			p.ID = fmt.Sprintf("%s-%d", file, i+1)
		}
		step, err := b.step(ch, p)
		if err != nil {
			return fmt.Errorf("post %d: %w", i+1, err)
		}
		step.At = time.Duration(at * float64(time.Second))
		if err := b.check(step); err != nil {
			return fmt.Errorf("post %d (%s): %w", i+1, step.ID, err)
		}
		b.posts[step.ID] = step
		b.story.Steps = append(b.story.Steps, step)
	}
	return nil
}

// step makes the step that p describes; an edit keeps what it does not change.
func (b *builder) step(ch chapter, p post) (Step, error) {
	if id := cmp.Or(p.Edit, p.Delete); id != "" {
		step, ok := b.posts[id]
		if !ok {
			return Step{}, fmt.Errorf("post %q is changed before it is written", id)
		}
		step.Does = earshot.Edited
		step.Title, step.Text = cmp.Or(p.Title, step.Title), cmp.Or(p.Text, step.Text)
		if p.Delete != "" {
			step.Does = earshot.Deleted
		}
		step.Expect = p.Expect
		return step, nil
	}
	feed, err := b.feed(cmp.Or(p.In, ch.In))
	if err != nil {
		return Step{}, err
	}
	if _, taken := b.posts[p.ID]; taken {
		return Step{}, fmt.Errorf("ID %q is taken", p.ID)
	}
	step := Step{
		Does: earshot.New, Chapter: ch.Name, Feed: feed, ID: p.ID,
		Lang: p.Lang, Title: p.Title, Text: strings.TrimSpace(p.Text), Link: p.Link, Reply: p.Reply,
		Age: time.Duration(p.Days) * 24 * time.Hour, Matches: ch.Matches, Case: p.Case, Expect: p.Expect,
	}
	if p.Matches != nil {
		step.Matches = *p.Matches
	}
	step.Name, step.Handle = author(p.By)
	return step, nil
}

// author splits "Anna Lund @anna" into name and handle.
func author(by string) (name, handle string) {
	if i := strings.IndexByte(by, '@'); i >= 0 {
		return strings.TrimSpace(by[:i]), by[i:]
	}
	return by, ""
}

func (b *builder) feed(name string) (Feed, error) {
	i := slices.IndexFunc(b.story.Feeds, func(f Feed) bool { return f.Name == name })
	if i < 0 {
		return Feed{}, fmt.Errorf("feed %q is not in story.yaml", name)
	}
	return b.story.Feeds[i], nil
}

func (b *builder) check(s Step) error {
	if s.At < 0 || s.At >= b.story.Length {
		return fmt.Errorf("happens at %s, outside the story of %s", s.At, b.story.Length)
	}
	if s.Text == "" || s.Name+s.Handle == "" || s.Lang == "" {
		return fmt.Errorf("text, by and lang are needed")
	}
	if parent, ok := b.posts[s.Reply]; s.Reply != "" && (!ok || parent.Feed != s.Feed) {
		return fmt.Errorf("answers %q, which is not written yet in its feed", s.Reply)
	}
	if s.Does == earshot.Deleted && s.Feed.Format != Atom {
		return fmt.Errorf("only an atom feed can tell that a post was taken back")
	}
	if len(s.Expect) > 0 && s.Case == "" {
		return fmt.Errorf("expects alerts but names no case")
	}
	for _, e := range s.Expect {
		if e.Team == "" || e.Why == "" || !slices.Contains(earshot.Kinds(), e.Kind) || !slices.Contains(earshot.BandNames(), e.Urgency) {
			return fmt.Errorf("expectation %+v is not an alert", e)
		}
	}
	return nil
}

// checkOrder makes sure that no post is changed, answered or taken back before
// its time: the order of the files is not the order of events.
func (b *builder) checkOrder() error {
	written := map[string]bool{}
	for _, s := range b.story.Steps {
		if s.Does != earshot.New && !written[s.ID] {
			return fmt.Errorf("post %q is %s before it is written", s.ID, s.Does)
		}
		if s.Reply != "" && !written[s.Reply] {
			return fmt.Errorf("post %q answers %q before that is written", s.ID, s.Reply)
		}
		written[s.ID] = true
	}
	return nil
}
