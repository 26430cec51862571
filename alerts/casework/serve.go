package casework

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"earshot"
)

// Verbs that change nothing.
const (
	List Verb = "list"
	Get  Verb = "get"
)

// Served lists everything that can be asked.
func Served() []Verb { return append([]Verb{List, Get}, Verbs()...) }

// MaxRequest is the longest request, in bytes.
const MaxRequest = 64 << 10

// Serve answers one request of a person of a team, which the credential has
// proved: a payload that names another person is refused. The error is a *Refusal
// when the person can do something about it.
func (d *Desk) Serve(ctx context.Context, team, person string, verb Verb, payload []byte) (any, error) {
	if err := IsSelf("", person); err != nil {
		return nil, err
	}
	if err := d.Board.await(ctx); err != nil {
		return nil, err
	}
	if teams := d.Teams(); team != earshot.Ops && !slices.Contains(teams, team) && !d.Board.has(team) {
		return nil, refuse(NotFound, "there is no team %q (one of %s), and no case of a former one", shown(team), words(teams))
	}
	switch verb {
	case List:
		var q Query
		if err := Read(payload, &q); err != nil {
			return nil, err
		}
		if err := IsSelf(q.Sender, person); err != nil {
			return nil, err
		}
		page, err := d.Board.List(team, person, q, d.Now())
		if err != nil {
			return nil, err
		}
		return page, d.say(ctx, &page)
	case Get:
		var a struct {
			Sender string `json:"by"`
			Case   string `json:"case"`
		}
		if err := Read(payload, &a); err != nil {
			return nil, err
		}
		if err := IsSelf(a.Sender, person); err != nil {
			return nil, err
		}
		return d.Get(ctx, team, person, a.Case)
	}
	a := Action{}
	if err := Read(payload, &a); err != nil {
		return nil, err
	}
	if err := IsSelf(a.Sender, person); err != nil {
		return nil, err
	}
	a.Verb, a.By, a.Team = verb, person, team
	if err := a.check(); err != nil {
		return nil, err
	}
	a.Request = requestOf(&a)
	return d.Do(ctx, a)
}

// requestOf is the ID of a request as a case remembers it: that of another person or for
// another verb is another request, whatever ID it has.
func requestOf(a *Action) string {
	if a.Request == "" {
		return ""
	}
	return earshot.Key(string(a.Verb) + "\x00" + a.By + "\x00" + a.Request)
}

// Read reads a request strictly: a word that is not understood may have been meant.
// Its error is a *Refusal.
func Read(payload []byte, into any) error {
	if len(payload) > MaxRequest {
		return refuse(BadRequest, "the request has %d bytes: at most %d", len(payload), MaxRequest)
	}
	if len(bytes.TrimSpace(payload)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more than one JSON object")
		}
	}
	if err != nil {
		return refuse(BadRequest, "reading the request: %s", unread(err))
	}
	return nil
}

// unread says what is wrong with JSON without the words of a programmer.
func unread(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		sort := map[reflect.Kind]string{
			reflect.String: "a text", reflect.Bool: "true or false", reflect.Slice: "a list", reflect.Struct: "an object",
			reflect.Int: "a whole number", reflect.Float64: "a number",
		}
		return fmt.Sprintf("%s is to be %s, not a JSON %s", cmp.Or(shown(wrong.Field), "the request"), cmp.Or(sort[wrong.Type.Kind()], "something else"), wrong.Value)
	}
	return shown(strings.TrimPrefix(err.Error(), "json: "))
}

// IsSelf refuses a payload that names another person than the credential, and a
// person that nobody can be.
func IsSelf(named, person string) error {
	if !personName(person) {
		return refuse(Forbidden, "%q cannot be a person's name (letters, digits, - and _)", shown(person))
	}
	if named != "" && named != person {
		return refuse(Forbidden, "you are %s: nobody acts as %s with your credential", person, shown(named))
	}
	return nil
}
