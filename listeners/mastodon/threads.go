package mastodon

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/golang-lru/v2"
	"github.com/mattn/go-mastodon"

	"earshot"
)

// mostThreads is how many posts are remembered for the thread they are in.
const mostThreads = 5000

// threads finds out which thread a reply belongs to. The API names the post that
// is answered by its number at the server, which says nothing elsewhere.
type threads struct {
	server *instance
	token  string
	known  *lru.Cache[mastodon.ID, thread]
}

// thread is where a post stands; all are IDs of mentions.
type thread struct{ post, root string }

func newThreads(server *instance, token string) (*threads, error) {
	cache, err := lru.New[mastodon.ID, thread](mostThreads)
	if err != nil {
		return nil, fmt.Errorf("remembering threads: %w", err)
	}
	return &threads{server: server, token: token, known: cache}, nil
}

// place says in m what the post answers and where the thread began, as far as the
// server tells and its limit allows.
func (t *threads) place(ctx context.Context, p *post, m *earshot.Mention) error {
	if p.replies == "" {
		t.known.Add(p.id, thread{post: m.ID, root: m.ID})
		return nil
	}
	above, ok := t.known.Get(p.replies)
	if !ok && t.server.spare() {
		var err error
		if above, err = t.ask(ctx, p); err != nil {
			return err
		}
	}
	m.ReplyTo, m.Conversation = above.post, above.root
	if above.root != "" {
		t.known.Add(p.id, thread{post: m.ID, root: above.root})
	}
	return nil
}

// ask asks for what stands above a post. What the server does not show is unknown.
func (t *threads) ask(ctx context.Context, p *post) (thread, error) {
	got, err := t.server.call(ctx, t.token, false, func(c *mastodon.Client) error {
		_, err := c.GetStatusContext(ctx, p.id)
		return err
	})
	if isUnknown(err) {
		return thread{}, nil
	}
	if err != nil {
		return thread{}, fmt.Errorf("asking %s for a thread: %w", t.server.url.Host, err)
	}
	var around struct {
		Ancestors []mastodon.Status `json:"ancestors"`
	}
	if json.Unmarshal(got.body, &around) != nil || len(around.Ancestors) == 0 {
		return thread{}, nil // it tells nothing of the thread
	}
	above := thread{root: idOf(&around.Ancestors[0])}
	for i := range around.Ancestors {
		if a := &around.Ancestors[i]; a.ID == p.replies {
			above.post = idOf(a)
		}
	}
	if above.post != "" {
		t.known.Add(p.replies, above)
	}
	return above, nil
}
