package main

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"earshot"
)

// concerns is what the last batch stored, as ID and brands.
func (b *bench) concerns() map[string][]string {
	all := map[string][]string{}
	if len(b.log.batches) > 0 {
		for _, j := range b.log.batches[len(b.log.batches)-1].Mentions {
			all[j.ID] = brandsOf(j.Verdicts)
		}
	}
	return all
}

func (b *bench) stores(next string, want map[string][]string, mentions ...earshot.Mention) {
	b.t.Helper()
	b.log.batches = nil
	b.must(b.commit(next, mentions...))
	if diff := cmp.Diff(want, b.concerns()); diff != "" {
		b.t.Errorf("%s (-want +got):\n%s", next, diff)
	}
}

func reply(text, to string) earshot.Mention {
	m := post(text)
	m.ReplyTo = "forum:" + to
	return m
}

// What answers, repeats or comments on a post that concerns a brand concerns it
// too, and what answers that, whether the post is stored or of the same batch.
func TestConversations(t *testing.T) {
	b := newBench(t)
	b.log.holders = map[string][]string{earshot.Key("forum:old"): {"acme"}, earshot.Key("forum:theirs"): {"rival"}}
	acme := []string{"acme"}
	b.stores("stored before", map[string][]string{"forum:same here": acme}, reply("same here", "old"), reply("what?", "never heard"))
	b.stores("of another brand", map[string][]string{}, reply("me too", "theirs"))
	b.stores("in one batch", map[string][]string{"forum:my acme broke": acme, "forum:oh no": acme, "forum:how?": acme, "forum:fell": acme},
		reply("how?", "oh no"), post("my acme broke"), reply("oh no", "my acme broke"), reply("fell", "how?"), post("nothing"), reply("hm", "nothing"))
	for _, relate := range []func(*earshot.Mention){
		func(m *earshot.Mention) { m.Conversation = "forum:old" },
		func(m *earshot.Mention) { m.RepostOf = "forum:old" },
		func(m *earshot.Mention) { m.QuoteOf = "forum:old" },
		func(m *earshot.Mention) { m.ReplyTo, m.Change = "forum:old", earshot.Edited },
	} {
		m := post("related")
		relate(&m)
		b.stores("related", map[string][]string{"forum:related": acme}, m)
		if m.About != nil {
			t.Error("the source's own mention was changed")
		}
	}
	self := post("loop")
	self.ReplyTo, self.Conversation = self.ID, self.ID
	b.stores("itself", map[string][]string{}, self, reply("a", "b"), reply("b", "a"))
}

func with(m earshot.Mention, text string) earshot.Mention {
	m.Text = text
	return m
}

// Edits and deletions of what is not stored never reach the log, those of what is
// do, also when it has just been stored; nobody is asked for threads that are not.
func TestUnknownChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		log := &fakeKeys{}
		log.add(earshot.Key("forum:old"))
		b.known = running(t, log)
		change := func(text string, to earshot.Change) earshot.Mention {
			m := post(text)
			m.Change = to
			return m
		}
		b.stores("strange", map[string][]string{}, change("x", earshot.Deleted), change("y", earshot.Edited))
		b.stores("known", map[string][]string{"forum:old": {}}, change("old", earshot.Deleted), change("x", earshot.Deleted))
		b.stores("just stored", map[string][]string{"forum:acme": {"acme"}}, post("acme"))
		b.stores("taken back at once", map[string][]string{"forum:acme": {}}, change("acme", earshot.Deleted))
		b.stores("taken back in the same batch", map[string][]string{"forum:acme again": {}, "forum:other": {}},
			post("acme again"), change("acme again", earshot.Deleted), change("x", earshot.Deleted),
			with(post("other"), "acme"), with(change("other", earshot.Edited), "nothing"))
		b.stores("edited into concern", map[string][]string{"forum:now acme": {"acme"}}, change("now acme", earshot.Edited))
		b.log.holders = map[string][]string{earshot.Key("forum:never stored"): {"acme"}}
		b.stores("not asked for", map[string][]string{}, reply("hm", "never stored"))
	})
}
