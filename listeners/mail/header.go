package mail

import (
	"bufio"
	"bytes"
	"mime"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	gomail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"

	"earshot"
)

const (
	maxHeader = 256 << 10 // bytes of the header of a mail, or of a part of it, that are read
	maxFields = 1000
)

// splitHeader parts a mail, or a part of one, into its header and its body. The
// library refuses a header with a line that is none, as mbox files, virus scanners
// and bad programs write them: such lines are left out.
func splitHeader(raw []byte) (message.Header, []byte) {
	var good bytes.Buffer
	fields, inField := 0, false
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			raw = rest
			break
		}
		name, _, isField := bytes.Cut(line, []byte(":"))
		isField = isField && isFieldName(bytes.TrimRight(name, " \t"))
		continues := line[0] == ' ' || line[0] == '\t'
		if !isField && !continues && fields > 0 && looksLikeBody(line) {
			break // somebody forgot the empty line
		}
		raw = rest
		if isField {
			fields++
		}
		inField = (isField || continues && inField) && fields <= maxFields && good.Len()+len(line) < maxHeader
		if inField {
			good.Write(line)
			good.WriteString("\r\n")
		}
	}
	good.WriteString("\r\n")
	h, err := textproto.ReadHeader(bufio.NewReader(&good))
	if err != nil {
		return message.Header{}, raw // unreachable: every line is a field or continues one
	}
	return message.Header{Header: h}, raw
}

func isFieldName(name []byte) bool {
	return len(name) > 0 && !bytes.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f })
}

func looksLikeBody(line []byte) bool {
	return bytes.HasPrefix(line, []byte("<")) || bytes.HasPrefix(line, []byte("--"))
}

// words returns a header field that people read, decoded.
func words(header *gomail.Header, name string) string {
	return strings.Join(strings.Fields(decodeWords(header.Get(name))), " ")
}

// decodeWords decodes the encoded words of RFC 2047, and what was written without
// being encoded.
func decodeWords(s string) string {
	decoder := mime.WordDecoder{CharsetReader: charsetReader}
	s = guess([]byte(s), "")
	if decoded, err := decoder.DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}

// address finds one in what is no list of addresses by the book.
var address = regexp.MustCompile(`[^\s<>()",;:@]+@[^\s<>()",;:@]+`)

// addresses returns who a field names.
func addresses(header *gomail.Header, name string) []netmail.Address {
	value := header.Get(name)
	const longest = 64 << 10
	value = guess([]byte(value[:min(len(value), longest)]), "")
	parser := netmail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: charsetReader}}
	if list, err := parser.ParseList(value); err == nil {
		found := make([]netmail.Address, 0, len(list))
		for _, a := range list {
			found = append(found, *a)
		}
		return found
	}
	const most = 100
	var found []netmail.Address
	for i, at := range address.FindAllStringIndex(value, most) {
		a := netmail.Address{Address: value[at[0]:at[1]]}
		if i == 0 {
			a.Name = strings.Trim(decodeWords(value[:at[0]]), " \t\"'<,;:")
		}
		found = append(found, a)
	}
	return found
}

// author is who wrote the mail. Handles are addresses, in lower case, since that is
// how people mean them.
func author(header *gomail.Header) earshot.Author {
	for _, field := range []string{"From", "Sender", "Return-Path"} {
		for _, a := range addresses(header, field) {
			if a.Address != "" {
				return earshot.Author{Handle: strings.ToLower(a.Address), Name: strings.Join(strings.Fields(a.Name), " ")}
			}
		}
	}
	return earshot.Author{}
}

func recipients(header *gomail.Header) []string {
	const most = 50
	var to []string
	for _, field := range []string{"To", "Cc"} {
		for _, a := range addresses(header, field) {
			if handle := strings.ToLower(a.Address); handle != "" && !slices.Contains(to, handle) && len(to) < most {
				to = append(to, handle)
			}
		}
	}
	return to
}

// language is the first that the mail claims to be in (RFC 3282).
func language(header *gomail.Header) string {
	tag, _, _ := strings.Cut(header.Get("Content-Language"), ",")
	tag = strings.TrimSpace(tag)
	if len(tag) < 2 || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		return ""
	}
	return tag
}
