package listeners

import (
	"maps"
	"slices"

	"go.uber.org/zap"

	"earshot"
)

// damages are the flags that say that something of a mention was lost: cut
// (longer than is kept), truncated (the document ended in the middle), garbled
// (bytes that are no text) and bad_date (a time that cannot be). A mention that
// merely has no date is common and whole.
func damages() []string { return []string{"bad_date", "cut", "garbled", "truncated"} }

// reportDamage counts what is kept incompletely and says so, once for a batch.
func (p *part) reportDamage(mentions []earshot.Mention) {
	found := map[string]int{}
	for i := range mentions {
		for _, flag := range mentions[i].Flags {
			if slices.Contains(damages(), flag) {
				found[flag]++
			}
		}
	}
	for _, damage := range slices.Sorted(maps.Keys(found)) {
		p.metrics.damaged.WithLabelValues(p.listener, damage).Add(float64(found[damage]))
		p.log.Warn("mentions are damaged and kept as far as they go",
			zap.String("damage", damage), zap.Int("mentions", found[damage]))
	}
}
