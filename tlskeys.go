package gonng

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/youmark/pkcs8"
)

// keyPair makes a certificate of PEM texts, which may be the same.
func keyPair(cert, key []byte, password string) (tls.Certificate, error) {
	key, err := openKey(key, password)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, errorf(ErrCrypto, "%w", err)
	}
	return pair, nil
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
			return nil, errorf(ErrCrypto, "the private key is encrypted, and Password is empty")
		}
		opened, err := open(block, password)
		if err != nil {
			return nil, errorf(ErrCrypto, "the private key does not open with Password: %w", err)
		}
		return pem.EncodeToMemory(opened), nil
	}
	return nil, errorf(ErrCrypto, "there is no private key in it; it must be PEM")
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
