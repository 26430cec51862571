package alerts

import (
	"slices"

	"earshot"
)

// Bounds of what an alert carries. A mention may be as large as a message of the
// bus; an alert is larger than its mention and must still fit, or it would stop
// all that come after it.
const (
	maxReasons = 200
	maxExtras  = 64 << 10 // bytes of links and media
	fullBytes  = 4 << 20  // of a batch, roughly
	heavy      = 100      // bytes of a reason or a member, roughly
)

// Others is the rule name of the reason that stands for those an alert leaves out.
const Others = "others"

// bounded returns the mention and the verdict as an alert carries them: links up to
// a limit and media if they are small, and one reason a quality for those beyond the limit, so
// that the weights still add up.
func bounded(m *earshot.Mention, v *earshot.Verdict) (*earshot.Mention, *earshot.Verdict) {
	if extras(m) > maxExtras {
		cut := *m
		cut.Links, cut.Media = fitting(m.Links), nil
		cut.Flags = append(slices.Clone(m.Flags), "truncated")
		m = &cut
	}
	if v != nil && len(v.Reasons) > maxReasons {
		cut := *v
		cut.Reasons = fold(v.Reasons)
		v = &cut
	}
	return m, v
}

func fitting(links []string) []string {
	room := maxExtras
	for i, link := range links {
		if room -= len(link); room < 0 {
			return links[:i]
		}
	}
	return links
}

func fold(reasons []earshot.Reason) []earshot.Reason {
	kept := slices.Clone(reasons[:maxReasons])
	for _, r := range reasons[maxReasons:] {
		i := slices.IndexFunc(kept[maxReasons:], func(o earshot.Reason) bool { return o.Of == r.Of })
		if i < 0 {
			kept = append(kept, earshot.Reason{Of: r.Of, Rule: Others, Weight: r.Weight})
			continue
		}
		kept[maxReasons+i].Weight += r.Weight
	}
	return kept
}

func extras(m *earshot.Mention) int {
	bytes := 0
	for _, link := range m.Links {
		bytes += len(link)
	}
	for _, media := range m.Media {
		bytes += len(media.URL) + len(media.Alt)
	}
	return bytes
}

// weight is about how many bytes an alert takes.
func weight(a *earshot.Alert) int {
	bytes := heavy * 10
	if a.Mention != nil {
		bytes += len(a.Mention.Text) + extras(a.Mention)
	}
	if a.Verdict != nil {
		bytes += heavy * len(a.Verdict.Reasons)
	}
	return bytes
}
