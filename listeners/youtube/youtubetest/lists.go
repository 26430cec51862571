package youtubetest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

type object = map[string]any

// mostMore is how many more comments are shown at a look, once Config was called.
const mostMore = 20

// answer is what a list holds, or why not.
func (s *Server) answer(list string, r *http.Request) (object, string) {
	switch list {
	case "commentThreads":
		return s.threads(r)
	case "comments":
		return s.replies(r)
	case "videos":
		var items []object
		for id := range strings.SplitSeq(r.FormValue("id"), ",") {
			if slices.Contains(s.videos, id) {
				items = append(items, s.video(id))
			}
		}
		return object{"items": items}, ""
	case "channels":
		if handle := r.FormValue("forHandle"); handle != "" && handle != Handle {
			return object{}, ""
		}
		return object{"items": []object{{"id": Channel, "snippet": object{"title": "Ida", "publishedAt": "2019-05-01T00:00:00Z"}, "statistics": object{"subscriberCount": "1200", "hiddenSubscriberCount": false}}}}, ""
	case "search":
		after, _ := time.Parse(time.RFC3339, r.FormValue("publishedAfter"))
		var items []object
		for i, id := range slices.Backward(s.videos) {
			if published(i).After(after) {
				items = append(items, object{"id": object{"kind": "youtube#video", "videoId": id}})
			}
		}
		some, next, reason := cut(items, r)
		return object{"items": some, "nextPageToken": next}, reason
	}
	return nil, "notFound"
}

func published(n int) time.Time { return time.Date(2026, 10, 1, n, 0, 0, 0, time.UTC) }

func (s *Server) video(id string) object {
	return object{"id": id, "snippet": object{
		"publishedAt": published(slices.Index(s.videos, id)).Format(time.RFC3339), "channelId": Channel, "channelTitle": "Acme Toys",
		"title": "video " + id, "description": "about cranes",
	}, "statistics": object{"viewCount": "1000", "likeCount": "7", "commentCount": "3"}}
}

func (s *Server) threads(r *http.Request) (object, string) {
	video, channel := r.FormValue("videoId"), r.FormValue("allThreadsRelatedToChannelId")
	switch {
	case video == "" && channel != Channel:
		return nil, "channelNotFound"
	case video != "" && !slices.Contains(s.videos, video):
		return nil, "videoNotFound"
	case r.FormValue("order") != "time" || r.FormValue("textFormat") != "plainText":
		return nil, "invalidParameter"
	}
	shown := len(s.comments)
	if s.spread {
		if r.FormValue("pageToken") == "" {
			s.shown = min(shown, s.shown+mostMore)
		}
		shown = s.shown
	}
	var found []Comment
	for _, c := range slices.Backward(s.comments[:shown]) {
		if c.Parent == "" && (video == "" || c.Video == video) {
			found = append(found, c)
		}
	}
	some, next, reason := cut(found, r)
	items := make([]object, len(some))
	for i, c := range some {
		var replies []object
		for _, reply := range s.comments {
			if reply.Parent == c.ID {
				replies = append(replies, reply.resource())
			}
		}
		items[i] = object{"kind": "youtube#commentThread", "id": c.ID, "snippet": object{
			"channelId": Channel, "videoId": c.Video, "topLevelComment": c.resource(), "totalReplyCount": len(replies), "isPublic": true,
		}}
		if len(replies) > 0 {
			items[i]["replies"] = object{"comments": replies[:min(len(replies), 2)]}
		}
	}
	return object{"nextPageToken": next, "items": items}, reason
}

func (s *Server) replies(r *http.Request) (object, string) {
	var found []Comment
	ids, parent := strings.Split(r.FormValue("id"), ","), r.FormValue("parentId")
	for _, c := range s.comments {
		if parent != "" && c.Parent == parent || parent == "" && slices.Contains(ids, c.ID) {
			found = append(found, c)
		}
	}
	next, reason := "", ""
	if parent != "" {
		found, next, reason = cut(found, r)
	} else if len(ids) > 50 {
		return nil, "invalidFilters"
	}
	items := make([]object, len(found))
	for i, c := range found {
		items[i] = c.resource()
		if snippet, ok := items[i]["snippet"].(object); ok {
			delete(snippet, "videoId") // this list does not tell
		}
	}
	return object{"nextPageToken": next, "items": items}, reason
}

func (c Comment) resource() object {
	snippet := object{
		"channelId": Channel, "textDisplay": c.Text, "authorDisplayName": "@ida_holm", "authorChannelId": object{"value": Channel},
		"likeCount": 1, "publishedAt": c.At.Format(time.RFC3339), "updatedAt": c.At.Format(time.RFC3339), "videoId": c.Video,
	}
	if c.Parent != "" {
		snippet["parentId"] = c.Parent
	}
	return object{"kind": "youtube#comment", "id": c.ID, "snippet": snippet}
}
