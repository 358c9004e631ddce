package keyfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/youmark/pkcs8"
)

const password = "secret"

// identity makes a certificate and its key as PEM, the key also encrypted in
// both ways.
func identity(t testing.TB) (cert []byte, keys map[string][]byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	encrypted, err := pkcs8.MarshalPrivateKey(key, []byte(password), nil)
	check(t, err)
	old, err := x509.MarshalECPrivateKey(key)
	check(t, err)
	//lint:ignore SA1019 it is what is tested
	legacy, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", old, []byte(password), x509.PEMCipherAES128)
	check(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), map[string][]byte{
		"plain":     pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain}),
		"encrypted": pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: encrypted}),
		"legacy":    pem.EncodeToMemory(legacy),
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPair(t *testing.T) {
	cert, keys := identity(t)
	for name, key := range keys {
		_, err := Pair(cert, key, password)
		check(t, err)
		for wrong, says := range map[string]string{"": "is encrypted, and Password is empty", "wrong": "does not open with Password"} {
			_, err := Pair(cert, key, wrong)
			if (err != nil) != (name != "plain") || err != nil && !strings.Contains(err.Error(), says) {
				t.Errorf("%s, password %q: %v", name, wrong, err)
			}
		}
	}
}

// TestCurrent: a file that makes no sense for a while does not lose the
// certificate that was in it before.
func TestCurrent(t *testing.T) {
	first, firstKeys := identity(t)
	second, secondKeys := identity(t)
	path := filepath.Join(t.TempDir(), "x.pem")
	replace := func(texts ...[]byte) {
		t.Helper()
		check(t, os.WriteFile(path+".new", bytes.Join(texts, nil), 0o600))
		check(t, os.Rename(path+".new", path))
	}
	replace(first, firstKeys["encrypted"])
	f, err := Open(path, password)
	check(t, err)
	want := func(cert []byte) {
		t.Helper()
		block, _ := pem.Decode(cert)
		if !bytes.Equal(f.Current().Certificate[0], block.Bytes) {
			t.Error("it is another certificate")
		}
	}
	want(first)
	replace(second, firstKeys["plain"])
	want(first)
	check(t, os.Remove(path))
	want(first)
	replace(second, secondKeys["legacy"])
	want(second)
}

// FuzzPair: no text of a key or certificate makes us panic, and what is accepted
// has both.
func FuzzPair(f *testing.F) {
	cert, keys := identity(f)
	for _, key := range keys {
		f.Add(cert, key, password)
		f.Add(append(bytes.Clone(cert), key...), key[:len(key)/2], "")
	}
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"), []byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"), "x")
	f.Fuzz(func(t *testing.T, cert, key []byte, password string) {
		if costly(key) {
			t.Skip("asks for more work than the test has time for")
		}
		if pair, err := Pair(cert, key, password); err == nil && (len(pair.Certificate) == 0 || pair.PrivateKey == nil) {
			t.Errorf("accepted without certificate or key: %+v", pair)
		}
		pool := x509.NewCertPool()
		if err := AddCA(pool, cert); err == nil && pool.Equal(x509.NewCertPool()) {
			t.Error("AddCA adds nothing and says nothing")
		}
	})
}

// FuzzEncryptedKey: the same for what is in the PEM of an encrypted key.
func FuzzEncryptedKey(f *testing.F) {
	_, keys := identity(f)
	block, _ := pem.Decode(keys["encrypted"])
	f.Add(block.Bytes, password)
	f.Add([]byte{0x30, 0}, "")
	f.Fuzz(func(t *testing.T, der []byte, password string) {
		if heavy(der) {
			t.Skip("asks for more work than the test has time for")
		}
		_, _ = openKey(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}), password)
	})
}

func costly(text []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" && heavy(block.Bytes) {
			return true
		}
	}
	return false
}

// heavy reports whether there is a large number in der, which may say how often
// to hash the password.
func heavy(der []byte) bool {
	for len(der) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			return false
		}
		number := new(big.Int).SetBytes(v.Bytes)
		if v.Tag == asn1.TagInteger && number.Cmp(big.NewInt(1<<14)) > 0 || v.IsCompound && heavy(v.Bytes) {
			return true
		}
		der = rest
	}
	return false
}
