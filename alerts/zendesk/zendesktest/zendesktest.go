// Package zendesktest is a stand-in for an account of Zendesk Support, after the
// examples of the documents that its methods name: tickets, their comments, and the
// export of what changed. It knows one agent and his token, and answers whoever else.
package zendesktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Who may ask.
const (
	Email = "agent@acme.example"
	Token = "6wiIBWbGkBMo1mRDMuVwkw1EPsNkeUj95PIz2akv"
)

// Account is the stand-in. Its methods may be called concurrently.
type Account struct {
	// Hold has the export answered only once there is something in it. Set it before use.
	Hold bool

	mu       sync.Mutex
	bell     chan struct{} // closed and replaced when a ticket changes
	tickets  []Ticket
	comments map[int64][]string // by ticket: the bodies of its comments, oldest first
	keys     map[string]int     // by idempotency key: index of the ticket
	changes  []Ticket           // as the export tells them
}

// Ticket is what is stored of one.
type Ticket struct {
	ID         int64    `json:"id"`
	ExternalID string   `json:"external_id,omitempty"`
	Subject    string   `json:"subject,omitempty"`
	Priority   string   `json:"priority,omitempty"`
	Status     string   `json:"status"`
	Assignee   int64    `json:"assignee_id,omitempty"`
	Tags       []string `json:"tags,omitempty"`
	Group      int64    `json:"group_id,omitempty"`
}

// New returns an account without tickets.
func New() *Account {
	return &Account{bell: make(chan struct{}), comments: map[int64][]string{}, keys: map[string]int{}}
}

// Tickets are all there are, oldest first.
func (a *Account) Tickets() []Ticket {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.tickets)
}

// Comments are the bodies of a ticket's comments, its description first.
func (a *Account) Comments(id int64) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.comments[id])
}

// Change is what an agent does to a ticket; the export tells of it.
func (a *Account) Change(id int64, status string, assignee int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.tickets {
		if t := &a.tickets[i]; t.ID == id {
			t.Status, t.Assignee = status, assignee
			a.tell(*t)
		}
	}
}

// Tell has the export tell of tickets.
func (a *Account) Tell(all ...Ticket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tell(all...)
}

func (a *Account) tell(all ...Ticket) {
	a.changes = append(a.changes, all...)
	close(a.bell)
	a.bell = make(chan struct{})
}

// ServeHTTP is the API.
func (a *Account) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	user, password, ok := req.BasicAuth()
	if !ok || user != Email+"/token" || password != Token {
		reply(w, http.StatusUnauthorized, map[string]string{"error": "Couldn't authenticate you"})
		return
	}
	var id int64
	_, _ = fmt.Sscanf(req.URL.Path, "/api/v2/tickets/%d", &id)
	switch path := req.URL.Path; {
	case path == "/api/v2/tickets.json" && req.Method == http.MethodPost:
		a.create(w, req)
	case path == "/api/v2/tickets.json":
		a.find(w, req.URL.Query().Get("external_id"))
	case path == "/api/v2/incremental/tickets/cursor.json":
		a.export(w, req)
	case strings.HasSuffix(path, "/comments.json"):
		a.list(w, id)
	case id != 0 && req.Method == http.MethodPut:
		a.update(w, req, id)
	default:
		notFound(w)
	}
}

func notFound(w http.ResponseWriter) {
	reply(w, http.StatusNotFound, map[string]string{"error": "RecordNotFound", "description": "Not found"})
}

func reply(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // who asked may have gone
}

// asked is what a request says of a ticket.
type asked struct {
	Ticket struct {
		Ticket
		Comment *struct {
			Body   string
			Public *bool
		}
	}
}

func read(req *http.Request) (asked, bool) {
	var in asked
	err := json.NewDecoder(req.Body).Decode(&in)
	// A comment is public unless it says otherwise, and customers read those.
	return in, err == nil && in.Ticket.Comment != nil && in.Ticket.Comment.Public != nil && !*in.Ticket.Comment.Public
}

// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#create-ticket
func (a *Account) create(w http.ResponseWriter, req *http.Request) {
	in, ok := read(req)
	if !ok {
		reply(w, http.StatusBadRequest, map[string]string{"error": "not an internal ticket"})
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	key := req.Header.Get("Idempotency-Key")
	n, known := a.keys[key]
	if !known || key == "" {
		n = len(a.tickets)
		t := in.Ticket.Ticket
		t.ID, t.Status = int64(35436+n), "new"
		a.tickets, a.keys[key] = append(a.tickets, t), n
		a.comments[t.ID] = []string{in.Ticket.Comment.Body}
	}
	reply(w, http.StatusCreated, map[string]any{"ticket": a.tickets[n]})
}

// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#list-tickets-by-external-id
func (a *Account) find(w http.ResponseWriter, externalID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := []Ticket{}
	for _, t := range a.tickets {
		if t.ExternalID == externalID {
			found = append(found, t)
		}
	}
	reply(w, http.StatusOK, map[string]any{"tickets": found})
}

// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
func (a *Account) update(w http.ResponseWriter, req *http.Request, id int64) {
	in, ok := read(req)
	if !ok {
		reply(w, http.StatusBadRequest, map[string]string{"error": "not an internal comment"})
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.tickets, func(t Ticket) bool { return t.ID == id })
	if i < 0 {
		notFound(w)
		return
	}
	t := &a.tickets[i]
	if t.Status == "closed" {
		reply(w, http.StatusUnprocessableEntity, map[string]any{"error": "RecordInvalid", "details": map[string]any{
			"status": []map[string]string{{"description": "Status: closed prevents ticket update"}},
		}})
		return
	}
	t.Status, t.Priority = cmp.Or(in.Ticket.Status, t.Status), cmp.Or(in.Ticket.Priority, t.Priority)
	a.comments[id] = append(a.comments[id], in.Ticket.Comment.Body)
	reply(w, http.StatusOK, map[string]any{"ticket": *t})
}

// https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#list-comments
func (a *Account) list(w http.ResponseWriter, id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	bodies, ok := a.comments[id]
	if !ok {
		notFound(w)
		return
	}
	comments := []map[string]any{}
	for _, body := range slices.Backward(bodies) { // newest first, as asked
		comments = append(comments, map[string]any{"type": "Comment", "public": false, "body": body})
	}
	reply(w, http.StatusOK, map[string]any{"comments": comments[:min(len(comments), 100)]})
}

// https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
func (a *Account) export(w http.ResponseWriter, req *http.Request) {
	var at int
	_, _ = fmt.Sscan(req.URL.Query().Get("cursor"), &at)
	a.mu.Lock()
	for a.Hold && at >= len(a.changes) {
		bell := a.bell
		a.mu.Unlock()
		select {
		case <-bell:
		case <-req.Context().Done():
			return
		}
		a.mu.Lock()
	}
	defer a.mu.Unlock()
	changes := a.changes[min(at, len(a.changes)):]
	if changes == nil {
		changes = []Ticket{}
	}
	reply(w, http.StatusOK, map[string]any{"tickets": changes, "after_cursor": fmt.Sprint(at + len(changes)), "end_of_stream": true})
}
