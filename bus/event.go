package bus

import (
	"time"

	"github.com/nats-io/nats.go"
)

// event holds the attributes of a CloudEvent that differ between messages.
type event struct {
	id     string
	kind   string // mention.new, alert.changed, case.opened …
	source string // what brought it about, a path below earshot
	schema string // of the body: a file of docs/schemas without its extension
	at     time.Time
}

// header writes the attributes in binary mode. There datacontenttype is an
// attribute like any other: a content-type header would mean structured mode.
func (e event) header() nats.Header {
	h := make(nats.Header, 12)
	h["ce-specversion"] = []string{"1.0"}
	h["ce-id"] = []string{e.id}
	h["ce-source"] = []string{"/earshot/" + e.source}
	h["ce-type"] = []string{"earshot." + e.kind}
	h["ce-datacontenttype"] = []string{"application/json"}
	h["ce-dataschema"] = []string{"urn:earshot:schema:" + e.schema + ":1"}
	if !e.at.IsZero() {
		h["ce-time"] = []string{e.at.UTC().Format(time.RFC3339Nano)}
	}
	return h
}
