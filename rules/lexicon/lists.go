package lexicon

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"earshot/rules/text"
)

// Lists are the word lists of several languages: which phrases there are, and what
// each of them means. They are immutable and safe for concurrent use.
type Lists[M comparable] struct {
	table    Table
	meanings [][]M // by phrase
}

// ReadLists reads the lists words/LANGUAGE.txt. mean says what a phrase under a
// heading means; what a phrase is said to mean twice it means once. It panics on
// files that are no lists: they are part of the program.
func ReadLists[M comparable](files fs.FS, mean func(lang string, heading []string, phrase string) M) *Lists[M] {
	all, err := fs.Glob(files, "words/*.txt")
	if err != nil {
		panic(err)
	}
	l := &Lists[M]{}
	for _, name := range all {
		list, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err)
		}
		lang := strings.TrimSuffix(path.Base(name), ".txt")
		for _, e := range Read(string(list)) {
			for _, phrase := range e.Phrases {
				l.add(phrase, mean(lang, e.Heading, phrase))
			}
		}
	}
	l.table.Freeze()
	return l
}

func (l *Lists[M]) add(phrase string, meaning M) {
	p := l.table.Add(text.Fold(phrase))
	for len(l.meanings) <= p {
		l.meanings = append(l.meanings, nil)
	}
	if !slices.Contains(l.meanings[p], meaning) {
		l.meanings[p] = append(l.meanings[p], meaning)
	}
}

// Find is Table.Find.
func (l *Lists[M]) Find(in *text.Tokens, i int, means func(phrase, i, n int) bool) (phrase, n int) {
	return l.table.Find(in, i, means)
}

// Meanings are what a phrase means, in the order of the files. They must not be
// changed.
func (l *Lists[M]) Meanings(phrase int) []M { return l.meanings[phrase] }
