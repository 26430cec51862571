package xtest

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxQuery   = 512
	searchBack = 7 * 24 * time.Hour
)

func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query().Get("query")
	if query == "" || len([]rune(query)) > maxQuery {
		invalid(w, "`query` must be between 1 and 512 characters")
		return
	}
	if since, err := strconv.ParseInt(r.URL.Query().Get("since_id"), 10, 64); err == nil && since>>22+epoch < time.Now().Add(-searchBack).UnixMilli() {
		invalid(w, "'since_id' must be a tweet id created after a week ago")
		return
	}
	s.page(w, r, 10, "next_token", func(p *Post) bool {
		return !p.Repost && time.Since(p.Posted) >= s.options.Lag && Match(query, p)
	}, func(own, referred int) { s.charged.Posts += own + referred })
}

func (s *Server) mentions(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != UserID {
		problem(w, http.StatusNotFound, "https://api.x.com/2/problems/resource-not-found", "Not Found Error", "no such user")
		return
	}
	s.page(w, r, 5, "pagination_token", func(p *Post) bool {
		return p.Mentions || strings.Contains(strings.ToLower(p.Text), "@"+Handle)
	}, func(own, referred int) { s.charged.Mentions += own; s.charged.Posts += referred })
}

// page answers the posts that fit, newest first.
func (s *Server) page(w http.ResponseWriter, r *http.Request, least int, token string, fits func(*Post) bool, charge func(own, referred int)) {
	q := r.URL.Query()
	count, err := strconv.Atoi(q.Get("max_results"))
	if err != nil || count < least || count > 100 {
		invalid(w, "The `max_results` query parameter value is not valid")
		return
	}
	if s.options.MaxPage > 0 {
		count = min(count, s.options.MaxPage)
	}
	since, _ := strconv.ParseInt(q.Get("since_id"), 10, 64)
	before, err := strconv.ParseInt(q.Get("until_id"), 10, 64)
	if err != nil {
		before = 1<<63 - 1
	}
	if after, err := strconv.ParseInt(strings.TrimPrefix(q.Get(token), "b26v89c19zqg8o3"), 10, 64); err == nil {
		before = min(before, after)
		if s.options.Twice {
			before++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Post
	for i := range s.posts {
		if p := &s.posts[i]; !p.Deleted && p.ID > since && p.ID < before && fits(p) {
			found = append(found, *p)
		}
	}
	slices.SortFunc(found, func(a, b Post) int { return int(min(max(b.ID-a.ID, -1), 1)) })
	meta := map[string]any{}
	if len(found) > count {
		found = found[:count]
		meta["next_token"] = "b26v89c19zqg8o3" + strconv.FormatInt(found[count-1].ID, 10)
	}
	meta["result_count"] = len(found)
	if s.options.Shuffled {
		rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	}
	body, referred := s.answer(found, r)
	body["meta"] = meta
	charge(len(found), referred)
	reply(w, body)
}

func (s *Server) lookup(w http.ResponseWriter, r *http.Request) {
	ids := strings.Split(r.URL.Query().Get("ids"), ",")
	if len(ids) > 100 || ids[0] == "" {
		invalid(w, "`ids` must have 1 to 100 members")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Post
	var errs []any
	for _, id := range ids {
		i := slices.IndexFunc(s.posts, func(p Post) bool { return strconv.FormatInt(p.ID, 10) == id && !p.Deleted })
		if i < 0 {
			errs = append(errs, map[string]any{
				"value": id, "detail": "Could not find tweet with ids: [" + id + "].", "title": "Not Found Error", "resource_type": "tweet",
				"parameter": "ids", "resource_id": id, "type": "https://api.twitter.com/2/problems/resource-not-found",
			})
			continue
		}
		found = append(found, s.posts[i])
	}
	body, referred := s.answer(found, r)
	if len(errs) > 0 {
		body["errors"] = errs
	}
	s.charged.Posts += len(found) + referred
	reply(w, body)
}

func (s *Server) users(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.EqualFold(r.URL.Query().Get("usernames"), Handle) {
		reply(w, map[string]any{"errors": []any{map[string]any{
			"title": "Not Found Error", "resource_type": "user", "type": "https://api.x.com/2/problems/resource-not-found",
		}}})
		return
	}
	s.charged.Users++
	reply(w, map[string]any{"data": []any{map[string]any{"id": UserID, "name": "Acme Care", "username": Handle}}})
}

// answer is a page of posts with what it includes, in the names of the edition.
func (s *Server) answer(found []Post, r *http.Request) (body map[string]any, referred int) {
	old := s.options.OldNames || strings.HasSuffix(r.URL.Path, "/stream")
	body = map[string]any{}
	if len(found) == 0 {
		return body, 0
	}
	data := make([]any, len(found))
	authors := map[string]any{}
	var included []any
	for i := range found {
		data[i] = found[i].json(old)
		authors[found[i].Author] = map[string]any{
			"id": numberOf(found[i].Author), "name": "Ida Holm", "username": found[i].Author, "verified": true,
			"created_at": "2012-03-04T05:06:07.000Z", "public_metrics": map[string]any{"followers_count": 1234},
		}
		parent := slices.IndexFunc(s.posts, func(p Post) bool { return p.ID == found[i].ReplyTo && p.ID != 0 })
		if parent >= 0 && strings.Contains(r.URL.Query().Get("expansions"), "referenced_posts") {
			included = append(included, s.posts[parent].json(old))
		}
	}
	body["data"] = data
	users := []any{}
	for _, u := range authors {
		users = append(users, u)
	}
	includes := map[string]any{"users": users}
	if len(included) > 0 {
		includes["posts"] = included
	}
	body["includes"] = includes
	return body, len(included)
}

func numberOf(handle string) string {
	n := 1000
	for _, c := range handle {
		n = n*31%1_000_000_007 + int(c)
	}
	return strconv.Itoa(n)
}

// json is a post in the names of the edition.
func (p *Post) json(old bool) map[string]any {
	id := strconv.FormatInt(p.ID, 10)
	edits := make([]string, len(p.Edits))
	for i, e := range p.Edits {
		edits[i] = strconv.FormatInt(e, 10)
	}
	reposts, references, history := "repost_count", "referenced_posts", "edit_history_post_ids"
	if old {
		reposts, references, history = "retweet_count", "referenced_tweets", "edit_history_tweet_ids"
	}
	out := map[string]any{
		"id": id, "text": strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(p.Text), "author_id": numberOf(p.Author),
		"created_at": p.Posted.Format("2006-01-02T15:04:05.000Z"), "lang": "en", "conversation_id": id, history: edits,
		"public_metrics": map[string]any{reposts: 2, "reply_count": 1, "like_count": 3, "quote_count": 0, "impression_count": 40, "bookmark_count": 0},
	}
	if p.ReplyTo > 0 {
		out["conversation_id"] = strconv.FormatInt(p.ReplyTo, 10)
		out[references] = []any{map[string]any{"type": "replied_to", "id": strconv.FormatInt(p.ReplyTo, 10)}}
	}
	return out
}

func reply(w http.ResponseWriter, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(text)
}
