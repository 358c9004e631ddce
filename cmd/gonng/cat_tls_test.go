package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// identity is a self-signed certificate of localhost and its key, as files:
// each of its own, and both in one.
type identity struct{ cert, key, both string }

func newIdentity(t *testing.T) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return identity{file("cert", certPEM), file("key", keyPEM), file("both", append(certPEM, keyPEM...))}
}

func TestTLSConfig(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	for _, test := range []struct {
		args, err string
		check     func(*tls.Config) bool
	}{
		{"", "", func(c *tls.Config) bool { return !c.InsecureSkipVerify && c.RootCAs == nil && c.Certificates == nil }},
		{"-k", "", func(c *tls.Config) bool { return c.InsecureSkipVerify }},
		{"--cacert " + id.cert, "", func(c *tls.Config) bool { return c.RootCAs != nil && c.ClientAuth == tls.NoClientCert }},
		{"--cert " + id.both, "", func(c *tls.Config) bool { return len(c.Certificates) == 1 }},
		{"-E" + id.cert + " --key " + id.key, "", func(c *tls.Config) bool { return len(c.Certificates) == 1 }},
		{"--key " + id.key, "", func(c *tls.Config) bool { return c.Certificates == nil }},
		{"--cert " + id.cert, "--cert and --key", nil},
		{"--cert " + id.cert + " --key " + other.key, "--cert and --key", nil},
		{"--cacert " + id.key, "--cacert: there is no certificate", nil},
	} {
		t.Run(test.args, func(t *testing.T) {
			c, _, err := parseCat(words(test.args), nil)
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := c.tlsConfig()
			switch {
			case test.err == "" && (err != nil || !test.check(cfg)):
				t.Errorf("got %+v, %v", cfg, err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("got %v, want an error with %q", err, test.err)
			}
		})
	}
}

func TestTLSListenerNeedsCertificate(t *testing.T) {
	got := gonngRun(t, "", words("cat --pull --listen tls+tcp://127.0.0.1:0")...)
	if got.code != exitError || !strings.Contains(got.err, "--cert") {
		t.Errorf("got %+v", got)
	}
}

func TestTLSConversations(t *testing.T) {
	id := newIdentity(t)
	for _, s := range allSides {
		t.Run(s.name, func(t *testing.T) {
			rep := s.listen(t, "", words("--rep -v -Q -D r --count 1 --listen tls+tcp://127.0.0.1:0 --cert "+id.both))
			url := strings.Replace(rep.url(t), "127.0.0.1", "localhost", 1)
			untrusting := s.dial(t, "", words("--req -D q --cacert "+newIdentity(t).cert+" --dial "+url))
			if got := untrusting.end(); got.code != exitError || got.out != "" {
				t.Errorf("a peer that does not trust the listener: %+v", got)
			}
			req := s.dial(t, "", words("--req -Q -D q --cacert "+id.cert+" --dial "+url))
			checkResult(t, "req", req.end(), exitOK, "\"r\"\n")
			checkResult(t, "rep", rep.end(), exitOK, "\"q\"\n")
		})
	}
}
