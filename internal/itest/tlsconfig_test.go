package itest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/youmark/pkcs8"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

func pemFile(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.pem")
	check(t, os.WriteFile(path, []byte(strings.Join(parts, "")), 0o600))
	return path
}

// TestTLSConfigChecks: fields that contradict each other are named.
func TestTLSConfigChecks(t *testing.T) {
	ca := gonngtest.NewCA(t)
	cert, other := ca.Issue(t), ca.Issue(t)
	file := pemFile(t, cert.Cert, cert.Key)
	for _, test := range []struct {
		name   string
		config gonng.TLSConfig
		kind   error // nil: it is right
		words  string
	}{
		{"nothing", gonng.TLSConfig{}, gonng.ErrInvalid, "Mode TLSClient TLSServer"},
		{"mode", gonng.TLSConfig{Mode: 3}, gonng.ErrInvalid, "Mode 3"},
		{"auth mode", gonng.TLSConfig{Mode: gonng.TLSClient, AuthMode: 4}, gonng.ErrInvalid, "AuthMode 4"},
		{"auth mode below", gonng.TLSConfig{Mode: gonng.TLSClient, AuthMode: -1}, gonng.ErrInvalid, "AuthMode -1"},
		{"both CA", gonng.TLSConfig{Mode: gonng.TLSClient, CA: ca.PEM, CAFiles: []string{file}}, gonng.ErrInvalid, "CA CAFiles"},
		{"certificate only", gonng.TLSConfig{Mode: gonng.TLSServer, OwnCert: cert.Cert}, gonng.ErrInvalid, "OwnCert OwnKey"},
		{"key only", gonng.TLSConfig{Mode: gonng.TLSServer, OwnKey: cert.Key}, gonng.ErrInvalid, "OwnKey OwnCert"},
		{"file and strings", gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: file, OwnCert: cert.Cert, OwnKey: cert.Key}, gonng.ErrInvalid, "CertKeyFile OwnCert OwnKey"},
		{"file and key", gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: file, OwnKey: cert.Key}, gonng.ErrInvalid, "CertKeyFile OwnKey"},
		{"password alone", gonng.TLSConfig{Mode: gonng.TLSClient, Password: "secret"}, gonng.ErrInvalid, "Password OwnKey CertKeyFile"},
		{"required by whom", gonng.TLSConfig{Mode: gonng.TLSServer, AuthMode: gonng.AuthRequired}, gonng.ErrInvalid, "AuthRequired CA CAFiles"},
		{"no CA in it", gonng.TLSConfig{Mode: gonng.TLSClient, CA: "hello"}, gonng.ErrCrypto, "CA certificate PEM"},
		{"key for CA", gonng.TLSConfig{Mode: gonng.TLSClient, CA: cert.Key}, gonng.ErrCrypto, "CA certificate PEM"},
		{"broken CA", gonng.TLSConfig{Mode: gonng.TLSClient, CA: ca.PEM + "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"}, gonng.ErrCrypto, "CA x509"},
		{"no CA file", gonng.TLSConfig{Mode: gonng.TLSClient, CAFiles: []string{file, file + "x"}}, gonng.ErrNoEntry, "CAFiles " + file + "x"},
		{"directory for CA file", gonng.TLSConfig{Mode: gonng.TLSClient, CAFiles: []string{os.TempDir()}}, gonng.ErrInvalid, "CAFiles " + os.TempDir()},
		{"directory for file", gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: os.TempDir()}, gonng.ErrInvalid, "CertKeyFile " + os.TempDir()},
		{"empty CA file", gonng.TLSConfig{Mode: gonng.TLSClient, CAFiles: []string{os.DevNull}}, gonng.ErrCrypto, "CAFiles " + os.DevNull},
		{"no file", gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: file + "x"}, gonng.ErrNoEntry, "CertKeyFile " + file + "x"},
		{"file without key", gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: pemFile(t, cert.Cert)}, gonng.ErrCrypto, "CertKeyFile key"},
		{"file without certificate", gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: pemFile(t, cert.Key)}, gonng.ErrCrypto, "CertKeyFile certificate"},
		{"key of another", gonng.TLSConfig{Mode: gonng.TLSServer, OwnCert: cert.Cert, OwnKey: other.Key}, gonng.ErrCrypto, "OwnCert OwnKey match"},
		{"no PEM", gonng.TLSConfig{Mode: gonng.TLSServer, OwnCert: "a", OwnKey: "b"}, gonng.ErrCrypto, "OwnKey PEM"},

		{"client", gonng.TLSConfig{Mode: gonng.TLSClient}, nil, ""},
		{"name of a server", gonng.TLSConfig{Mode: gonng.TLSServer, ServerName: "x"}, nil, ""},
		{"client with all", gonng.TLSConfig{Mode: gonng.TLSClient, ServerName: "x", CA: ca.PEM + other.Cert, OwnCert: cert.Cert, OwnKey: cert.Key, AuthMode: gonng.AuthRequired}, nil, ""},
		{"client with files", gonng.TLSConfig{Mode: gonng.TLSClient, CAFiles: []string{file, pemFile(t, ca.PEM)}, CertKeyFile: file, AuthMode: gonng.AuthNone}, nil, ""},
		{"server", gonng.TLSConfig{Mode: gonng.TLSServer, OwnCert: cert.Cert, OwnKey: cert.Key}, nil, ""},
		{"server with files", gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: file, CAFiles: []string{file}, AuthMode: gonng.AuthRequired}, nil, ""},
		{"password not needed", gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: file, Password: "secret"}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, err := test.config.Build()
			if test.kind == nil {
				check(t, err)
				if config.MinVersion != tls.VersionTLS12 {
					t.Errorf("MinVersion is %x", config.MinVersion)
				}
				return
			}
			want(t, err, test.kind)
			wantText(t, err.Error(), append(strings.Fields(test.words), "gonng: TLSConfig: ")...)
			if strings.Contains(err.Error(), "secret") || config != nil {
				t.Errorf("Build returned %v, %v", config, err)
			}
		})
	}
}

