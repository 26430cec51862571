package poll

import (
	"net/http"
	"time"

	"earshot"
)

// Expand is what an address and a body become with values.
func Expand(addressText, bodyText string, since, until time.Time, after string, page int, token, term string) (address, body string, problems earshot.Problems) {
	a, bad := parseAddress(addressText)
	t, worse := parseTemplate(bodyText, true)
	v := values{since: since, until: until, after: after, page: page, token: token, term: term}
	return a.expand(&v), t.body(&v), append(bad, worse...)
}

// TermsOf is what is searched for.
func TermsOf(queries []earshot.Query, phrases string) ([]string, bool) {
	return termsOf(queries, phrases)
}

// LinkNext is the next page of a Link header.
func LinkNext(value string) string { return linkNext(http.Header{"Link": {value}}) }

// ReadCursor reads a cursor and writes it again.
func ReadCursor(cursor []byte) ([]byte, error) {
	st, err := readState(cursor)
	if err != nil {
		return nil, err
	}
	return st.cursor()
}
