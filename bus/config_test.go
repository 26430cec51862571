package bus_test

import (
	"strings"
	"testing"
	"time"

	"earshot/bus"
)

// Everything wrong in the section is said at once, each with its place.
func TestConfigCheck(t *testing.T) {
	for name, c := range map[string]struct {
		config bus.Config
		want   []string
	}{
		"empty":      {bus.Config{}, nil},
		"embedded":   {bus.Config{Listen: "127.0.0.1:4222", MaxBytes: "20GB", Reserve: "1.5 GiB"}, nil},
		"external":   {bus.Config{URL: "tls://nats.example:4222", User: "daemon", PasswordFile: "x", Replicas: 3}, nil},
		"both":       {bus.Config{Listen: "127.0.0.1:4222", URL: "nats://x"}, []string{"bus.listen: both"}},
		"sizes":      {bus.Config{MaxBytes: "much", Reserve: "-1GB"}, []string{"bus.max_bytes: ", "bus.reserve: "}},
		"half tls":   {bus.Config{TLS: bus.TLS{CertFile: "x"}}, []string{"bus.tls: "}},
		"replicas":   {bus.Config{Replicas: 7}, []string{"bus.replicas: "}},
		"a password": {bus.Config{URL: "nats://x", User: "u"}, []string{"bus.password_file: "}},
		"users": {bus.Config{Users: []bus.User{
			{Name: "daemon", Role: bus.Readonly},
			{Name: "a.b", Role: bus.Readonly},
			{Name: "anna", Role: bus.Person},
			{Name: "x", Role: "king"},
			{Name: "y", Role: bus.Daemon},
			{Name: "ok", Role: bus.Team, Team: "cs"},
		}}, []string{"bus.users[0].name: ", "bus.users[1].name: ", "bus.users[2].team: ", "bus.users[3].role: ", "bus.users[4].role: "}},
	} {
		t.Run(name, func(t *testing.T) {
			problems := c.config.Check()
			if len(problems) != len(c.want) {
				t.Fatalf("%d problems, want %d: %v", len(problems), len(c.want), problems)
			}
			for i, p := range problems {
				if !strings.HasPrefix(p.Error(), c.want[i]) || !problems.Fatal() {
					t.Errorf("%q does not begin with %q", p.Error(), c.want[i])
				}
			}
		})
	}
}

// A retention that would erase everything is refused before anything is touched.
func TestRetentionTooShort(t *testing.T) {
	o := options(t, func(o *bus.Options) { o.Retention = 30 * time.Second })
	if _, err := bus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "retention") {
		t.Errorf("Open: %v", err)
	}
}

// A store that was promised more room than is left now still opens.
func TestLessRoomThanBefore(t *testing.T) {
	o := options(t, func(o *bus.Options) { o.Config.MaxBytes = "1GB" })
	b := open(t, o)
	(&part{t: t, bus: b, name: "p"}).commit(mention(1, "acme"))
	shut(t, b)
	for _, size := range []string{"100MB", "2GB"} {
		o.Config.MaxBytes = size
		b = open(t, o)
		same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 new"})
		shut(t, b)
	}
}
