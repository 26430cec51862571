package bus_test

import (
	"strings"
	"testing"
	"time"

	"earshot/bus"
)

const publicKey = "UC7ENFCO2WBSLWTDJT2ZOTUT6J4S4A7FS52DHAYH54VGQASF3H2HNBBE"

// Everything wrong in the section is said at once, each with its place.
func TestConfigCheck(t *testing.T) {
	for name, c := range map[string]struct {
		config bus.Config
		want   []string
	}{
		"empty":      {bus.Config{}, nil},
		"embedded":   {bus.Config{Listen: "127.0.0.1:4222", MaxBytes: 20e9, Reserve: 1 << 30}, nil},
		"external":   {bus.Config{URL: "tls://nats.example:4222", User: "daemon", PasswordFile: "x", Replicas: 3}, nil},
		"both":       {bus.Config{Listen: "127.0.0.1:4222", URL: "nats://x"}, []string{"bus.listen: both"}},
		"sizes":      {bus.Config{MaxBytes: -1, Reserve: -1e9}, []string{"bus.max_bytes: ", "bus.reserve: "}},
		"half tls":   {bus.Config{TLS: bus.TLS{CertFile: "x"}}, []string{"bus.tls: "}},
		"replicas":   {bus.Config{Replicas: 7}, []string{"bus.replicas: "}},
		"few bytes":  {bus.Config{MaxBytes: 1, Reserve: 15 << 20}, []string{"bus.max_bytes: ", "bus.reserve: "}},
		"no port":    {bus.Config{Listen: "127.0.0.1"}, []string{"bus.listen: "}},
		"odd port":   {bus.Config{Listen: "127.0.0.1:99999"}, []string{"bus.listen: "}},
		"named port": {bus.Config{Listen: "127.0.0.1:nats"}, []string{"bus.listen: "}},
		"all hosts":  {bus.Config{Listen: ":4222"}, nil},
		"ipv6":       {bus.Config{Listen: "[::1]:4222"}, nil},
		"scheme":     {bus.Config{URL: "http://x:4222"}, []string{"bus.url: "}},
		"no scheme":  {bus.Config{URL: "localhost:4222"}, []string{"bus.url: "}},
		"no host":    {bus.Config{URL: "nats://:4222"}, []string{"bus.url: "}},
		"url port":   {bus.Config{URL: "nats://x:99999"}, []string{"bus.url: "}},
		"cluster":    {bus.Config{URL: "nats://a:4222, nats://b:4222"}, nil},
		"bad member": {bus.Config{URL: "nats://a:4222,b"}, []string{"bus.url: "}},
		"a password": {bus.Config{URL: "nats://x", User: "u"}, []string{"bus.password_file: "}},
		"named like a team": {bus.Config{Users: []bus.User{
			{Name: "cs", Role: bus.Team, Team: "cs"},
			{Name: "pr", Role: bus.Team, Team: "cs"},
			{Name: "ops", Role: bus.Team, Team: "cs"},
		}}, []string{"bus.users[1].team: ", "bus.users[2].team: "}},
		"keys": {bus.Config{Users: []bus.User{
			{Name: "one", Role: bus.Readonly, Nkey: publicKey},
			{Name: "two", Role: bus.Readonly, Nkey: publicKey},
			{Name: "three", Role: bus.Readonly, Nkey: "UABC"},
		}}, []string{"bus.users[1].nkey: ", "bus.users[2].nkey: "}},
		"users": {bus.Config{Users: []bus.User{
			{Name: "daemon", Role: bus.Readonly},
			{Name: "a.b", Role: bus.Readonly},
			{Name: "anna", Role: bus.Person},
			{Name: "x", Role: "king"},
			{Name: "y", Role: bus.Daemon},
			{Name: "ok", Role: bus.Team, Team: "cs"},
			{Name: "ok", Role: bus.Readonly},
		}}, []string{"bus.users[0].name: ", "bus.users[1].name: ", "bus.users[2].team: ", "bus.users[3].role: ", "bus.users[4].role: ", "bus.users[6].name: "}},
	} {
		t.Run(name, func(t *testing.T) {
			problems := c.config.Check("cs", "pr")
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

// The files of a TLS set-up are looked into; those that are missing are told of by
// whoever resolves their names.
func TestConfigCheckTLS(t *testing.T) {
	cert, key := certificate(t)
	_, other := certificate(t)
	for name, c := range map[string]struct {
		tls  bus.TLS
		want string
	}{
		"a pair":            {bus.TLS{CertFile: cert, KeyFile: key, CAFile: cert}, ""},
		"no pair":           {bus.TLS{CertFile: cert, KeyFile: other}, "bus.tls.cert_file: "},
		"not a certificate": {bus.TLS{CertFile: key, KeyFile: key}, "bus.tls.cert_file: "},
		"not an authority":  {bus.TLS{CAFile: key}, "bus.tls.ca_file: "},
		"missing":           {bus.TLS{CertFile: "/none", KeyFile: key, CAFile: "/none"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			said := bus.Config{TLS: c.tls}.Check().Error()
			if c.want == "" && said != "" || !strings.HasPrefix(said, c.want) {
				t.Errorf("%q does not begin with %q", said, c.want)
			}
		})
	}
}

// An address may hold a password, which is not said.
func TestConfigCheckKeepsSecrets(t *testing.T) {
	said := bus.Config{URL: "http://user:hunter2@x"}.Check().Error()
	if said == "" || strings.Contains(said, "hunter2") {
		t.Errorf("said: %q", said)
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
	o := options(t, func(o *bus.Options) { o.Config.MaxBytes = 1e9 })
	b := open(t, o)
	(&part{t: t, bus: b, name: "p"}).commit(mention(1, "acme"))
	shut(t, b)
	for _, size := range []int64{100e6, 2e9} {
		o.Config.MaxBytes = size
		b = open(t, o)
		same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 new"})
		shut(t, b)
	}
}
