package mail

import (
	"strings"

	gomail "github.com/emersion/go-message/mail"
)

// Kinds of mail that no person wrote to be read, flags of their mentions.
const (
	autoReply = "auto_reply" // an absence note and the like
	automatic = "automatic"  // made by a program: a form, an order, a report
	bounce    = "bounce"     // a mail that could not be delivered
	list      = "list"       // from a mailing list or newsletter
)

func kinds() []string { return []string{autoReply, automatic, bounce, list} }

// kindsOf tells them by the headers that RFC 3834, RFC 3464 and RFC 2919 ask for,
// and by what programs write that do not know them.
func kindsOf(header *gomail.Header) []string {
	var found []string
	submitted := ""
	if said := strings.FieldsFunc(strings.ToLower(header.Get("Auto-Submitted")), func(c rune) bool { return strings.ContainsRune(" \t;(", c) }); len(said) > 0 {
		submitted = said[0]
	}
	precedence := strings.ToLower(strings.TrimSpace(header.Get("Precedence")))
	switch {
	case isBounce(header):
		found = append(found, bounce)
	case submitted == "auto-replied", precedence == "auto_reply", header.Has("X-Autoreply"), header.Has("X-Autorespond"):
		found = append(found, autoReply)
	case submitted != "" && submitted != "no":
		found = append(found, automatic)
	}
	if header.Has("List-Id") || header.Has("List-Unsubscribe") || precedence == "bulk" || precedence == "list" || precedence == "junk" {
		found = append(found, list)
	}
	return found
}

func isBounce(header *gomail.Header) bool {
	kind, params, _ := header.ContentType() // what cannot be read is no report
	if kind == "multipart/report" {
		report := strings.ToLower(params["report-type"])
		return report == "delivery-status" || report == ""
	}
	from, _, _ := strings.Cut(author(header).Handle, "@")
	return header.Has("X-Failed-Recipients") ||
		from == "mailer-daemon" && strings.TrimSpace(header.Get("Return-Path")) == "<>"
}
