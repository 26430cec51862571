package bus

import (
	"fmt"
	"strings"

	"earshot"
)

// Names of the streams and buckets.
const (
	streamMentions = "EARSHOT_MENTIONS"
	streamCases    = "EARSHOT_CASES"
	streamAlerts   = "EARSHOT_ALERTS"
	streamDrill    = "EARSHOT_DRILL"
	streamSinks    = "EARSHOT_SINKS"
	bucketLeases   = "earshot_leases"
	bucketSettings = "earshot_settings"
	streamSettings = "KV_" + bucketSettings
)

// mentionSubjects matches public and private mentions, and nothing else of
// their stream: cursors and dead letters have fewer tokens.
const mentionSubjects = "earshot.*.*.*.*"

// area is the part of the subject space a mention belongs to.
func area(v earshot.Visibility) string {
	if v == earshot.Private {
		return "private"
	}
	return "mentions"
}

func mentionSubject(m *earshot.Mention, brand string) string {
	return "earshot." + area(m.Visibility) + "." + brand + "." + m.Network + "." + m.Key()
}

// otherArea is the subject that a mention has for the same brand when it becomes
// private, or public again.
func otherArea(subject string) string {
	if rest, public := strings.CutPrefix(subject, "earshot.mentions."); public {
		return "earshot.private." + rest
	}
	return "earshot.mentions." + strings.TrimPrefix(subject, "earshot.private.")
}

// mentionEverywhere matches the mention at whatever brand holds it.
func mentionEverywhere(m *earshot.Mention) []string {
	rest := ".*." + m.Network + "." + m.Key()
	return []string{"earshot.mentions" + rest, "earshot.private" + rest}
}

// brandFilters match all mentions of a brand.
func brandFilters(brand string) []string {
	return []string{"earshot.mentions." + brand + ".>", "earshot.private." + brand + ".>"}
}

func cursorSubject(listener, part string) string {
	return "earshot.cursors." + listener + "." + earshot.Key(part)
}

func deadSubject(listener string) string { return "earshot.dlq." + listener }

// deadMention is where a dead letter lies that would have been a mention with the
// key, so that it is found when the author takes the mention back.
func deadMention(listener, key string) string { return deadSubject(listener) + "." + key }

func caseSubject(team, id string) string { return "earshot.cases." + team + "." + id }

// membershipSubject lies below the progress of the brand, which it commits with.
func membershipSubject(brand, mention string) string {
	return progressSubject(brand) + "." + mention
}

// recordSubject lies there too, one token deeper.
func recordSubject(brand, name string) string {
	return progressSubject(brand) + ".record." + name
}

func progressSubject(brand string) string { return "earshot.progress." + brand }

// privateToken ends the subject of an alert that quotes a private mention.
const privateToken = "private"

// alertSubject has one token more for an alert that quotes a private mention:
// whoever may read alerts but not what is private is kept out by it.
func alertSubject(a *earshot.Alert) string {
	subject := strings.Join([]string{"earshot.alerts", a.Team, a.Brand, string(a.Kind), string(a.Urgency)}, ".")
	if a.Mention != nil && a.Mention.Visibility == earshot.Private {
		return subject + "." + privateToken
	}
	return subject
}

// tokens checks that names can stand in a subject, where a dot or a wildcard
// would put a message where nobody, or somebody else, looks for it.
func tokens(names ...string) error {
	for _, name := range names {
		if name == "" || strings.ContainsAny(name, ".*> \t\r\n\x00") {
			return fmt.Errorf("%q does not fit into a subject (use letters, digits and -)", name)
		}
	}
	return nil
}
