package alerts

import (
	"context"
	"fmt"
	"slices"

	"earshot"
)

// ahead is how many mentions are looked through together for what dealing with
// them will ask of the log. Whoever asks for one thing at a time waits for the
// log more than it works.
const ahead = 256

// foresee reads what the next mentions will ask for, as far as can be told before
// they are dealt with: where their threads, their authors and, if they have been
// heard before, they themselves are, and the cases of these. The rest is read when
// it is asked for.
func (b *batch) foresee(ctx context.Context, mentions []earshot.Stored) error {
	mentions = mentions[:min(ahead, len(mentions))]
	asked := make([][]string, len(mentions)) // keys of memberships, by mention
	wanted := map[string][]string{}          // keys of memberships, by brand
	for i := range mentions {
		s := &mentions[i]
		if in := b.engine.brands[s.Brand]; in != nil && s.Sequence <= in.progress.Sequence {
			continue
		}
		asked[i] = places(s)
		for _, key := range asked[i] {
			if _, moved := b.moved[seatKey{s.Brand, key}]; !moved && !b.engine.seats.Contains(seatKey{s.Brand, key}) {
				wanted[s.Brand] = append(wanted[s.Brand], key)
			}
		}
	}
	for brand, keys := range wanted {
		if err := b.readMemberships(ctx, brand, distinct(keys)); err != nil {
			return err
		}
	}
	cases := map[string][]string{} // by team
	want := func(key caseKey) {
		if b.cases[key] == nil && !b.engine.cases.Contains(key) {
			cases[key.team] = append(cases[key.team], key.id)
		}
	}
	for i := range mentions {
		for _, key := range asked[i] {
			of, _ := b.engine.seats.Peek(seatKey{mentions[i].Brand, key})
			for _, seat := range of.Seats {
				want(caseKey{seat.Team, seat.Case})
			}
		}
		if len(asked[i]) > 0 {
			openings(&mentions[i], want)
		}
	}
	for team, ids := range cases {
		if err := b.readCases(ctx, team, distinct(ids)); err != nil {
			return err
		}
	}
	return nil
}

// places are the keys of the memberships that dealing with a mention asks for.
func places(s *earshot.Stored) []string {
	var keys []string
	if isAgain(s) {
		keys = append(keys, s.Mention.Key())
	}
	if s.Verdict == nil {
		return keys
	}
	for _, root := range thread(&s.Mention) {
		keys = append(keys, earshot.Key(root))
	}
	if len(s.Verdict.Routes) > 0 && personal(&s.Mention) {
		if author := s.Mention.AuthorKey(); author != "" {
			keys = append(keys, author)
		}
	}
	return keys
}

// openings are the cases that a mention opens unless it joins others.
func openings(s *earshot.Stored, want func(caseKey)) {
	if s.Verdict == nil {
		return
	}
	author := ""
	if personal(&s.Mention) {
		author = s.Mention.AuthorKey()
	}
	for _, route := range s.Verdict.Routes {
		if route.Kind == earshot.KindCustomer && author != "" {
			want(caseKey{route.Team, customerID(s, author)})
		}
	}
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// readMemberships has the engine know these memberships of a brand.
func (b *batch) readMemberships(ctx context.Context, brand string, mentions []string) error {
	found, err := b.engine.log.Memberships(ctx, brand, mentions)
	if err != nil {
		return fmt.Errorf("reading the cases of %d mentions: %w", len(mentions), err)
	}
	for _, key := range mentions {
		b.engine.seats.Add(seatKey{brand, key}, earshot.Membership{Brand: brand, Mention: key})
	}
	for _, m := range found {
		b.engine.seats.Add(seatKey{brand, m.Mention}, m)
	}
	return nil
}

// readCases opens these cases of a team.
func (b *batch) readCases(ctx context.Context, team string, ids []string) error {
	events, err := b.engine.log.LastOf(ctx, team, ids)
	if err != nil {
		return fmt.Errorf("reading %d cases of team %s: %w", len(ids), team, err)
	}
	for _, id := range ids {
		b.cases[caseKey{team, id}] = &open{}
	}
	for i := range events {
		if err := b.read(caseKey{team, events[i].Case.ID}, &events[i]); err != nil {
			return err
		}
	}
	return nil
}
