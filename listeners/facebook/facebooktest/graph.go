package facebooktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Path)
	stalled := s.stalled
	var failure *Failure
	if len(s.failures) > 0 {
		failure, s.failures = &s.failures[0], s.failures[1:]
	}
	maps.Copy(w.Header(), s.usage)
	s.mu.Unlock()
	if stalled != nil {
		s.once.Do(func() { close(stalled) })
		select {
		case <-r.Context().Done():
		case <-s.over:
		}
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if failure != nil {
		maps.Copy(w.Header(), failure.Header)
		w.WriteHeader(failure.Status)
		_, _ = io.WriteString(w, failure.Body)
		return
	}
	if !s.allowed(r) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, Error(190, "Error validating access token: Session has expired"))
		return
	}
	answer, err := json.Marshal(s.answer(r))
	if err != nil {
		panic(err) // unreachable: it is all maps and strings
	}
	_, _ = w.Write(answer)
}

// Error is how the API says that something is wrong.
func Error(code int, message string) string {
	b, err := json.Marshal(map[string]any{"error": map[string]any{
		"message": message, "type": "OAuthException", "code": code, "error_subcode": 463, "fbtrace_id": "EJplcsCHuLu",
	}})
	if err != nil {
		panic(err) // unreachable, as above
	}
	return string(b)
}

// allowed checks the token and the proof that it is the app's.
func (s *Server) allowed(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	mac := hmac.New(sha256.New, []byte(Secret))
	_, _ = io.WriteString(mac, Token)
	proof := r.URL.Query().Get("appsecret_proof")
	return s.token != "" && r.Header.Get("Authorization") == "Bearer "+s.token && r.URL.Query().Get("access_token") == "" &&
		(proof == "" || proof == hex.EncodeToString(mac.Sum(nil)))
}

func (s *Server) answer(r *http.Request) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	node, edge := path[min(1, len(path)-1)], ""
	if len(path) > 2 {
		edge = path[2]
	}
	fields := r.URL.Query().Get("fields")
	switch {
	case edge == "feed":
		return s.page(r, "")
	case edge == "comments":
		return s.page(r, node)
	case edge != "": // tagged, media, tags
		return map[string]any{"data": []any{}}
	case strings.HasPrefix(fields, "mentioned_comment"):
		id := between(fields, "comment_id(", ")")
		return map[string]any{"id": node, "mentioned_comment": map[string]any{
			"id": id, "text": "@acme where is my crane?", "timestamp": "2026-11-17T09:30:00+0000", "username": "ida.holm", "media": map[string]any{"id": "179"},
		}}
	case strings.HasPrefix(fields, "mentioned_media"):
		id := between(fields, "media_id(", ")")
		return map[string]any{"id": node, "mentioned_media": map[string]any{
			"id": id, "caption": "my @acme crane", "timestamp": "2026-11-17T09:30:00+0000", "username": "ida.holm", "permalink": "https://www.instagram.com/p/x/",
		}}
	}
	return map[string]any{"id": node, "message": "acme looked up", "created_time": "2026-11-17T09:30:00+0000", "from": map[string]any{"id": "5", "name": "Ida Holm"}}
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

// page is a page of posts, or of the comments below one, newest first.
func (s *Server) page(r *http.Request, below string) any {
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	since, _ := strconv.ParseInt(q.Get("since"), 10, 64)
	return s.list(below, max(limit, 1), since, q.Get("after"), r)
}

func (s *Server) list(below string, limit int, since int64, after string, r *http.Request) map[string]any {
	var data []any
	from := len(s.posts)
	if n, err := strconv.Atoi(after); err == nil {
		from = min(n, from)
		if s.repeats {
			from = min(from+1, len(s.posts))
		}
	}
	last, more := 0, false
	for i := range slices.Backward(s.posts[:from]) {
		p := s.posts[i]
		if p.Parent != below || p.Created.Unix() < since {
			continue
		}
		if len(data) == limit+1 && s.repeats || len(data) == limit && !s.repeats {
			more = true
			break
		}
		data = append(data, s.object(p, r))
		last = i
	}
	list := map[string]any{"data": data}
	if more {
		list["paging"] = map[string]any{
			"cursors": map[string]any{"after": strconv.Itoa(last)},
			"next":    s.URL + r.URL.Path + "?access_token=" + Token,
		}
	}
	return list
}

func (s *Server) object(p Post, r *http.Request) map[string]any {
	o := map[string]any{
		"id": p.ID, "message": p.Text, "created_time": p.Created.Format("2006-01-02T15:04:05-0700"),
		"from": map[string]any{"id": "5", "name": "Ida Holm"}, "permalink_url": "https://www.facebook.com/" + p.ID,
	}
	const nested = 3 // fewer than were asked for, as Meta does with large answers
	if p.Parent == "" {
		if comments := s.list(p.ID, nested, 0, "", r); comments["data"] != nil {
			o["comments"] = comments
		}
	}
	return o
}

// delivery is what Meta delivers of a new post or comment.
func delivery(p Post) string {
	value := map[string]any{
		"from": map[string]any{"id": "5", "name": "Ida Holm"}, "verb": "add", "item": "post", "post_id": p.ID,
		"message": p.Text, "created_time": p.Created.Unix(), "published": 1,
	}
	if p.Parent != "" {
		value["item"], value["comment_id"], value["post_id"], value["parent_id"] = "comment", p.ID, p.Parent, p.Parent
	}
	return Delivery("page", Page, "feed", value, p.Created)
}

// Delivery is the body of a delivery of one change.
func Delivery(object, account, field string, value map[string]any, at time.Time) string {
	b, err := json.Marshal(map[string]any{"object": object, "entry": []any{map[string]any{
		"id": account, "time": at.Unix(), "changes": []any{map[string]any{"field": field, "value": value}},
	}}})
	if err != nil {
		panic(err) // unreachable: it is all maps and strings
	}
	return string(b)
}
