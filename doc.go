// Package earshot is the vocabulary of a social-listening daemon: mention,
// verdict, reason, case, alert. It holds data and the few rules that belong to
// the words themselves (exact scores, urgency bands, identities); it does no
// I/O, knows no network and imports the standard library only. Who hears is in
// listeners, who judges in rules, who decides in alerts, where it lasts in bus.
package earshot
