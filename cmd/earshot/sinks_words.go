package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
	"earshot/cmd/earshot/strict"
)

// wordingOf is how a sink words its alerts: as it says itself, or else as its team does.
func (c *Config) wordingOf(common sinkCommon) wording.Options {
	o := wording.Options{Team: common.Team, Language: common.Lang, Zone: common.Zone, Dir: c.Templates}
	i := slices.IndexFunc(c.Teams, func(t alerts.Team) bool { return t.Name == common.Team })
	if i < 0 {
		return o
	}
	// What is wrong with the team's own has been said where the team is.
	team := c.Teams[i]
	if o.Language == "" && slices.Contains(wording.Languages(), team.Lang) {
		o.Language = team.Lang
	}
	if o.Zone == "" && !team.Hours.Check("").Fatal() {
		o.Zone = team.Hours.Zone
	}
	return o
}

// templates looks at the folder with templates of their own. A file that nobody would
// ever use is a mistake in its name.
func (l *loader) templates() {
	dir := l.file.Templates
	if dir == "" {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.problem("templates", "there is no such folder", "name the folder with your own templates, or leave the key out")
		return
	}
	l.config.Templates = dir
	if !l.teamsKnown() {
		return
	}
	known := templateNames(append([]string{earshot.Ops}, l.teamNames()...))
	for _, e := range entries {
		name := e.Name()
		if extension := filepath.Ext(name); extension != ".txt" && extension != ".html" || slices.Contains(known, name) {
			continue
		}
		hint := "TEAM.LANG.NAME, TEAM.NAME, LANG.NAME or NAME, with NAME one of " + strings.Join(wording.Names(), ", ")
		if meant := strict.Suggest(name, known); strings.HasPrefix(meant, "did you mean") {
			hint = meant
		}
		l.problem("templates", fmt.Sprintf("nobody uses the template %s", name), hint)
	}
}

// templateNames are all names that a template may have.
func templateNames(teams []string) []string {
	prefixes := []string{""}
	for _, language := range wording.Languages() {
		prefixes = append(prefixes, language+".")
	}
	for _, team := range teams {
		prefixes = append(prefixes, team+".")
		for _, language := range wording.Languages() {
			prefixes = append(prefixes, team+"."+language+".")
		}
	}
	var all []string
	for _, name := range wording.Names() {
		for _, prefix := range prefixes {
			all = append(all, prefix+name)
		}
	}
	return all
}

// wordsStamp changes whenever the words of a sink do: language, zone or templates.
func wordsStamp(o wording.Options) string {
	stamp := o.Language + " " + o.Zone
	entries, err := os.ReadDir(o.Dir)
	if o.Dir == "" || err != nil {
		return stamp
	}
	var b strings.Builder
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			fmt.Fprintf(&b, "%s %d %s\n", e.Name(), info.Size(), info.ModTime())
		}
	}
	return stamp + " " + earshot.Key(b.String())
}
