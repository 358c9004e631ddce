// Package keyfile reads certificates and private keys, encrypted ones too, and
// reads them again when their file changes. They are PEM.
package keyfile

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/youmark/pkcs8"
)

// AddCA adds all certificates in the PEM text to pool, which itself would skip bad
// ones.
func AddCA(pool *x509.CertPool, text []byte) error {
	found := false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		pool.AddCert(cert)
		found = true
	}
	if !found {
		return errors.New("there is no certificate in it; it must be PEM")
	}
	return nil
}

// Pair makes a certificate of PEM texts, which may be the same. The password opens
// the private key, if that is encrypted.
func Pair(cert, key []byte, password string) (tls.Certificate, error) {
	key, err := openKey(key, password)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}

// openKey decrypts the private key in text, if it is encrypted.
func openKey(text []byte, password string) ([]byte, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		open := openPKCS8
		if block.Headers["DEK-Info"] != "" {
			open = openRFC1423
		} else if block.Type != "ENCRYPTED PRIVATE KEY" {
			return text, nil
		}
		if password == "" {
			return nil, errors.New("the private key is encrypted, and Password is empty")
		}
		opened, err := open(block, password)
		if err != nil {
			return nil, fmt.Errorf("the private key does not open with Password: %w", err)
		}
		return pem.EncodeToMemory(opened), nil
	}
	return nil, errors.New("there is no private key in it; it must be PEM")
}

// openPKCS8 is for what openssl writes today. The package panics where the
// length is none that its cipher can have.
func openPKCS8(block *pem.Block, password string) (opened *pem.Block, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it is damaged: %v", p)
		}
	}()
	key, _, err := pkcs8.ParsePrivateKey(block.Bytes, []byte(password))
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return &pem.Block{Type: "PRIVATE KEY", Bytes: der}, err
}

// openRFC1423 is for what openssl wrote before: BEGIN RSA PRIVATE KEY, with
// DEK-Info.
func openRFC1423(block *pem.Block, password string) (*pem.Block, error) {
	//lint:ignore SA1019 weak, and in use: nng reads such keys, and whoever has one has the file to attack it anyway
	der, err := x509.DecryptPEMBlock(block, []byte(password))
	return &pem.Block{Type: block.Type, Bytes: der}, err
}
