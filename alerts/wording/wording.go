// Package wording says alerts in words for people: title, text and HTML, in the
// language of a team, by templates that come with earshot or are the team's own. What
// strangers wrote is quoted so that it can neither break a line nor disguise itself.
// It sends nothing: that is what the sinks of alerts do.
package wording

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	text "text/template"
	"time"

	"earshot"
)

//go:embed templates words
var builtin embed.FS

// Options say how alerts are worded.
type Options struct {
	Team     string
	Language string // one of Languages; empty for English
	Zone     string // of times, as in Europe/Berlin; empty for UTC
	Dir      string // of templates that take the place of those that come with earshot; empty for none
}

// Languages are those that the fixed words are there in.
func Languages() []string { return []string{"da", "de", "en", "es", "fr"} }

// Names are the templates there are: a title of one line, and a body as text and HTML,
// for one alert and for a digest of many.
func Names() []string {
	return []string{"title.txt", "body.txt", "body.html", "digest-title.txt", "digest.txt", "digest.html"}
}

// maxTemplate is the size of the largest template that is read, in bytes.
const maxTemplate = 1 << 20

// Wording words alerts for one team. It may be used concurrently.
type Wording struct {
	words   map[string]string
	english map[string]string
	zone    *time.Location
	own     map[string]executor // what the team uses
	usual   map[string]executor // what comes with earshot, for when the other fails
}

type executor interface {
	Execute(to *bytes.Buffer, data any) error
}

type textTemplate struct{ *text.Template }

func (t textTemplate) Execute(to *bytes.Buffer, data any) error { return t.Template.Execute(to, data) }

type htmlTemplate struct{ *html.Template }

func (t htmlTemplate) Execute(to *bytes.Buffer, data any) error { return t.Template.Execute(to, data) }

// New reads words and templates and tries them out. It always returns a Wording: with
// problems, it words what it can as earshot usually does.
func New(o Options) (*Wording, earshot.Problems) {
	w := &Wording{zone: time.UTC, own: map[string]executor{}, usual: map[string]executor{}}
	var problems earshot.Problems
	w.english = readWords("en")
	w.words = w.english
	switch {
	case o.Language == "":
	case slices.Contains(Languages(), o.Language):
		w.words = readWords(o.Language)
	default:
		problems = append(problems, earshot.Problem{Path: "lang", What: fmt.Sprintf("there are no words in %q", o.Language), Hint: "one of " + strings.Join(Languages(), ", ")})
	}
	if zone, err := time.LoadLocation(o.Zone); err == nil && o.Zone != "Local" {
		w.zone = zone
	} else {
		problems = append(problems, earshot.Problem{Path: "zone", What: fmt.Sprintf("there is no time zone %q", o.Zone), Hint: "such as Europe/Berlin"})
	}
	for _, name := range Names() {
		source, err := fs.ReadFile(builtin, "templates/"+name)
		if err == nil {
			w.usual[name], err = w.parse(name, string(source))
		}
		if err != nil {
			panic(fmt.Sprintf("wording: %v", err)) // what comes with earshot is tested
		}
		w.own[name] = w.usual[name]
		if err := w.replace(name, o); err != nil {
			problems = append(problems, earshot.Problem{Path: "templates", What: err.Error(), Hint: "earshot sinks preview shows what comes of it"})
			w.own[name] = w.usual[name]
		}
	}
	return w, problems
}

func readWords(language string) map[string]string {
	words := map[string]string{}
	data, err := fs.ReadFile(builtin, "words/"+language+".json")
	if err == nil {
		err = json.Unmarshal(data, &words)
	}
	if err != nil {
		panic(fmt.Sprintf("wording: reading the words of %s: %v", language, err)) // what comes with earshot is tested
	}
	return words
}

// replace takes the template of the folder that fits best, if there is one: of the
// team and language, of the team, of the language, for all.
func (w *Wording) replace(name string, o Options) error {
	if o.Dir == "" {
		return nil
	}
	for _, prefix := range []string{o.Team + "." + o.Language + ".", o.Team + ".", o.Language + ".", ""} {
		path := filepath.Join(o.Dir, prefix+name)
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err == nil && (!info.Mode().IsRegular() || info.Size() > maxTemplate):
			return fmt.Errorf("%s is no file of at most 1 MiB", path)
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading a template: %w", err)
		}
		t, err := w.parse(filepath.Base(path), string(source))
		if err != nil {
			return fmt.Errorf("reading template %s: %w", path, err)
		}
		for _, sample := range w.samples(name) {
			if err := t.Execute(new(bytes.Buffer), sample); err != nil {
				return fmt.Errorf("trying template %s: %w", path, err)
			}
		}
		w.own[name] = t
		return nil
	}
	return nil
}

func (w *Wording) parse(name, source string) (executor, error) {
	functions := map[string]any{"word": w.Word, "indent": indent, "time": w.Time}
	if strings.HasSuffix(name, ".html") {
		t, err := html.New(name).Funcs(functions).Parse(source)
		return htmlTemplate{t}, err
	}
	t, err := text.New(name).Funcs(functions).Parse(source)
	return textTemplate{t}, err
}

// Word is a fixed word in the language, in English where that has none.
func (w *Wording) Word(key string) string {
	if word := w.words[key]; word != "" {
		return word
	}
	if word := w.english[key]; word != "" {
		return word
	}
	return key
}

// Time is a moment in the zone, empty for no moment.
func (w *Wording) Time(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(w.zone).Format("2006-01-02 15:04 MST")
}

// execute runs a template, or the usual one where the team's own fails.
func (w *Wording) execute(name string, data any) string {
	var b bytes.Buffer
	if err := w.own[name].Execute(&b, data); err == nil {
		return b.String()
	}
	b.Reset()
	if err := w.usual[name].Execute(&b, data); err != nil {
		return "" // tested: what comes with earshot fails for no alert
	}
	return b.String()
}

// maxTitle is the length of a title in runes.
const maxTitle = 160

// Title is one line.
func (w *Wording) Title(v View) string { return Line(w.execute("title.txt", v), maxTitle) }

// Text is what plain e-mail says.
func (w *Wording) Text(v View) string { return w.execute("body.txt", v) }

// HTML is the same for those who read HTML; everything in it is escaped.
func (w *Wording) HTML(v View) string { return w.execute("body.html", v) }

// Digest is what many alerts are, for templates.
type Digest struct {
	Views []View
	Test  bool
}

// Digest words many alerts at once: title, text and HTML.
func (w *Wording) Digest(d Digest) (title, plain, rich string) {
	return Line(w.execute("digest-title.txt", d), maxTitle), w.execute("digest.txt", d), w.execute("digest.html", d)
}

func indent(prefix, s string) string {
	return prefix + strings.ReplaceAll(s, "\n", "\n"+prefix)
}

// Zone is the one that times are told in.
func (w *Wording) Zone() *time.Location { return w.zone }
