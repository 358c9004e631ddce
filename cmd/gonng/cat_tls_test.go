package main

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gonng/gonng/gonngtest"
)

// identity is a certificate of localhost, its key, both in one, and the
// authority's certificate, as files.
type identity struct{ cert, key, both, ca string }

func newIdentity(t *testing.T) identity {
	t.Helper()
	ca := gonngtest.NewCA(t)
	c := ca.Issue(t)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return identity{file("cert", c.Cert), file("key", c.Key), file("both", c.Cert+c.Key), file("ca", ca.PEM)}
}

func TestTLSConfig(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	for _, test := range []struct {
		args, err string
		check     func(*tls.Config) bool
	}{
		{"", "", func(c *tls.Config) bool { return !c.InsecureSkipVerify && c.RootCAs == nil && c.Certificates == nil }},
		{"-k", "", func(c *tls.Config) bool { return c.InsecureSkipVerify }},
		{"--cacert " + id.ca, "", func(c *tls.Config) bool { return c.RootCAs != nil && c.ClientAuth == tls.NoClientCert }},
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
			untrusting := s.dial(t, "", words("--req -D q --cacert "+newIdentity(t).ca+" --dial "+url))
			if got := untrusting.end(); got.code != exitError || got.out != "" {
				t.Errorf("a peer that does not trust the listener: %+v", got)
			}
			req := s.dial(t, "", words("--req -Q -D q --cacert "+id.ca+" --dial "+url))
			checkResult(t, "req", req.end(), exitOK, "\"r\"\n")
			checkResult(t, "rep", rep.end(), exitOK, "\"q\"\n")
		})
	}
}
