package main

import (
	"maps"
	"slices"

	"earshot/alerts"
	"earshot/alerts/alertmanager"
	"earshot/alerts/email"
	"earshot/alerts/msteams"
	"earshot/alerts/pagerduty"
	"earshot/alerts/slack"
	sinkhook "earshot/alerts/webhook"
	"earshot/alerts/zendesk"
	"earshot/listeners"
	"earshot/listeners/bluesky"
	"earshot/listeners/facebook"
	"earshot/listeners/file"
	"earshot/listeners/mail"
	"earshot/listeners/mastodon"
	"earshot/listeners/poll"
	"earshot/listeners/reddit"
	"earshot/listeners/rss"
	"earshot/listeners/telegram"
	"earshot/listeners/webhook"
	"earshot/listeners/x"
	"earshot/listeners/youtube"
)

// drivers are the kinds of listener there are, by the type that the
// configuration names. A new one is a folder and a line here.
func drivers() map[string]listeners.Driver {
	return map[string]listeners.Driver{
		"bluesky":  bluesky.Driver(),
		"facebook": facebook.Driver(),
		"file":     file.Driver(),
		"mail":     mail.Driver(),
		"mastodon": mastodon.Driver(),
		"poll":     poll.Driver(),
		"reddit":   reddit.Driver(),
		"rss":      rss.Driver(),
		"telegram": telegram.Driver(),
		"youtube":  youtube.Driver(),
		"webhook":  webhook.Driver(),
		"x":        x.Driver(),
	}
}

func driverNames() []string { return slices.Sorted(maps.Keys(drivers())) }

// sinkDrivers are the kinds of sink there are, by the type that the configuration
// names. A new one is a folder and a line here.
func sinkDrivers() map[string]alerts.SinkDriver {
	return map[string]alerts.SinkDriver{
		"alertmanager": alertmanager.Driver(),
		"email":        email.Driver(),
		"msteams":      msteams.Driver(),
		"pagerduty":    pagerduty.Driver(),
		"slack":        slack.Driver(),
		"webhook":      sinkhook.Driver(),
		"zendesk":      zendesk.Driver(),
	}
}

func sinkNames() []string { return slices.Sorted(maps.Keys(sinkDrivers())) }