func TestTLSNames(t *testing.T) {
	for value, want := range map[fmt.Stringer]string{
		gonng.TLSClient: "client", gonng.TLSServer: "server", gonng.TLSMode(7): "TLSMode(7)",
		gonng.AuthNone: "none", gonng.AuthOptional: "optional", gonng.AuthRequired: "required", gonng.TLSAuthMode(0): "TLSAuthMode(0)",
	} {
		if got := value.String(); got != want {
			t.Errorf("%T %d is %q, want %q", value, value, got, want)
		}
	}
}

// TestTLSConfigKeys: the ways to write a private key, also encrypted.
func TestTLSConfigKeys(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	const password = "correct horse"

	plain, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	encrypted := func(opts *pkcs8.Opts) []byte {
		der, err := pkcs8.MarshalPrivateKey(key, []byte(password), opts)
		check(t, err)
		return der
	}
	legacy := func(cipher x509.PEMCipher) *pem.Block {
		//lint:ignore SA1019 to make what is read
		block, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), []byte(password), cipher)
		check(t, err)
		return block
	}
	scrypt := &pkcs8.Opts{Cipher: pkcs8.AES256CBC, KDFOpts: pkcs8.ScryptOpts{SaltSize: 8, CostParameter: 1 << 4, BlockSize: 8, ParallelizationParameter: 1}}
	block := func(kind string, der []byte) *pem.Block { return &pem.Block{Type: kind, Bytes: der} }
	build := func(key *pem.Block, password string) error {
		_, err := gonng.TLSConfig{Mode: gonng.TLSServer, OwnCert: cert, OwnKey: string(pem.EncodeToMemory(key)), Password: password}.Build()
		return err
	}
	for name, key := range map[string]*pem.Block{
		"PKCS#1":                   block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
		"PKCS#8":                   block("PRIVATE KEY", plain),
		"PKCS#8 encrypted":         block("ENCRYPTED PRIVATE KEY", encrypted(nil)),
		"PKCS#8 encrypted, scrypt": block("ENCRYPTED PRIVATE KEY", encrypted(scrypt)),
		"RFC 1423, AES":            legacy(x509.PEMCipherAES256),
		"RFC 1423, 3DES":           legacy(x509.PEMCipher3DES),
	} {
		t.Run(name, func(t *testing.T) {
			check(t, build(key, password))
			if !strings.Contains(name, "encrypted") && !strings.Contains(name, "1423") {
				return
			}
			for wrong, says := range map[string]string{"": "is encrypted, and Password is empty", "wrong": "does not open with Password"} {
				err := build(key, wrong)
				want(t, err, gonng.ErrCrypto)
				wantText(t, err.Error(), "OwnKey", says)
			}
			for _, length := range []int{0, 1, len(key.Bytes) / 2, len(key.Bytes) - 1} {
				short := *key
				short.Bytes = key.Bytes[:length]
				want(t, build(&short, password), gonng.ErrCrypto)
			}
			for i := 0; i < min(len(key.Bytes), 200); i += 5 {
				damaged := *key
				damaged.Bytes = bytes.Clone(key.Bytes)
				damaged.Bytes[i] ^= 0x04
				_ = build(&damaged, password) // must not panic; some bytes do not matter
			}
		})
	}
	t.Run("in a file", func(t *testing.T) {
		key := string(pem.EncodeToMemory(legacy(x509.PEMCipherAES128)))
		_, err := gonng.TLSConfig{Mode: gonng.TLSClient, CertKeyFile: pemFile(t, key, cert), Password: password}.Build()
		check(t, err)
	})
}

