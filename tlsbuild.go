package gonng

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func (c *TLSConfig) setCA(config *tls.Config) error {
	if c.CA == "" && len(c.CAFiles) == 0 {
		return nil
	}
	pool := x509.NewCertPool()
	if c.CA != "" {
		if err := addCA(pool, "CA", []byte(c.CA)); err != nil {
			return err
		}
	}
	for _, path := range c.CAFiles {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("CAFiles: %w", err)
		}
		if err := addCA(pool, "CAFiles: "+path, text); err != nil {
			return err
		}
	}
	config.RootCAs, config.ClientCAs = pool, pool
	return nil
}

// addCA adds all certificates in text; the pool itself would skip bad ones.
func addCA(pool *x509.CertPool, from string, text []byte) error {
	found := false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return errorf(ErrCrypto, "%s: %w", from, err)
		}
		pool.AddCert(cert)
		found = true
	}
	if !found {
		return errorf(ErrCrypto, "%s: there is no certificate in it; it must be PEM", from)
	}
	return nil
}

func (c *TLSConfig) setAuth(config *tls.Config) {
	switch {
	case c.Mode == TLSClient:
		config.InsecureSkipVerify = c.AuthMode == AuthNone || c.AuthMode == AuthOptional
	case c.AuthMode == AuthOptional:
		config.ClientAuth = tls.RequestClientCert
	case c.AuthMode == AuthRequired:
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
}

func (c *TLSConfig) setOwn(config *tls.Config) error {
	var current func() *tls.Certificate
	switch {
	case c.CertKeyFile != "":
		file := &certFile{path: c.CertKeyFile, password: c.Password}
		if err := file.load(); err != nil {
			return fmt.Errorf("CertKeyFile: %w", err)
		}
		current = file.current
	case c.OwnCert != "":
		cert, err := keyPair([]byte(c.OwnCert), []byte(c.OwnKey), c.Password)
		if err != nil {
			return fmt.Errorf("OwnCert and OwnKey: %w", err)
		}
		config.Certificates = []tls.Certificate{cert}
		current = func() *tls.Certificate { return &cert }
	default:
		return nil
	}
	if c.Mode == TLSServer {
		if c.CertKeyFile != "" {
			config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current(), nil }
		}
		return nil
	}
	// Also to a server that does not name the CA: crypto/tls by itself would send
	// none then, and the server complain that there was none.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return current(), nil }
	return nil
}
