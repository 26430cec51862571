package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
	"go.uber.org/zap/zaptest"

	"earshot/bus"
)

// certificate writes a self-signed certificate for this machine.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "earshot"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// Over TLS, with a password or an nkey, a bus reaches another one's server as it
// would reach a cluster; without the right authority it does not.
func TestTLSAndNkeys(t *testing.T) {
	cert, key := certificate(t)
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "seed")
	if err := os.WriteFile(file, seed, 0o600); err != nil {
		t.Fatal(err)
	}
	server := options(t, func(o *bus.Options) {
		o.Config.TLS = bus.TLS{CertFile: cert, KeyFile: key}
		o.Config.Users = []bus.User{{Name: "auditor", Role: bus.Readonly, Nkey: public}}
	})
	b := open(t, server)
	url := strings.Replace(b.URL(), "nats://", "tls://", 1)
	log := zaptest.NewLogger(t)
	daemon := bus.DaemonLogin(server.Dir)
	daemon.TLS.CAFile = cert
	for name, login := range map[string]bus.Login{"password": daemon, "nkey": {NkeyFile: file, TLS: bus.TLS{CAFile: cert}}} {
		c, err := bus.Dial(url, login, log)
		if err != nil {
			t.Errorf("with %s: %v", name, err)
			continue
		}
		c.Close()
	}
	if c, err := bus.Dial(strings.Replace(url, "tls://", "nats://", 1), bus.DaemonLogin(server.Dir), log); err == nil {
		c.Close()
		t.Error("a password was taken in the clear")
	}
	daemon.TLS.CAFile = ""
	if c, err := bus.Dial(url, daemon, log); err == nil {
		c.Close()
		t.Error("an unknown authority was trusted")
	}
	remote := options(t, func(o *bus.Options) {
		o.Config = bus.Config{URL: url, User: "daemon", PasswordFile: filepath.Join(server.Dir, "credentials", "daemon"), TLS: bus.TLS{CAFile: cert}}
	})
	(&part{t: t, bus: open(t, remote), name: "p"}).commit(mention(1, "acme"))
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 new"})
}
