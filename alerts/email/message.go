package email

import (
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
)

// letter makes the message about one alert.
func (s *sink) letter(d *alerts.Delivery) (*gomail.Msg, error) {
	view := s.words.View(&d.Alert, d.Test)
	m, err := s.blank(s.words.Title(view), s.words.Text(view), s.words.HTML(view))
	if err != nil {
		return nil, err
	}
	m.SetMessageIDWithValue(s.messageID(d.Alert.ID))
	if d.Before != nil {
		first, last := "<"+s.messageID(d.Before.First)+">", "<"+s.messageID(d.Before.Alert)+">"
		m.SetGenHeader(gomail.HeaderInReplyTo, last)
		if first == last {
			m.SetGenHeaderPreformatted(gomail.HeaderReferences, first)
		} else {
			m.SetGenHeaderPreformatted(gomail.HeaderReferences, first+" "+last)
		}
	}
	if d.Alert.Urgency == earshot.Critical {
		m.SetImportance(gomail.ImportanceHigh)
	}
	m.SetGenHeader("X-Earshot-Alert", wording.Line(d.Alert.ID, 200))
	m.SetGenHeader("X-Earshot-Case", wording.Line(d.Alert.Case, 200))
	return m, nil
}

// letterOfMany makes a digest. Its ID is made of those of all its alerts, so that the
// same digest sent again has the same.
func (s *sink) letterOfMany(all []alerts.Delivery) (*gomail.Msg, error) {
	d := wording.Digest{}
	var ids strings.Builder
	for i := range all {
		d.Views = append(d.Views, s.words.View(&all[i].Alert, all[i].Test))
		ids.WriteString(all[i].Alert.ID + "\n")
	}
	title, plain, rich := s.words.Digest(d)
	m, err := s.blank(title, plain, rich)
	if err != nil {
		return nil, err
	}
	m.SetMessageIDWithValue(s.messageID("digest." + earshot.Key(ids.String())))
	return m, nil
}

// blank makes a message with what all have.
func (s *sink) blank(subject, plain, rich string) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	if err := m.From(s.config.From); err != nil {
		return nil, fmt.Errorf("naming the sender: %w", err)
	}
	if err := m.To(s.config.To...); err != nil {
		return nil, fmt.Errorf("naming who gets a message: %w", err)
	}
	if s.config.ReplyTo != "" {
		if err := m.ReplyTo(s.config.ReplyTo); err != nil {
			return nil, fmt.Errorf("naming where answers go: %w", err)
		}
	}
	m.Subject(subject)
	m.SetDateWithValue(time.Now())
	m.SetUserAgent("earshot")
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday answers to it
	m.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	m.SetBodyString(gomail.TypeTextPlain, plain)
	m.AddAlternativeString(gomail.TypeTextHTML, rich)
	return m, nil
}

// messageID is the alert's ID at the domain of the sender. IDs that would not fit
// (RFC 5322, dot-atom) are hashed.
func (s *sink) messageID(id string) string {
	for _, c := range []byte(id) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' {
			id = earshot.Key(id)
			break
		}
	}
	id = strings.Trim(id, ".")
	if id == "" || len(id) > 120 || strings.Contains(id, "..") {
		id = earshot.Key(id)
	}
	domain := "earshot.invalid"
	if from, err := mail.ParseAddress(s.config.From); err == nil {
		if _, host, ok := strings.Cut(from.Address, "@"); ok && host != "" {
			domain = host
		}
	}
	return id + "@" + domain
}
