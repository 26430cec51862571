package mail

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"earshot"
	"earshot/listeners"
)

// letter is a mail as the server hands it out.
type letter struct {
	uid      imap.UID
	received time.Time // by the server; zero if it does not say
	raw      []byte    // as far as it is fetched; nil once it is read
	cut      bool      // there is more of it
	mention  earshot.Mention
	err      error // why it is no mention
}

// found is a mail that a listing names.
type found struct {
	uid  imap.UID
	size int64
}

const (
	mostListed   = 2000    // mails of one listing that are kept in mind
	listingBytes = 200     // more than a server needs to name a mail
	widest       = 1 << 20 // UIDs that one listing asks for
)

// list returns the mails with the lowest UIDs from first to last, 0 for the end of
// the folder, at most mostListed of them in order.
func (c *session) list(ctx context.Context, first, last imap.UID) ([]found, error) {
	var set imap.UIDSet
	set.AddRange(first, last)
	most := int64(widest)
	if last != 0 {
		most = int64(last-first) + 1
	}
	var all []found
	err := c.within(ctx, func() error {
		c.wire.allow(smallAnswer + listingBytes*most)
		cmd := c.client.Fetch(set, &imap.FetchOptions{UID: true, RFC822Size: true})
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			if f := read(m); f.uid >= first {
				all = lowest(append(all, f), 2*mostListed)
			}
		}
		return cmd.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("listing mails: %w", err)
	}
	return lowest(all, 0), nil
}

// lowest sorts what is listed by UID and keeps the first of them, once there are
// more than patience.
func lowest(all []found, patience int) []found {
	if patience > 0 && len(all) <= patience {
		return all
	}
	slices.SortFunc(all, func(a, b found) int { return int(int64(a.uid) - int64(b.uid)) })
	return all[:min(len(all), mostListed)]
}

func read(m *imapclient.FetchMessageData) found {
	var f found
	for item := m.Next(); item != nil; item = m.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			f.uid = item.UID
		case imapclient.FetchItemDataRFC822Size:
			f.size = item.Size
		}
	}
	return f
}

// fetch returns the mails with the given UIDs, by UID, without marking them. Those
// that are gone, or that the server does not hand out, are not among them.
func (c *session) fetch(ctx context.Context, uids []imap.UID, most int64) (map[imap.UID]letter, error) {
	var set imap.UIDSet
	set.AddNum(uids...)
	letters := map[imap.UID]letter{}
	bytes := int64(len(uids)) * (most + listingBytes)
	err := c.withinReach(ctx, bytes, func() error {
		c.wire.allow(smallAnswer + bytes)
		cmd := c.client.Fetch(set, &imap.FetchOptions{
			UID: true, InternalDate: true,
			BodySection: []*imap.FetchItemBodySection{{Peek: true, Partial: &imap.SectionPartial{Size: most + 1}}},
		})
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			l, err := readLetter(m, most)
			if err != nil {
				return err // and touch nothing: the client may be at work on what follows
			}
			if l.uid != 0 && l.raw != nil {
				l.read()
				letters[l.uid] = l
			}
		}
		return cmd.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("fetching mails: %w", err)
	}
	return letters, nil
}

// read makes a mention of a mail and forgets it, so that many are never in memory
// together.
func (l *letter) read() {
	const kept = 64 << 10 // of a dead letter
	l.mention, l.err = parse(l.raw, l.received, l.cut)
	if l.err == nil {
		l.raw = nil
		return
	}
	l.raw = slices.Clone(l.raw[:min(len(l.raw), kept)])
}

func readLetter(m *imapclient.FetchMessageData, most int64) (letter, error) {
	var l letter
	for item := m.Next(); item != nil; item = m.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			l.uid = item.UID
		case imapclient.FetchItemDataInternalDate:
			l.received = item.Time
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			raw, err := readRaw(item.Literal, most)
			if err != nil {
				return l, err
			}
			if l.raw == nil {
				l.raw, l.cut = raw, item.Literal.Size() > most
			}
		}
	}
	return l, nil
}

// readRaw reads the beginning of a mail, and the rest away. The client takes a
// connection that ends too early for the end of the mail.
func readRaw(from imap.LiteralReader, most int64) ([]byte, error) {
	size := from.Size()
	raw, err := io.ReadAll(io.LimitReader(from, min(size, most)))
	if err == nil && int64(len(raw)) < min(size, most) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	rest, err := io.Copy(io.Discard, from)
	if err == nil && int64(len(raw))+rest < size {
		err = io.ErrUnexpectedEOF
	}
	return raw, err
}

// placeAt returns the place before the first mail received at since or later.
func (c *session) placeAt(ctx context.Context, box *imap.SelectData, since time.Time) (place, error) {
	p := place{Version: placeVersion, Validity: box.UIDValidity}
	if box.UIDNext > 0 {
		p.UID = box.UIDNext - 1
	}
	var data *imap.SearchData
	err := c.within(ctx, func() error {
		c.wire.allow(64 * smallAnswer)
		var err error
		// Servers compare days, in a zone of their own.
		data, err = c.client.UIDSearch(&imap.SearchCriteria{Since: since.AddDate(0, 0, -1)}, nil).Wait()
		return err
	})
	if err != nil {
		return p, fmt.Errorf("searching the folder: %w", err)
	}
	set, ok := data.All.(imap.UIDSet)
	if !ok {
		return p, fmt.Errorf("searching the folder: %w: not the UIDs that were asked for", listeners.ErrMalformed)
	}
	for _, r := range set {
		if r.Start > 0 && (p.UID == 0 || r.Start-1 < p.UID) {
			p.UID = r.Start - 1
		}
	}
	p.First = p.UID
	return p, nil
}
