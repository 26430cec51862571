package bus

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"earshot"
)

// headerQuoted lists the places in the batch of the alerts that quote the mention
// of a membership: their sequences are known only once they are stored.
const headerQuoted = "Earshot-Quoted"

// quoted names a mention, by its key, that alerts of a brand quote.
type quoted struct{ brand, mention string }

// quotesOf returns the places of the alerts that quote each mention.
func quotesOf(alerts []earshot.Alert) map[quoted][]uint64 {
	places := make(map[quoted][]uint64, len(alerts))
	for i := range alerts {
		if a := &alerts[i]; a.Mention != nil {
			of := quoted{a.Brand, a.Mention.Key()}
			places[of] = append(places[of], uint64(i))
		}
	}
	return places
}

// readMembership adds to what was known of quotes those of its own batch.
func readMembership(r record) (earshot.Membership, error) {
	var m earshot.Membership
	if err := json.Unmarshal(r.data, &m); err != nil {
		return m, err
	}
	_, own := batchOf(r.header)
	for place := range strings.FieldsSeq(r.header.Get(headerQuoted)) {
		n, err := strconv.ParseUint(place, 10, 32)
		if err != nil {
			return m, fmt.Errorf("reading %s: %w", headerQuoted, err)
		}
		m.Quoted = append(m.Quoted, r.sequence-own+n)
	}
	return m, nil
}