func build(t testing.TB, c gonng.TLSConfig) *tls.Config {
	t.Helper()
	config, err := c.Build()
	check(t, err)
	return config
}

// TestTLSConfigAuth: who may talk to whom, as in nng.
func TestTLSConfigAuth(t *testing.T) {
	gonngtest.NoLeaks(t)
	ca, other := gonngtest.NewCA(t), gonngtest.NewCA(t)
	cert, foreign := ca.Issue(t), other.Issue(t)
	server := func(auth gonng.TLSAuthMode) gonng.TLSConfig {
		return gonng.TLSConfig{Mode: gonng.TLSServer, OwnCert: cert.Cert, OwnKey: cert.Key, CA: ca.PEM, AuthMode: auth}
	}
	client := func(auth gonng.TLSAuthMode, ca *gonngtest.CA, cert gonngtest.Certificate) gonng.TLSConfig {
		return gonng.TLSConfig{Mode: gonng.TLSClient, OwnCert: cert.Cert, OwnKey: cert.Key, CA: ca.PEM, AuthMode: auth}
	}
	none := gonngtest.Certificate{}
	misnamed := server(0)
	wrong := ca.Issue(t, named("example.org"))
	misnamed.OwnCert, misnamed.OwnKey = wrong.Cert, wrong.Key
	rightName := client(0, ca, none)
	rightName.ServerName = "example.org"
	for _, test := range []struct {
		name           string
		server, client gonng.TLSConfig
		want           error
		seen           int // certificates of the client
	}{
		{"defaults", server(0), client(0, ca, none), nil, 0},
		{"defaults, client of another CA", server(0), client(0, ca, foreign), nil, 0},
		{"default of the client", server(0), client(0, other, none), gonng.ErrPeerAuth, 0},
		{"default of the client, name", misnamed, client(0, ca, none), gonng.ErrPeerAuth, 0},
		{"ServerName", misnamed, rightName, nil, 0},
		{"client required", server(0), client(gonng.AuthRequired, other, none), gonng.ErrPeerAuth, 0},
		{"client optional", server(0), client(gonng.AuthOptional, other, none), nil, 0},
		{"client none", misnamed, client(gonng.AuthNone, other, none), nil, 0},
		{"server required", server(gonng.AuthRequired), client(0, ca, cert), nil, 1},
		{"server required, nothing", server(gonng.AuthRequired), client(0, ca, none), gonng.ErrPeerAuth, 0},
		{"server required, another CA", server(gonng.AuthRequired), client(0, ca, foreign), gonng.ErrPeerAuth, 0},
		{"server optional", server(gonng.AuthOptional), client(0, ca, cert), nil, 1},
		{"server optional, nothing", server(gonng.AuthOptional), client(0, ca, none), nil, 0},
		{"server optional, another CA", server(gonng.AuthOptional), client(0, ca, foreign), nil, 1},
		{"server none", server(gonng.AuthNone), client(0, ca, foreign), nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
			l, err := a.Listen(testContext(t), "tls+tcp://127.0.0.1:0", gonng.WithTLS(build(t, test.server)))
			check(t, err)
			_, err = b.Dial(testContext(t), l.URL(), gonng.WithTLS(build(t, test.client)), gonng.WithDialMode(gonng.DialWait))
			if test.want != nil {
				want(t, err, test.want)
				return
			}
			check(t, err)
			waitPeers(t, a, 1)
			if n := len(a.Pipes()[0].TLS().PeerCertificates); n != test.seen {
				t.Errorf("the server sees %d certificates, want %d", n, test.seen)
			}
		})
	}
}

