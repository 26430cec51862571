package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"earshot/listeners/markup"
)

// withoutQuotes returns HTML without the elements in which mail programs put what
// is quoted, signatures and what nobody is to see. What is forwarded stays.
func withoutQuotes(source string) string {
	s := &sieve{}
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		kind := z.Next()
		raw := string(z.Raw())
		if kind == html.ErrorToken {
			s.write(raw)
			return s.end()
		}
		if kind == html.StartTagToken || kind == html.EndTagToken || kind == html.SelfClosingTagToken {
			s.tag(z, kind, raw)
			continue
		}
		s.write(raw)
	}
}

// sieve copies HTML but for one element at a time, whatever is in it.
type sieve struct {
	out    strings.Builder
	held   strings.Builder // the element, until it is known to be no forwarded mail
	inside atom.Atom       // what is left out; 0 for nothing
	what   reason
	depth  int // of elements of the same name within it
	looked int // elements that were looked into
}

// reason is why an element is left out.
type reason int

const (
	kept   reason = iota
	quoted        // the mail that is answered
	unread        // a signature, the title, what nobody sees
	below         // a mark, below which everything is the mail that is answered
)

func (s *sieve) write(raw string) {
	if s.inside == 0 {
		s.out.WriteString(raw)
		return
	}
	if s.what != unread {
		s.held.WriteString(raw)
	}
}

func (s *sieve) tag(z *html.Tokenizer, kind html.TokenType, raw string) {
	name := markup.TagOf(z)
	switch {
	case s.inside == 0 && kind == html.StartTagToken && opens(name):
		if what := reasonOf(name, markup.Attributes(z)); what != kept {
			s.inside, s.what, s.depth = name, what, 0
			s.held.Reset()
		}
	case s.inside == 0 || s.what == below || name != s.inside:
	case kind == html.StartTagToken:
		s.depth++
	case kind == html.EndTagToken && s.depth > 0:
		s.depth--
	case kind == html.EndTagToken:
		s.write(raw)
		s.leave()
		return
	}
	s.write(raw)
}

// opens reports whether an element is one that programs quote, sign or hide in.
func opens(name atom.Atom) bool {
	switch name {
	case atom.Blockquote, atom.Div, atom.Pre, atom.Span, atom.Title, atom.P, atom.Table:
		return true
	}
	return false
}

func (s *sieve) leave() {
	s.inside = 0
	if s.what != unread && s.isForward() {
		s.out.WriteString(s.held.String())
	}
	s.held.Reset()
}

// isForward looks for the words of a forwarded mail at the beginning of what was
// left out.
func (s *sieve) isForward() bool {
	const enough, lines, most = 4 << 10, 3, 20
	if s.looked++; s.looked > most {
		return false
	}
	beginning := s.held.String()
	beginning = markup.Render(beginning[:min(len(beginning), enough)], nil).Text
	for i, line := range strings.Split(beginning, "\n") {
		if i < lines && forwarded.MatchString(line) {
			return true
		}
	}
	return false
}

func (s *sieve) end() string {
	if s.inside != 0 {
		s.leave()
	}
	return s.out.String()
}

// reasonOf tells by the marks of Gmail, Apple Mail, Outlook, Thunderbird, Yahoo and
// others what an element is for.
func reasonOf(name atom.Atom, attr map[string]string) reason {
	id, class, style := attr["id"], " "+attr["class"]+" ", strings.ReplaceAll(strings.ToLower(attr["style"]), " ", "")
	has := func(in string, marks ...string) bool {
		for _, mark := range marks {
			if strings.Contains(in, mark) {
				return true
			}
		}
		return false
	}
	switch {
	case name == atom.Title, has(style, "display:none", "mso-hide:all"):
		return unread
	case id == "divRplyFwdMsg", id == "appendonsend", id == "OLK_SRC_BODY_SECTION", id == "mail-editor-reference-message-container":
		return below
	case has(class, "gmail_signature", "moz-signature", "yahoo_signature", "protonmail_signature_block", "tutanota_signature"),
		strings.EqualFold(id, "signature"), strings.HasPrefix(id, "ms-outlook-mobile-signature"):
		return unread
	case has(class, "gmail_quote ", "gmail_quote_container", "yahoo_quoted", "protonmail_quote", "tutanota_quote", "zmail_extra", "moz-cite-prefix"):
		return quoted
	case name == atom.Blockquote && (strings.EqualFold(attr["type"], "cite") || attr["cite"] != ""):
		return quoted
	}
	return kept
}
