package mail

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/emersion/go-message"

	"earshot"
	"earshot/listeners/markup"
)

// Bounds of what one mail can make us do.
const (
	maxDepth       = 20 // of parts within parts
	maxParts       = 500
	maxAttachments = 50
	maxText        = 1 << 20   // bytes of a part that are decoded
	maxPlain       = 256 << 10 // bytes of it that are read, many times what is kept
)

// content is what a part says to a reader.
type content struct {
	text  string // without what mail programs mark as quoted
	full  string // with it; empty if that is the same
	links []string
	plain bool // it was no HTML
}

// reader reads the parts of a mail. It splits them itself: the library gives up at
// the first part with a bad header, and everything after it would be lost.
type reader struct {
	parts       int
	truncated   bool // the mail goes on beyond what there is of it
	attachments []earshot.Media
	flags       []string
}

func (r *reader) flag(name string) {
	if !slices.Contains(r.flags, name) {
		r.flags = append(r.flags, name)
	}
}

// read returns what a part says, and notes its attachments.
func (r *reader) read(header message.Header, body []byte, depth int) content {
	r.parts++
	kind, params, err := header.ContentType()
	if err != nil || !strings.Contains(kind, "/") {
		kind = plainKind(header)
	}
	boundary := params["boundary"]
	switch {
	case r.parts > maxParts || depth > maxDepth:
		r.flag("cut")
		return content{}
	case kind == "multipart/encrypted", kind == "application/pkcs7-mime" && params["smime-type"] != "signed-data":
		r.flag("encrypted")
		return content{}
	case strings.HasPrefix(kind, "multipart/") && boundary != "":
		return r.readParts(kind, split(body, boundary), depth+1)
	}
	if name, attached := attachment(header, kind, params); attached {
		if name != shown {
			r.attach(name, kind)
		}
		return content{}
	}
	text := r.decode(header, body, params["charset"])
	if kind == "text/html" || kind == "application/xhtml+xml" {
		return r.render(text)
	}
	return content{text: withLineFeeds(text[:min(len(text), maxPlain)]), plain: true}
}

// plainKind is what a part without a readable type is: RFC 2045 says text.
func plainKind(header message.Header) string {
	if strings.Contains(strings.ToLower(header.Get("Content-Type")), "html") {
		return "text/html"
	}
	return "text/plain"
}

func (r *reader) readParts(kind string, parts [][]byte, depth int) content {
	var all []content
	for _, part := range parts {
		header, body := splitHeader(part)
		if c := r.read(header, body, depth); strings.TrimSpace(whole(c)) != "" {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return content{}
	}
	if kind == "multipart/alternative" {
		// Plain text says what is quoted, and has no tricks. Else the last is the
		// richest (RFC 2046, 5.1.4).
		if i := slices.IndexFunc(all, func(c content) bool { return c.plain }); i >= 0 {
			return all[i]
		}
		return all[len(all)-1]
	}
	return join(all)
}

func join(all []content) content {
	joined := all[0]
	for _, c := range all[1:] {
		if joined.full != "" || c.full != "" {
			joined.full = whole(joined) + "\n\n" + whole(c)
		}
		joined.text += "\n\n" + c.text
		joined.links = append(joined.links, c.links...)
		joined.plain = joined.plain && c.plain
	}
	return joined
}

// split cuts the body of a multipart at its boundary. What precedes the first and
// follows the last is for programs that do not know parts.
func split(body []byte, boundary string) [][]byte {
	mark := []byte("--" + boundary)
	var parts [][]byte
	begin := -1
	for at := 0; at < len(body); {
		line := body[at:]
		next := len(body)
		if end := bytes.IndexByte(line, '\n'); end >= 0 {
			line, next = line[:end], at+end+1
		}
		if rest, ok := bytes.CutPrefix(line, mark); ok {
			if tail := bytes.TrimRight(rest, " \t\r"); len(tail) == 0 || string(tail) == "--" {
				if begin >= 0 {
					parts = append(parts, bytes.TrimSuffix(bytes.TrimSuffix(body[begin:at], []byte("\n")), []byte("\r")))
				}
				begin = next
				if len(tail) > 0 || len(parts) > maxParts {
					return parts
				}
			}
		}
		at = next
	}
	if begin >= 0 && begin < len(body) {
		parts = append(parts, body[begin:])
	}
	return parts
}

// decode undoes a part's transfer encoding and character set, as far as it goes.
func (r *reader) decode(header message.Header, body []byte, charset string) string {
	plain := message.Header{}
	plain.Set("Content-Transfer-Encoding", strings.TrimSpace(header.Get("Content-Transfer-Encoding")))
	entity, err := message.New(plain, bytes.NewReader(body))
	if err != nil { // an encoding that nobody knows: it is mostly none
		r.flag("garbled")
	}
	text, err := io.ReadAll(io.LimitReader(entity.Body, maxText+1))
	switch {
	case err != nil && r.truncated && errors.Is(err, io.ErrUnexpectedEOF):
		r.flag("truncated")
	case err != nil:
		r.flag("garbled")
	}
	if len(text) > maxText {
		text = text[:maxText]
		r.flag("cut")
	}
	return guess(text, charset)
}

func (r *reader) render(html string) content {
	reply := withoutQuotes(html)
	c := markup.Render(reply, nil)
	if c.Cut {
		r.flag("cut")
	}
	rendered := content{text: c.Text, links: c.Links}
	if len(reply) != len(html) {
		rendered.full = markup.Render(html, nil).Text
	}
	return rendered
}

func withLineFeeds(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// shown is the name of a picture that is part of the text: "/" is in no other.
const shown = "/"

// attachment returns the name of a part that is not there to be read.
func attachment(header message.Header, kind string, params map[string]string) (name string, attached bool) {
	disposition, more, err := header.ContentDisposition()
	if err != nil {
		disposition, _, _ = strings.Cut(strings.ToLower(header.Get("Content-Disposition")), ";")
		disposition = strings.TrimSpace(disposition)
	}
	name = decodeWords(more["filename"])
	if name == "" {
		name = decodeWords(params["name"])
	}
	if disposition != "attachment" && strings.HasPrefix(kind, "image/") && header.Has("Content-Id") {
		return shown, true
	}
	readable := kind == "text/plain" || kind == "text/html" || kind == "application/xhtml+xml" || kind == "text/enriched" || kind == "text/markdown"
	return name, disposition == "attachment" || !readable || name != "" && disposition == "inline"
}

// attach notes an attachment. Signatures, and pictures that are part of the text,
// are none that a person would miss.
func (r *reader) attach(name, kind string) {
	switch kind {
	case "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "message/delivery-status",
		"message/disposition-notification", "text/rfc822-headers", "text/x-amp-html", "text/calendar", "application/pgp-encrypted":
		if name == "" || strings.HasPrefix(kind, "application/") {
			return
		}
	}
	if name == "" {
		name = nameless(kind)
	}
	if len(r.attachments) < maxAttachments {
		r.attachments = append(r.attachments, earshot.Media{Name: cleanName(name)})
	}
}

func nameless(kind string) string {
	if kind == "message/rfc822" {
		return "message.eml"
	}
	main, _, _ := strings.Cut(kind, "/")
	return main
}

// cleanName is the last element of a name that may be a whole path.
func cleanName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 && i+1 < len(name) {
		name = name[i+1:]
	}
	if plain, err := url.PathUnescape(name); err == nil && strings.Contains(name, "%20") {
		name = plain
	}
	return strings.Join(strings.Fields(name), " ")
}
