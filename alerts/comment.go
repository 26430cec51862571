package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"earshot"
)

// leastOwn is how many words of their own somebody adds who says something, and
// lettersOfWord how many letters count as one where none are marked off.
const (
	leastOwn      = 4
	lettersOfWord = 3
)

// comments finds out whether who shares something says something of their own with
// it. Then it is theirs, as a post is: they may ask for what the author of the
// original did not.
func (b *batch) comments(ctx context.Context, s *earshot.Stored, h *homes, routes []earshot.Route) error {
	m := &s.Mention
	if m.RepostOf == "" || m.Text == "" || !slices.ContainsFunc(routes, func(r earshot.Route) bool { return r.Kind == earshot.KindCustomer }) {
		return nil
	}
	original, err := b.engine.log.Mention(ctx, s.Brand, earshot.Key(m.RepostOf))
	if err != nil && !errors.Is(err, earshot.ErrNotFound) {
		return fmt.Errorf("reading mention %s: %w", m.RepostOf, err)
	}
	if h.comment = adds(m.Text, original.Mention.Title+" "+original.Mention.Text); h.comment {
		h.author = m.AuthorKey()
	}
	return nil
}

// adds reports whether somebody who repeats a text says more than it does. Of a
// text that is not known, what stands before RT is theirs.
func adds(said, original string) bool {
	original = strings.TrimSpace(original)
	if original == "" {
		before, _, marked := strings.Cut(said, "RT @")
		return marked && own(before, nil) >= leastOwn
	}
	known := map[string]bool{"rt": true, "via": true, "fwd": true}
	for word := range strings.FieldsFuncSeq(strings.ToLower(original), isGap) {
		known[word] = true
	}
	return own(strings.ReplaceAll(said, original, " "), known) >= leastOwn
}

// own counts the words of a text that are not known, but for handles and links.
func own(text string, known map[string]bool) int {
	n := 0
	for field := range strings.FieldsSeq(strings.ToLower(text)) {
		if strings.HasPrefix(field, "@") || strings.Contains(field, "://") {
			continue
		}
		for word := range strings.FieldsFuncSeq(field, isGap) {
			first, _ := utf8.DecodeRuneInString(word)
			switch {
			case known[word]:
			case isUnspaced(first):
				n += utf8.RuneCountInString(word) / lettersOfWord
			default:
				n++
			}
		}
	}
	return n
}