// TestTLSConfigReload: new connections use the certificate that is in the file
// now, of a listener that goes on, and those that there are stay.
func TestTLSConfigReload(t *testing.T) {
	gonngtest.NoLeaks(t)
	logged := newRecorder()
	logged.asDefault(t)

	ca := gonngtest.NewCA(t)
	serverFile, clientFile := pemFile(t), pemFile(t)
	replace := func(path string, name string) {
		t.Helper()
		cert := ca.Issue(t, named(name))
		check(t, os.WriteFile(path+".new", []byte(cert.Cert+cert.Key), 0o600))
		check(t, os.Rename(path+".new", path))
	}
	replace(serverFile, "first")
	replace(clientFile, "client-1")
	server := build(t, gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: serverFile, CA: ca.PEM, AuthMode: gonng.AuthRequired})
	pull := open(t, gonng.NewPull0)
	clients := make(chan string, 10)
	pull.OnPipe(gonng.PipeConnecting, func(p *gonng.Pipe) { clients <- p.TLS().PeerCertificates[0].DNSNames[0] })
	l, err := pull.Listen(testContext(t), "tls+tcp://127.0.0.1:0", gonng.WithTLS(server))
	check(t, err)
	config := gonng.TLSConfig{Mode: gonng.TLSClient, ServerName: "first", CertKeyFile: clientFile, CA: ca.PEM}
	client := build(t, config)
	connect := func(name, as string) {
		t.Helper()
		config := client.Clone()
		config.ServerName = name
		push := open(t, gonng.NewPush0)
		_, err := push.Dial(testContext(t), l.URL(), gonng.WithTLS(config), gonng.WithDialMode(gonng.DialWait))
		check(t, err)
		if got := wait(t, "connection", clients); got != as {
			t.Errorf("the client is %q, want %q", got, as)
		}
	}
	connect("first", "client-1")
	replace(serverFile, "second")
	connect("second", "client-1")
	replace(clientFile, "client-2")
	connect("second", "client-2")

	check(t, os.WriteFile(serverFile, []byte("half a"), 0o600))
	connect("second", "client-2")
	connect("second", "client-2")
	check(t, os.Remove(serverFile))
	connect("second", "client-2")
	if lines, _ := logged.matching("changed certificate", serverFile); len(lines) != 1 {
		t.Errorf("logged %q, want one line", lines)
	}
	replace(serverFile, "third")
	connect("third", "client-2")
	waitPeers(t, pull, 7)
}
