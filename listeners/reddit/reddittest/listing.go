package reddittest

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mostMore is how many more posts are shown at a look, once Config was called.
const mostMore = 20

// timeline returns what is listed at a path, newest first; first is the first page.
func (s *Server) timeline(path string, first bool) ([]Post, bool) {
	kind := "t3_"
	switch path {
	case "/r/" + Subreddit + "/new", "/search":
	case "/r/" + Subreddit + "/comments":
		kind = "t1_"
	default:
		return nil, false
	}
	shown := len(s.posts)
	if s.slow {
		if first {
			s.shown = min(shown, s.shown+mostMore)
		}
		shown = s.shown
	}
	var found []Post
	for _, p := range slices.Backward(s.posts[:shown]) {
		if strings.HasPrefix(p.Name, kind) && (!p.Deleted || kind == "t1_") {
			found = append(found, p)
		}
	}
	return found[:min(len(found), mostListed)], true
}

// cut returns the page that is asked for, empty when the anchor is not there.
func (s *Server) cut(posts []Post, r *http.Request) (some []Post, after string) {
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || limit < 1 || limit > mostAPage {
		limit = 25
	}
	if anchor := r.FormValue("after"); anchor != "" {
		i := slices.IndexFunc(posts, func(p Post) bool { return p.Name == anchor })
		if i < 0 {
			return nil, ""
		}
		if !s.twice {
			i++
		}
		posts = posts[i:]
	}
	some = posts[:min(limit, len(posts))]
	if len(some) < len(posts) {
		after = some[len(some)-1].Name
	}
	return some, after
}

func (s *Server) info(w http.ResponseWriter, r *http.Request) {
	names := strings.Split(r.FormValue("id"), ",")
	if len(names) > mostAPage {
		answer(w, http.StatusBadRequest, `{"message": "Bad Request", "error": 400}`)
		return
	}
	var found []Post
	for _, p := range s.posts {
		if slices.Contains(names, p.Name) {
			found = append(found, p)
		}
	}
	answer(w, http.StatusOK, listing(found, ""))
}

func listing(posts []Post, after string) string {
	children := make([]any, len(posts))
	for i, p := range posts {
		children[i] = map[string]any{"kind": p.Name[:2], "data": p.data()}
	}
	data := map[string]any{"modhash": nil, "dist": len(posts), "children": children, "after": nil, "before": nil}
	if after != "" {
		data["after"] = after
	}
	body, err := json.Marshal(map[string]any{"kind": "Listing", "data": data})
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return string(body)
}

func (p Post) data() map[string]any {
	author, text := "ida_holm", p.Text
	var gone any
	if p.Deleted {
		author, text, gone = "[deleted]", "[deleted]", "deleted"
	}
	formatted := "<!-- SC_OFF --><div class=\"md\"><p>" + html.EscapeString(text) + "</p>\n</div><!-- SC_ON -->"
	d := map[string]any{
		"name": p.Name, "id": p.Name[3:], "author": author, "subreddit": Subreddit, "subreddit_type": "public",
		"created_utc": float64(p.At.Unix()), "score": 3, "edited": false, "removed_by_category": gone,
		"permalink": "/r/" + Subreddit + "/comments/" + p.Name[3:] + "/a_post/",
	}
	if strings.HasPrefix(p.Name, "t1_") {
		d["body"], d["body_html"], d["link_id"], d["parent_id"] = text, formatted, "t3_10000", "t3_10000"
		return d
	}
	d["title"], d["selftext"], d["selftext_html"], d["is_self"], d["num_comments"] = "A post", text, formatted, true, 1
	return d
}

// feed answers without credentials, if not too often.
func (s *Server) feed(w http.ResponseWriter, r *http.Request, path string) {
	if time.Now().Before(s.feedAt) {
		answer(w, http.StatusForbidden, "whoa there, pardner!")
		return
	}
	s.feedAt = time.Now().Add(s.feeds)
	posts, ok := s.timeline(path, r.FormValue("after") == "")
	if !ok {
		answer(w, http.StatusNotFound, `{"message": "Not Found", "error": 404}`)
		return
	}
	some, _ := s.cut(posts, r)
	w.Header().Set("Content-Type", "application/atom+xml; charset=UTF-8")
	fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">`)
	for _, p := range some {
		formatted := `<!-- SC_OFF --><div class="md"><p>` + html.EscapeString(p.Text) + `</p></div><!-- SC_ON --> submitted by <a href="https://www.reddit.com/user/ida_holm">/u/ida_holm</a>`
		fmt.Fprintf(w, `<entry><author><name>/u/ida_holm</name></author><category term="toys" label="r/toys"/><content type="html">%s</content>
			<id>%s</id><link href="https://www.reddit.com/r/toys/comments/%s/a_post/"/><published>%s</published><title>A post</title></entry>`,
			html.EscapeString(formatted), p.Name, p.Name[3:], p.At.Format("2006-01-02T15:04:05+00:00"))
	}
	fmt.Fprint(w, "</feed>")
}
